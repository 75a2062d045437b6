"""Compares the kernel with the plan: a wrong result is no result.

Names, addresses, routes, "up" and which interface is connected with which are compared. Indexes, MAC addresses and
queue counts are not: not every peer can choose them, and no user of such a lab would notice.
"""
import os

from .kernel_state import Namespace
from .process import Failed

# Later runs of the same case look at as many nodes only: reading a lab takes as long as building it.
SAMPLE = 100
# Interfaces of a node whose other ends are looked at; a hub has thousands, whose nodes look at the hub.
PEERS = 8


def expected_interfaces(work):
    """{node: {interface: (peer's node, peer's interface)}}"""
    expected = {name: {} for name in work.nodes}
    for main, peer in work.links:
        expected[main.node][main.interface] = (peer.node, peer.interface)
        expected[peer.node][peer.interface] = (main.node, main.interface)
    return expected


def choose(names, most):
    """At most so many of the names, evenly spread; the first one (the hub of a star) is among them."""
    names = list(names)
    step = max(1, -(-len(names) // most))
    return names[::step]


def differences(node, expected, links, addresses, routes):
    """What differs in one node, in words."""
    for interface in ("lo", *expected):
        if interface not in links:
            yield f"{interface} is not there"
        elif not links[interface][1]:
            yield f"{interface} is down"
    extra = set(links) - set(expected) - {"lo"}
    if extra:
        yield f"{sorted(extra)[0]} is too much"
    name_of = {values[0]: name for name, values in links.items()}
    for what, wanted, found in (
            ("address", set(node.addresses), {(name_of.get(index), text) for index, text in addresses}),
            ("route", {(r.destination, r.gateway, r.interface) for r in node.routes},
             {(to, by, name_of.get(index)) for to, by, index in routes})):
        for entry in sorted(map(str, wanted - found)):
            yield f"{what} {entry} is missing"
        for entry in sorted(map(str, found - wanted)):
            yield f"{what} {entry} is too much"


class Checker:
    def __init__(self, work, path_of):
        self.work, self.path_of = work, path_of
        self.expected = expected_interfaces(work)
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def check(self, most):
        """Raises Failed with the first difference of the nodes that are looked at."""
        try:
            for name in choose(self.work.nodes, most):
                difference = self._check_node(name)
                if difference:
                    raise Failed(f"wrong result: {name}: {difference}")
        finally:
            os.close(self.home)

    def _open(self, name):
        try:
            return Namespace(self.path_of(name), self.home)
        except OSError as error:
            raise Failed(f"wrong result: {name}: its namespace cannot be opened: {error.strerror}") from error

    def _check_node(self, name):
        namespace = self._open(name)
        try:
            links = namespace.links()
            found = differences(self.work.nodes[name], self.expected[name], links, namespace.addresses(),
                                namespace.routes())
            return next(iter(found), None) or self._check_peer(name, namespace, links)
        finally:
            namespace.close()

    def _check_peer(self, name, namespace, links):
        """What the first interfaces are connected with."""
        for interface, (peer_node, peer_interface) in list(self.expected[name].items())[:PEERS]:
            peer = self._open(peer_node)
            try:
                _, _, peer_index, peer_namespace = links[interface]
                there = peer.links().get(peer_interface)
                if there is None or there[0] != peer_index or namespace.id_of(peer) != peer_namespace:
                    return f"{interface} does not lead to {peer_interface} of {peer_node}"
            finally:
                peer.close()
        return None

