#include "usage.hpp"

namespace netherd::ip::usage {

const std::string_view ip =
    "Usage: netherd ip [ OPTIONS ] OBJECT { COMMAND | help }\n"
    "       netherd ip [ -force ] -batch FILE\n"
    "OBJECT  := { address | link | monitor | neighbour | netns | nexthop | route | rule | tuntap }\n"
    "OPTIONS := { -n[etns] NAME | -b[atch] FILE|- | -force | -j[son] | -p[retty] | -d[etails] | -s[tatistics] |\n"
    "             -o[neline] | -br[ief] | -4 | -6 | -0 | -f[amily] { inet | inet6 | link } | -t[imestamp] | -ts[hort] "
    "|\n"
    "             -N[umeric] | -a[ll] | -c[olor] | -V[ersion] }\n"
    "Example: netherd ip -n red address add 10.0.0.1/24 dev veth0";

const std::string_view link =
    "Usage: netherd ip link add [ link DEV ] [ name ] NAME [ SETTING ]... type TYPE [ ARGS ]\n"
    "       netherd ip link set { DEVICE | dev DEVICE | group GROUP } [ SETTING ]... [ type TYPE ARGS ]\n"
    "       netherd ip link delete { DEVICE | dev DEVICE | group GROUP } [ type TYPE ]\n"
    "       netherd ip link show [ DEVICE | group GROUP ] [ up ] [ master DEV | nomaster ] [ vrf NAME ] [ type TYPE ]\n"
    "       netherd ip link property { add | del } dev DEVICE [ altname NAME ]...\n"
    "SETTING := { up | down | name NAME | address LLADDR | broadcast LLADDR | mtu MTU | txqueuelen PACKETS | index IDX "
    "|\n"
    "             group GROUP | netns { NAME | PID } | master DEV | nomaster | vrf NAME | alias TEXT | arp on|off |\n"
    "             promisc on|off | multicast on|off | allmulticast on|off | dynamic on|off | carrier on|off |\n"
    "             protodown on|off | addrgenmode MODE | numtxqueues N | numrxqueues N | link-netnsid ID |\n"
    "             gso_max_size BYTES | gso_max_segs PACKETS | gro_max_size BYTES | vf NUMBER FUNCTION }\n"
    "FUNCTION := { mac LLADDR | vlan ID [ qos N ] [ proto PROTOCOL ] | rate MBPS | max_tx_rate MBPS | min_tx_rate MBPS "
    "|\n"
    "              spoofchk on|off | query_rss on|off | trust on|off | state auto|enable|disable | node_guid GUID |\n"
    "              port_guid GUID }...\n"
    "TYPE    := { bareudp | bond | bond_slave | bridge | bridge_slave | can | dummy | erspan | geneve | gre | gretap "
    "|\n"
    "             gtp | hsr | ifb | ip6erspan | ip6gre | ip6gretap | ip6tnl | ipip | ipvlan | ipvtap | macsec |\n"
    "             macvlan | macvtap | netkit | nlmon | sit | vcan | veth | vlan | vrf | vti | vti6 | vxcan | vxlan |\n"
    "             wireguard | xfrm }\n"
    "       netherd ip link help TYPE: the words of a type";

const std::string_view address =
    "Usage: netherd ip address { add | change | replace } IFADDR dev DEVICE [ LIFETIME ] [ FLAG ]...\n"
    "       netherd ip address delete IFADDR dev DEVICE\n"
    "       netherd ip address { show | flush } [ dev DEVICE ] [ scope SCOPE ] [ to PREFIX ] [ label PATTERN ] [ up ]\n"
    "                          [ master DEV ] [ type TYPE ] [ vrf NAME ] [ [-]STATE ]...\n"
    "IFADDR   := PREFIX [ peer PREFIX ] [ broadcast ADDR|+|- ] [ anycast ADDR ] [ label LABEL ] [ scope SCOPE ] [ "
    "metric N ]\n"
    "LIFETIME := [ valid_lft { forever | SECONDS } ] [ preferred_lft { forever | SECONDS } ]\n"
    "FLAG     := { home | nodad | optimistic | mngtmpaddr | noprefixroute | autojoin }";

const std::string_view route =
    "Usage: netherd ip route { show | flush } [ root|match|exact PREFIX ] [ table T ] [ proto P ] [ type TYPE ] [ "
    "scope S ]\n"
    "                        [ dev DEV ] [ via ADDR ] [ src ADDR ] [ metric N ]\n"
    "       netherd ip route get ADDRESS [ from ADDRESS iif DEV ] [ oif DEV ] [ vrf NAME ] [ mark N ] [ tos TOS ]\n"
    "                        [ uid N ] [ ipproto P ] [ sport N ] [ dport N ] [ as ADDRESS ] [ notify ] [ fibmatch ]\n"
    "                        [ connected ]\n"
    "       netherd ip route { add | append | prepend | change | replace | delete } [ TYPE ] PREFIX [ INFO ]...\n"
    "INFO := { via [ inet|inet6 ] ADDR | dev DEV | src ADDR | table T | metric N | proto P | scope S | tos TOS | "
    "onlink |\n"
    "          nhid ID | mtu [lock] N | advmss N | window N | ... | pref PREF | expires S | realms R |\n"
    "          nexthop [ via ADDR ] [ dev DEV ] [ weight N ] [ onlink ] ... }\n"
    "TYPE := { unicast | local | broadcast | multicast | throw | unreachable | prohibit | blackhole | nat }";

const std::string_view rule =
    "Usage: netherd ip rule { add | delete } SELECTOR... ACTION\n"
    "       netherd ip rule { show | flush } [ SELECTOR ]... [ table T ] [ protocol P ]\n"
    "SELECTOR := { not | from PREFIX | to PREFIX | tos TOS | fwmark MARK[/MASK] | iif DEV | oif DEV | pref N | l3mdev "
    "|\n"
    "              uidrange N-N | ipproto P | sport N[-N] | dport N[-N] | tun_id N }\n"
    "ACTION   := { table T [ suppress_prefixlength N ] [ suppress_ifgroup G ] | goto N | nop | blackhole | unreachable "
    "|\n"
    "              prohibit } [ protocol P ] [ realms R ]";

const std::string_view neighbour =
    "Usage: netherd ip neighbour { add | change | replace | delete } { ADDR [ lladdr LLADDR ] [ nud STATE ] | proxy "
    "ADDR }\n"
    "                            dev DEV [ router ] [ use ] [ managed ] [ extern_learn ] [ protocol P ]\n"
    "       netherd ip neighbour { show | flush } [ proxy ] [ to PREFIX ] [ dev DEV ] [ nud STATE ]\n"
    "                            [ master DEV | nomaster | vrf NAME ] [ unused ] [ protocol P ]\n"
    "       netherd ip neighbour get { ADDR dev DEV | proxy ADDR [ dev DEV ] }\n"
    "STATE := { delay | failed | incomplete | noarp | none | permanent | probe | reachable | stale | all }";

const std::string_view nexthop =
    "Usage: netherd ip nexthop { show | flush } [ id ID ] [ dev DEV ] [ master DEV ] [ groups ] [ fdb ] [ protocol P "
    "]\n"
    "       netherd ip nexthop { add | replace } id ID NH [ protocol P ]\n"
    "       netherd ip nexthop { get | delete } id ID\n"
    "NH := { blackhole | [ via ADDR ] [ dev DEV ] [ onlink ] [ fdb ] |\n"
    "        group ID[,WEIGHT]/... [ fdb ] [ type { mpath | resilient } ] [ buckets N ] [ idle_timer S ]\n"
    "        [ unbalanced_timer S ] }";

const std::string_view tuntap =
    "Usage: netherd ip tuntap { add | delete } [ dev ] NAME mode { tun | tap } [ user USER ] [ group GROUP ]\n"
    "                         [ one_queue ] [ pi ] [ vnet_hdr ] [ multi_queue ]\n"
    "       netherd ip tuntap show";

const std::string_view netns =
    "Usage: netherd ip netns list\n"
    "       netherd ip netns add NAME\n"
    "       netherd ip netns attach NAME PID\n"
    "       netherd ip netns set NAME { auto | ID }\n"
    "       netherd ip [ -all ] netns delete [ NAME ]\n"
    "       netherd ip netns identify [ PID ]\n"
    "       netherd ip netns pids NAME\n"
    "       netherd ip [ -all ] netns exec [ NAME ] COMMAND...\n"
    "       netherd ip netns monitor\n"
    "       netherd ip netns list-id [ nsid ID ]";

const std::string_view monitor =
    "Usage: netherd ip [ -timestamp | -tshort ] monitor [ all | OBJECT... ] [ label ] [ dev DEVICE ]\n"
    "OBJECT := { address | link | neigh | nexthop | nsid | route | rule }";

}  // namespace netherd::ip::usage
