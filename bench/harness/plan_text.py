"""Reads what `netherd plan` prints: the `ip` commands that build a lab, and what they come to.

Peers build the same lab from it, and the state that they leave behind is compared with it.
"""
import dataclasses


class UnknownCommand(ValueError):
    """A command that the peers do not know (bridges, forwarding): they cannot take part in this workload."""


@dataclasses.dataclass(frozen=True)
class End:
    node: str
    interface: str
    index: int


@dataclasses.dataclass(frozen=True)
class Route:
    destination: str
    gateway: str
    interface: str


@dataclasses.dataclass
class Node:
    addresses: list  # (interface, "10.0.0.1/30")
    routes: list


@dataclasses.dataclass
class Work:
    nodes: dict   # name -> Node, in the order of creation
    links: list   # (main End, peer End)
    requests: int  # netlink requests, as netherd counts them


def _value_after(words, key):
    return words[words.index(key) + 1]


def _link_ends(words):
    """ip link add NAME netns NS index I ... type veth peer name NAME2 netns NS2 index I2 ..."""
    try:
        split = words.index("peer")
        main, peer = words[:split], words[split:]
        return (End(_value_after(main, "netns"), words[3], int(_value_after(main, "index"))),
                End(_value_after(peer, "netns"), _value_after(peer, "name"), int(_value_after(peer, "index"))))
    except (ValueError, IndexError):
        raise UnknownCommand(" ".join(words)) from None


def _apply_in_node(node, words):
    """What follows `ip -n NODE`."""
    if words[:2] == ["link", "set"] and words[-1] == "up" and "master" not in words:
        return
    if words[:2] == ["address", "add"]:
        node.addresses.append((_value_after(words, "dev"), words[2]))
        return
    words = [word for word in words if word != "-6"]
    if words[:2] == ["route", "add"]:
        node.routes.append(Route(words[2], _value_after(words, "via"), _value_after(words, "dev")))
        return
    raise UnknownCommand(" ".join(words))


def _ipv6_setting(words):
    """NODE and "1" or "0" of `ip netns exec NODE sysctl -qw net.ipv6.conf.all.disable_ipv6=1`; None of anything else.

    netherd keeps IPv6 off in a node of many links until they are up. That is its way, not part of the work: in the end
    the node has what it would have had without.
    """
    if words[:3] != ["ip", "netns", "exec"] or words[4:6] != ["sysctl", "-qw"] or len(words) != 7:
        return None
    key, _, value = words[6].partition("=")
    return (words[3], value) if key == "net.ipv6.conf.all.disable_ipv6" else None


def parse(text):
    """The whole work of a plan. All links are up in the end: a plan that leaves one down is not one of netherd's."""
    work = Work({}, [], 0)
    without_ipv6 = {}
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[:3] == ["ip", "netns", "add"]:
            work.nodes[words[3]] = Node([], [])
        elif words[:3] == ["ip", "link", "add"]:
            work.links.append(_link_ends(words))
            work.requests += 1
        elif words[:2] == ["ip", "-n"] and words[2] in work.nodes:
            _apply_in_node(work.nodes[words[2]], words[3:])
            work.requests += 1
        elif setting := _ipv6_setting(words):
            without_ipv6[setting[0]] = line if setting[1] == "1" else None
        else:
            raise UnknownCommand(line)
    for line in filter(None, without_ipv6.values()):
        raise UnknownCommand(line)
    return work


def write_work(work):
    """For peers that are programs: one line per object, in an order in which they can be made."""
    lines = [f"node {name}" for name in work.nodes]
    lines += [f"link {main.node} {main.interface} {main.index} {peer.node} {peer.interface} {peer.index}"
              for main, peer in work.links]
    for name, node in work.nodes.items():
        lines += [f"address {name} {interface} {address}" for interface, address in node.addresses]
        lines += [f"route {name} {route.destination} {route.gateway} {route.interface}" for route in node.routes]
    return "\n".join(lines) + "\n"


def split_for_batches(text):
    """For `ip -batch`: the lines that create namespaces and links, and per namespace those that configure it."""
    create, inside = [], {}
    for line in text.splitlines():
        words = line.split(maxsplit=3)
        if words[:2] == ["ip", "-n"]:
            inside.setdefault(words[2], []).append(words[3])
        elif words[:3] == ["ip", "netns", "add"]:
            create.append(line.removeprefix("ip "))
            inside.setdefault(words[3], [])
        elif not _ipv6_setting(line.split()):
            create.append(line.removeprefix("ip "))
    # All namespaces first: `ip link add` opens them by name.
    create.sort(key=lambda line: not line.startswith("netns"))
    return create, inside
