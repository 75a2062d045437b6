"""Reads interfaces, addresses and routes of namespaces from the kernel, with nothing of netherd's in between.

Talks rtnetlink by itself: `ip` would take three processes, and 20 ms, per namespace.
"""
import ctypes
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNSID = 18, 22, 26, 90
IFF_UP = 1
MAIN_TABLE, PROTOCOL_KERNEL, TYPE_UNICAST = 254, 2, 1

_libc = ctypes.CDLL(None, use_errno=True)


def enter(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def attributes(data, start):
    """{type: bytes}; nested ones are left as they are."""
    found = {}
    while start + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, start)
        if length < 4:
            break
        found[kind & 0x3fff] = data[start + 4:start + length]
        start += (length + 3) & ~3
    return found


def messages(data):
    """(type, payload) of each message of a datagram."""
    start = 0
    while start + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, start)
        if length < 16:
            break
        yield kind, data[start + 16:start + length]
        start += (length + 3) & ~3


class Namespace:
    """A netlink socket inside a namespace. Close it: it keeps the namespace alive."""

    def __init__(self, path, home):
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter(self.descriptor)
            try:
                self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            finally:
                enter(home)
        except OSError:
            os.close(self.descriptor)
            raise
        self.socket.settimeout(10)

    def close(self):
        self.socket.close()
        os.close(self.descriptor)

    def _ask(self, kind, flags, payload):
        self.socket.send(struct.pack("=IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) + payload)
        while True:
            for answer, body in messages(self.socket.recv(1 << 16)):
                if answer == NLMSG_DONE:
                    return
                if answer == NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("=i", body)[0], "rtnetlink")
                yield body
                if not flags & NLM_F_DUMP:
                    return

    def links(self):
        """{name: (index, is up, index of the peer, namespace id of the peer)}"""
        found = {}
        for body in self._ask(RTM_GETLINK, NLM_F_DUMP, bytes(16)):
            index, flags = struct.unpack_from("=iI", body, 4)
            values = attributes(body, 16)
            peer = struct.unpack("=i", values[5])[0] if 5 in values else 0
            peer_namespace = struct.unpack("=i", values[37])[0] if 37 in values else -1
            found[values[3].rstrip(b"\0").decode()] = (index, bool(flags & IFF_UP), peer, peer_namespace)
        return found

    def addresses(self):
        """{(index, "10.0.0.1/30")}, without those that the kernel gives itself."""
        found = set()
        for body in self._ask(RTM_GETADDR, NLM_F_DUMP, bytes(8)):
            family, length, _, scope, index = struct.unpack_from("=BBBBI", body)
            values = attributes(body, 8)
            if scope == 0:  # global
                found.add((index, f"{socket.inet_ntop(family, values.get(2, values.get(1)))}/{length}"))
        return found

    def routes(self):
        """{(destination, gateway, index)} of the main tables, without those that the kernel adds itself."""
        found = set()
        for body in self._ask(RTM_GETROUTE, NLM_F_DUMP, bytes(12)):
            family, length, _, _, table, protocol, _, kind = struct.unpack_from("=8B", body)
            if table != MAIN_TABLE or protocol == PROTOCOL_KERNEL or kind != TYPE_UNICAST:
                continue
            values = attributes(body, 12)
            destination = f"{socket.inet_ntop(family, values[1])}/{length}" if 1 in values else "default"
            gateway = socket.inet_ntop(family, values[5]) if 5 in values else ""
            found.add((destination, gateway, struct.unpack("=i", values[4])[0]))
        return found

    def id_of(self, other):
        """The id by which this namespace knows another one; -1 if it knows it not."""
        attribute = struct.pack("=HHI", 8, 3, other.descriptor)
        for body in self._ask(RTM_GETNSID, 0, bytes(4) + attribute):
            return struct.unpack("=i", attributes(body, 4)[1])[0]
        return -1
