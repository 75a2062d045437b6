#!/bin/sh
# The classic guide to network namespaces. It works alike with `ip`, and with `netherd ip` in its place.
set -e
ip netns add red
ip netns add blue
ip netns list
ip netns exec red ip link
ip netns exec red ip link set lo up
ip netns exec blue ip link set dev lo up
ip link add veth-red type veth peer name veth-blue
ip link set veth-red netns red
ip link set veth-blue netns blue
ip -n red addr add 192.168.15.1/24 dev veth-red
ip -n blue addr add 192.168.15.2/24 dev veth-blue
ip -n red addr add 2001:db8:15::1/64 dev veth-red nodad
ip -n blue addr add 2001:db8:15::2/64 dev veth-blue nodad
ip -n red link set veth-red up
ip -n blue link set veth-blue up
sleep 3
ip netns exec red ip link show
ip -n red addr
ip netns exec red ip route
ip -n blue -6 route
ip -n blue -brief address
ip netns exec red ping -c 1 -q 192.168.15.2 | grep packets | sed 's/, time.*//'
ip netns exec blue ping -c 1 -q 192.168.15.1 | grep packets | sed 's/, time.*//'
ip -n red neigh show 192.168.15.2 | cut -d ' ' -f 1-3
ip -n red link del veth-red
ip -n blue link
ip netns delete red
ip netns del blue
ip netns
