from harness import profile

SCRIPT = """\
netherd
\tffffffff81000010 strlen
\tffffffff81000020 register_netdevice.isra.0+0x12
\tffffffff81000030 rtnl_newlink
\t    7f0000001000 main

cc1plus
\t    55d000002000 parse

swapper
\tffffffff81000040 pv_native_safe_halt
\tffffffff81000050 do_idle

netherd
\t    55d000001000 netherd::engine::encode

:-1
\tffffffff81000060 memset
\tffffffff81000070 cleanup_net
\tffffffff81000071 kthread

:-1
\tffffffff81000060 memset
\tffffffff81000072 do_syscall_64

netherd
\tffffffff81000080 mutex_spin_on_owner
\tffffffff81000090 register_netdevice
"""


def test_samples_are_grouped_by_the_most_particular_function():
    summary = profile.summarise(profile.parse_script(SCRIPT))
    assert summary["samples"] == 4  # idle processors and other people's programs do not count
    assert dict(summary["groups"]) == {"device: creation and registration": 0.25, "user space": 0.25,
                                       "namespace: destruction": 0.25, "waiting for RTNL and other locks": 0.25}
    assert dict(summary["functions"]) == {"strlen": 0.25, "memset": 0.25, "mutex_spin_on_owner": 0.25}


def test_no_samples_give_no_shares():
    assert profile.summarise([]) == {"samples": 0, "groups": [], "functions": []}
