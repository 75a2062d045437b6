/* Builds a lab with libnl-route: one socket for all links, then one per namespace, opened when it was made. */
#include <fcntl.h>
#include <linux/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { NAME = 256, DEVICE = 16, TEXT = 64 };

struct device {
	char name[DEVICE];
	int index;
};

struct address {
	char device[DEVICE];
	char text[TEXT];
};

struct route {
	char destination[TEXT];
	char gateway[TEXT];
	char device[DEVICE];
};

struct node {
	char name[NAME];
	int namespace;
	struct nl_sock *socket;
	struct device *devices;
	struct address *addresses;
	struct route *routes;
	size_t device_count, address_count, route_count;
};

struct link {
	size_t main, peer; /* nodes */
	struct device main_device, peer_device;
};

static struct node *nodes;
static struct link *links;
static size_t node_count, link_count;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "libnl-lab: %s: %s\n", what, why);
	exit(1);
}

static void check(int error, const char *what)
{
	if (error < 0)
		die(what, nl_geterror(error));
}

static void check_errno(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

/* Room for one more element; the array grows to powers of two. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	void *larger = realloc(array, (count ? 2 * count : 1) * size);
	if (!larger)
		die("memory", "there is none");
	return larger;
}

/* ---- reading ---- */

static int compare_nodes(const void *name, const void *node)
{
	return strcmp(name, ((const struct node *)node)->name);
}

static int order_nodes(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->name, ((const struct node *)b)->name);
}

static struct node *find_node(const char *name)
{
	struct node *node = bsearch(name, nodes, node_count, sizeof *nodes, compare_nodes);
	if (!node)
		die(name, "no such node");
	return node;
}

static void add_device(struct node *node, const struct device *device)
{
	node->devices = grow(node->devices, node->device_count, sizeof *device);
	node->devices[node->device_count++] = *device;
}

static int device_index(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->device_count; i++)
		if (strcmp(node->devices[i].name, name) == 0)
			return node->devices[i].index;
	die(name, "no such device");
	return 0;
}

static void read_link(const char *line)
{
	struct link link;
	char main[NAME], peer[NAME];
	if (sscanf(line, "link %255s %15s %d %255s %15s %d", main, link.main_device.name, &link.main_device.index, peer,
		   link.peer_device.name, &link.peer_device.index) != 6)
		die(line, "bad link");
	link.main = (size_t)(find_node(main) - nodes);
	link.peer = (size_t)(find_node(peer) - nodes);
	add_device(&nodes[link.main], &link.main_device);
	add_device(&nodes[link.peer], &link.peer_device);
	links = grow(links, link_count, sizeof *links);
	links[link_count++] = link;
}

static void read_line(const char *line)
{
	char name[NAME];
	struct address address;
	struct route route;
	if (sscanf(line, "node %255s", name) == 1) {
		nodes = grow(nodes, node_count, sizeof *nodes);
		nodes[node_count] = (struct node){.namespace = -1};
		memcpy(nodes[node_count++].name, name, sizeof name);
	} else if (strncmp(line, "link ", 5) == 0) {
		/* The nodes come first in the file; they can be searched when the first link comes. */
		if (!link_count)
			qsort(nodes, node_count, sizeof *nodes, order_nodes);
		read_link(line);
	} else if (sscanf(line, "address %255s %15s %63s", name, address.device, address.text) == 3) {
		struct node *node = find_node(name);
		node->addresses = grow(node->addresses, node->address_count, sizeof address);
		node->addresses[node->address_count++] = address;
	} else if (sscanf(line, "route %255s %63s %63s %15s", name, route.destination, route.gateway, route.device) ==
		   4) {
		struct node *node = find_node(name);
		node->routes = grow(node->routes, node->route_count, sizeof route);
		node->routes[node->route_count++] = route;
	}
}

static void read_work(const char *directory)
{
	char path[4096], line[1024];
	snprintf(path, sizeof path, "%s/work", directory);
	FILE *file = fopen(path, "r");
	if (!file)
		die(path, "cannot be opened");
	while (fgets(line, sizeof line, file))
		read_line(line);
	fclose(file);
}

/* ---- building ---- */

static struct nl_sock *open_socket(void)
{
	struct nl_sock *socket = nl_socket_alloc();
	check(nl_connect(socket, NETLINK_ROUTE), "socket");
	return socket;
}

static void make_namespace(struct node *node)
{
	char path[NAME + 16];
	check_errno(unshare(CLONE_NEWNET), "unshare");
	snprintf(path, sizeof path, "/run/netns/%s", node->name);
	int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	check_errno(file, path);
	close(file);
	check_errno(mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL), path);
	node->namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	check_errno(node->namespace, "namespace");
	node->socket = open_socket();
}

