import pytest

from harness import plan_text

PLAN = """\
ip netns add ring-n1
ip netns add ring-n2
ip link add eth1 netns ring-n2 index 3 numtxqueues 1 numrxqueues 1 up type veth peer name eth7 netns ring-n1 index 2 numtxqueues 1 numrxqueues 1
ip -n ring-n1 link set lo up
ip -n ring-n1 address add 10.0.0.1/30 dev eth7
ip -n ring-n1 link set eth7 up
ip -n ring-n1 route add default via 10.0.0.2 dev eth7
ip netns add ring-n3
ip -n ring-n2 -6 route add fd00::/64 via fd01::1 dev eth1
"""


def test_parse_finds_every_object():
    work = plan_text.parse(PLAN)
    assert list(work.nodes) == ["ring-n1", "ring-n2", "ring-n3"]
    assert work.links == [(plan_text.End("ring-n2", "eth1", 3), plan_text.End("ring-n1", "eth7", 2))]
    assert work.nodes["ring-n1"].addresses == [("eth7", "10.0.0.1/30")]
    assert work.nodes["ring-n1"].routes == [plan_text.Route("default", "10.0.0.2", "eth7")]
    assert work.nodes["ring-n2"].routes == [plan_text.Route("fd00::/64", "fd01::1", "eth1")]
    assert work.requests == 6


@pytest.mark.parametrize("line", [
    "ip netns exec ring-n1 sysctl -qw net.ipv6.conf.all.forwarding=1",
    "ip netns exec ring-n1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
    "ip -n ring-n1 link add br0 index 2 type bridge",
    "ip -n ring-n1 link set eth1 master br0 up",
    "ip -n nobody link set lo up",
    "ip link add eth1 netns ring-n1 type veth peer name",
    "rm -r /",
])
def test_what_peers_do_not_know_is_refused_with_the_line(line):
    with pytest.raises(plan_text.UnknownCommand) as refused:
        plan_text.parse("ip netns add ring-n1\n" + line)
    assert line.split()[-1] in str(refused.value)


def test_ipv6_that_starts_late_is_no_work_of_the_peers():
    switch = "ip netns exec ring-n1 sysctl -qw net.ipv6.conf.all.disable_ipv6="
    late = PLAN.replace("ip netns add ring-n1\n", f"ip netns add ring-n1\n{switch}1\n") + f"{switch}0\n"
    assert plan_text.parse(late) == plan_text.parse(PLAN)
    assert plan_text.split_for_batches(late) == plan_text.split_for_batches(PLAN)


def test_work_for_programs_names_objects_before_they_are_used():
    lines = plan_text.write_work(plan_text.parse(PLAN)).splitlines()
    assert lines[:4] == ["node ring-n1", "node ring-n2", "node ring-n3", "link ring-n2 eth1 3 ring-n1 eth7 2"]
    assert "address ring-n1 eth7 10.0.0.1/30" in lines
    assert "route ring-n1 default 10.0.0.2 eth7" in lines


def test_batches_create_all_namespaces_before_links():
    create, inside = plan_text.split_for_batches(PLAN)
    assert create[:3] == ["netns add ring-n1", "netns add ring-n2", "netns add ring-n3"]
    assert create[3].startswith("link add eth1 netns ring-n2")
    assert inside["ring-n1"][0] == "link set lo up"
    assert inside["ring-n3"] == []
