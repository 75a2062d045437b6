// Builds a lab with github.com/vishvananda/netlink and netns: one handle for all links, then one per namespace.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

type end struct {
	node, name string
	index      int
}

type route struct{ destination, gateway, device string }

type address struct{ device, text string }

type work struct {
	nodes     []string
	links     [][2]end
	addresses map[string][]address
	routes    map[string][]route
	devices   map[string]map[string]int
}

func check(err error, what ...string) {
	if err != nil {
		log.Fatalf("%s: %v", strings.Join(what, " "), err)
	}
}

func (w *work) add(line string) {
	f := strings.Fields(line)
	switch f[0] {
	case "node":
		w.nodes = append(w.nodes, f[1])
		w.devices[f[1]] = map[string]int{}
	case "link":
		var main, peer end
		_, err := fmt.Sscan(strings.Join(f[1:], " "), &main.node, &main.name, &main.index, &peer.node, &peer.name,
			&peer.index)
		check(err, line)
		w.links = append(w.links, [2]end{main, peer})
		w.devices[main.node][main.name] = main.index
		w.devices[peer.node][peer.name] = peer.index
	case "address":
		w.addresses[f[1]] = append(w.addresses[f[1]], address{f[2], f[3]})
	case "route":
		w.routes[f[1]] = append(w.routes[f[1]], route{f[2], f[3], f[4]})
	}
}

func read(path string) *work {
	w := &work{addresses: map[string][]address{}, routes: map[string][]route{}, devices: map[string]map[string]int{}}
	file, err := os.Open(path)
	check(err, "open")
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		w.add(lines.Text())
	}
	check(lines.Err(), "read")
	return w
}

func addLink(handle *netlink.Handle, spaces map[string]netns.NsHandle, ends [2]end) {
	main, peer := ends[0], ends[1]
	attributes := netlink.NewLinkAttrs()
	attributes.Name = main.name
	attributes.Index = main.index
	attributes.NumTxQueues = 1
	attributes.Namespace = netlink.NsFd(spaces[main.node])
	veth := &netlink.Veth{LinkAttrs: attributes, PeerName: peer.name, PeerNamespace: netlink.NsFd(spaces[peer.node])}
	check(handle.LinkAdd(veth), "link", main.node, main.name)
}

// The library cannot choose the index of a veth's peer: it is asked for.
func configure(w *work, node string, space netns.NsHandle) {
	handle, err := netlink.NewHandleAt(space)
	check(err, "socket", node)
	defer handle.Delete()
	links, err := handle.LinkList()
	check(err, "links", node)
	byName := map[string]netlink.Link{}
	for _, link := range links {
		byName[link.Attrs().Name] = link
		check(handle.LinkSetUp(link), "up", node)
	}
	for _, a := range w.addresses[node] {
		parsed, err := netlink.ParseAddr(a.text)
		check(err, a.text)
		parsed.Broadcast = net.IPv4zero
		check(handle.AddrAdd(byName[a.device], parsed), "address", a.text)
	}
	for _, r := range w.routes[node] {
		var destination *net.IPNet
		if r.destination != "default" {
			_, destination, err = net.ParseCIDR(r.destination)
			check(err, r.destination)
		}
		check(handle.RouteAdd(&netlink.Route{LinkIndex: byName[r.device].Attrs().Index, Dst: destination,
			Gw: net.ParseIP(r.gateway)}), "route", node)
	}
}

func up(w *work) {
	home, err := netns.Get()
	check(err, "namespace")
	spaces := map[string]netns.NsHandle{}
	for _, node := range w.nodes {
		spaces[node], err = netns.NewNamed(node)
		check(err, "namespace", node)
	}
	check(netns.Set(home), "setns")
	handle, err := netlink.NewHandle()
	check(err, "socket")
	for _, ends := range w.links {
		addLink(handle, spaces, ends)
	}
	for _, node := range w.nodes {
		configure(w, node, spaces[node])
	}
}

func down(w *work) {
	for _, node := range w.nodes {
		check(netns.DeleteNamed(node), "delete", node)
	}
}

func main() {
	log.SetFlags(0)
	runtime.LockOSThread() // namespaces belong to threads
	if len(os.Args) != 3 || (os.Args[2] != "up" && os.Args[2] != "down") {
		log.Fatal("usage: go-lab FILES up|down")
	}
	w := read(os.Args[1] + "/work")
	start := time.Now()
	if os.Args[2] == "up" {
		up(w)
	} else {
		down(w)
	}
	fmt.Printf("{\"seconds\": %.6f}\n", time.Since(start).Seconds())
}