static void fill_end(struct rtnl_link *end, const struct device *device, const struct node *node)
{
	rtnl_link_set_name(end, device->name);
	rtnl_link_set_ifindex(end, device->index);
	rtnl_link_set_num_tx_queues(end, 1);
	rtnl_link_set_num_rx_queues(end, 1);
	rtnl_link_set_ns_fd(end, node->namespace);
}

static void make_link(struct nl_sock *socket, const struct link *link)
{
	struct rtnl_link *main = rtnl_link_veth_alloc();
	struct rtnl_link *peer = rtnl_link_veth_get_peer(main);
	fill_end(main, &link->main_device, &nodes[link->main]);
	fill_end(peer, &link->peer_device, &nodes[link->peer]);
	check(rtnl_link_add(socket, main, NLM_F_CREATE | NLM_F_EXCL), "link");
	rtnl_link_put(peer);
	rtnl_link_put(main);
}

static void set_up(const struct node *node, int index)
{
	struct rtnl_link *which = rtnl_link_alloc(), *change = rtnl_link_alloc();
	rtnl_link_set_ifindex(which, index);
	rtnl_link_set_flags(change, IFF_UP);
	check(rtnl_link_change(node->socket, which, change, 0), "up");
	rtnl_link_put(change);
	rtnl_link_put(which);
}

static void add_address(const struct node *node, const struct address *address)
{
	struct nl_addr *local;
	struct rtnl_addr *request = rtnl_addr_alloc();
	check(nl_addr_parse(address->text, AF_UNSPEC, &local), address->text);
	rtnl_addr_set_ifindex(request, device_index(node, address->device));
	check(rtnl_addr_set_local(request, local), address->text);
	check(rtnl_addr_add(node->socket, request, NLM_F_CREATE | NLM_F_EXCL), address->text);
	rtnl_addr_put(request);
	nl_addr_put(local);
}

static void add_route(const struct node *node, const struct route *route)
{
	struct nl_addr *destination, *gateway;
	struct rtnl_route *request = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	check(nl_addr_parse(route->gateway, AF_UNSPEC, &gateway), route->gateway);
	check(nl_addr_parse(route->destination, nl_addr_get_family(gateway), &destination), route->destination);
	rtnl_route_set_family(request, (uint8_t)nl_addr_get_family(gateway));
	check(rtnl_route_set_dst(request, destination), "destination");
	rtnl_route_nh_set_ifindex(hop, device_index(node, route->device));
	rtnl_route_nh_set_gateway(hop, gateway);
	rtnl_route_add_nexthop(request, hop);
	check(rtnl_route_add(node->socket, request, NLM_F_CREATE | NLM_F_EXCL), "route");
	rtnl_route_put(request);
	nl_addr_put(gateway);
	nl_addr_put(destination);
}

static void configure(const struct node *node)
{
	set_up(node, 1);
	for (size_t i = 0; i < node->device_count; i++)
		set_up(node, node->devices[i].index);
	for (size_t i = 0; i < node->address_count; i++)
		add_address(node, &node->addresses[i]);
	for (size_t i = 0; i < node->route_count; i++)
		add_route(node, &node->routes[i]);
}

static void up(void)
{
	struct nl_sock *socket = open_socket();
	for (size_t i = 0; i < node_count; i++)
		make_namespace(&nodes[i]);
	for (size_t i = 0; i < link_count; i++)
		make_link(socket, &links[i]);
	for (size_t i = 0; i < node_count; i++)
		configure(&nodes[i]);
}

static void down(void)
{
	char path[NAME + 16];
	for (size_t i = 0; i < node_count; i++) {
		snprintf(path, sizeof path, "/run/netns/%s", nodes[i].name);
		check_errno(umount2(path, MNT_DETACH), path);
		check_errno(unlink(path), path);
	}
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	check_errno(getrlimit(RLIMIT_NOFILE, &limit), "limit");
	limit.rlim_cur = limit.rlim_max;
	check_errno(setrlimit(RLIMIT_NOFILE, &limit), "limit");
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int count, char **arguments)
{
	if (count != 3 || (strcmp(arguments[2], "up") != 0 && strcmp(arguments[2], "down") != 0)) {
		fputs("usage: libnl-lab FILES up|down\n", stderr);
		return 2;
	}
	raise_descriptor_limit();
	read_work(arguments[1]);
	double start = now();
	if (strcmp(arguments[2], "up") == 0)
		up();
	else
		down();
	printf("{\"seconds\": %.6f}\n", now() - start);
	return 0;
}
