#include "plan.h"

#include "support.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint16_t create_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;

/* ---- names ---- */

static size_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return (size_t)(hash ^ (hash >> 32));
}

static uint32_t *name_place(const struct plan *plan, const char *name)
{
	size_t mask = plan->name_table_size - 1;
	size_t place = hash_name(name) & mask;
	while (plan->name_table[place] && strcmp(plan->nodes[plan->name_table[place] - 1].name, name) != 0)
		place = (place + 1) & mask;
	return &plan->name_table[place];
}

static void grow_name_table(struct plan *plan)
{
	if (plan->node_count * 2 < plan->name_table_size)
		return;
	free(plan->name_table);
	plan->name_table_size = plan->name_table_size ? plan->name_table_size * 2 : 256;
	plan->name_table = allocate_zeroed(plan->name_table_size, sizeof *plan->name_table);
	for (uint32_t i = 0; i < plan->node_count; i++)
		*name_place(plan, plan->nodes[i].name) = i + 1;
}

uint32_t plan_find_node(const struct plan *plan, const char *name)
{
	if (!plan->name_table_size)
		return NODE_NONE;
	uint32_t found = *name_place(plan, name);
	return found ? found - 1 : NODE_NONE;
}

uint32_t plan_add_node(struct plan *plan, const char *name)
{
	grow_name_table(plan);
	uint32_t *place = name_place(plan, name);
	if (*place)
		return NODE_NONE;
	plan->nodes = grow_array(plan->nodes, plan->node_count, &plan->node_capacity, sizeof *plan->nodes);
	plan->nodes[plan->node_count] = (struct node){.name = copy_text(name)};
	*place = (uint32_t)++plan->node_count;
	return *place - 1;
}

uint32_t node_find_device(const struct node *node, const char *name)
{
	if (strcmp(name, "lo") == 0)
		return 1;
	for (size_t i = node->device_count; i-- > 0;)
		if (strcmp(node->devices[i].name, name) == 0)
			return node->devices[i].index;
	return 0;
}

static void remember_device(struct plan *plan, const struct link_end *end)
{
	struct node *node = &plan->nodes[end->node];
	node->devices = grow_array(node->devices, node->device_count, &node->device_capacity, sizeof *node->devices);
	struct device *device = &node->devices[node->device_count++];
	snprintf(device->name, sizeof device->name, "%s", end->name);
	device->index = end->index;
}

/* ---- requests ---- */

static struct request *request_begin(struct plan *plan, uint32_t line, uint32_t node, enum stage stage)
{
	plan->requests =
		grow_array(plan->requests, plan->request_count, &plan->request_capacity, sizeof *plan->requests);
	struct request *request = &plan->requests[plan->request_count++];
	*request = (struct request){.line = line, .node = node, .stage = (uint8_t)stage};
	plan->stage_counts[stage]++;
	return request;
}

static void request_end(struct plan *plan, struct request *request, size_t message)
{
	message_end(&plan->bytes, message);
	request->offset = message;
	request->length = (uint32_t)(plan->bytes.length - message);
}

static void put_namespace(struct plan *plan, struct request *request, size_t message, uint32_t node)
{
	size_t place = attribute_u32(&plan->bytes, IFLA_NET_NS_FD, 0);
	request->slots[request->slot_count++] =
		(struct descriptor_slot){.offset = (uint32_t)(place - message), .node = node};
}

static struct ifinfomsg link_header(const struct link_end *end)
{
	struct ifinfomsg header = {.ifi_index = (int)end->index};
	if (end->up)
		header.ifi_flags = header.ifi_change = IFF_UP;
	return header;
}

static void put_link_end(struct plan *plan, struct request *request, size_t message, const struct link_end *end)
{
	struct buffer *bytes = &plan->bytes;
	attribute_text(bytes, IFLA_IFNAME, end->name);
	if (end->mtu)
		attribute_u32(bytes, IFLA_MTU, end->mtu);
	if (end->has_mac)
		attribute(bytes, IFLA_ADDRESS, end->mac, sizeof end->mac);
	if (end->has_queue_length)
		attribute_u32(bytes, IFLA_TXQLEN, end->queue_length);
	if (end->single_queue) {
		attribute_u32(bytes, IFLA_NUM_TX_QUEUES, 1);
		attribute_u32(bytes, IFLA_NUM_RX_QUEUES, 1);
	}
	if (end->master)
		attribute_u32(bytes, IFLA_MASTER, end->master);
	put_namespace(plan, request, message, end->node);
}

void plan_add_bridge(struct plan *plan, uint32_t line, const struct link_end *bridge)
{
	struct buffer *bytes = &plan->bytes;
	struct ifinfomsg header = link_header(bridge);
	struct request *request = request_begin(plan, line, bridge->node, STAGE_BRIDGE);
	size_t message = message_begin(bytes, RTM_NEWLINK, create_flags, &header, sizeof header);
	put_link_end(plan, request, message, bridge);
	size_t info = nest_begin(bytes, IFLA_LINKINFO);
	attribute_text(bytes, IFLA_INFO_KIND, "bridge");
	nest_end(bytes, info);
	request_end(plan, request, message);
	remember_device(plan, bridge);
}

void plan_add_veth(struct plan *plan, uint32_t line, const struct link_end *main_end, const struct link_end *peer)
{
	struct buffer *bytes = &plan->bytes;
	struct ifinfomsg main_header = link_header(main_end);
	struct ifinfomsg peer_header = link_header(peer);
	struct request *request = request_begin(plan, line, main_end->node, STAGE_LINK);
	size_t message = message_begin(bytes, RTM_NEWLINK, create_flags, &main_header, sizeof main_header);
	put_link_end(plan, request, message, main_end);
	size_t info = nest_begin(bytes, IFLA_LINKINFO);
	attribute_text(bytes, IFLA_INFO_KIND, "veth");
	size_t data = nest_begin(bytes, IFLA_INFO_DATA);
	size_t nest = nest_begin_with_header(bytes, VETH_INFO_PEER, &peer_header, sizeof peer_header);
	put_link_end(plan, request, message, peer);
	nest_end(bytes, nest);
	nest_end(bytes, data);
	nest_end(bytes, info);
	request_end(plan, request, message);
	remember_device(plan, main_end);
	remember_device(plan, peer);
}

void plan_add_up(struct plan *plan, uint32_t line, uint32_t node, uint32_t device, uint32_t master)
{
	struct ifinfomsg header = {.ifi_index = (int)device, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct request *request = request_begin(plan, line, node, STAGE_UP);
	size_t message = message_begin(&plan->bytes, RTM_SETLINK, NLM_F_REQUEST, &header, sizeof header);
	if (master)
		attribute_u32(&plan->bytes, IFLA_MASTER, master);
	request_end(plan, request, message);
}

/* The kernel takes IPv4 forwarding in the same request as IFF_UP, so it is added to the request before, if that is it.
 */
void plan_add_forwarding(struct plan *plan, uint32_t line, uint32_t node, uint32_t device)
{
	static const size_t index_offset = NLMSG_HDRLEN + 4;
	struct buffer *bytes = &plan->bytes;
	struct request *last = plan->request_count ? &plan->requests[plan->request_count - 1] : NULL;
	uint32_t last_device = 0;
	if (last)
		memcpy(&last_device, bytes->data + last->offset + index_offset, sizeof last_device);
	if (!last || last->stage != STAGE_UP || last->node != node || last_device != device) {
		struct ifinfomsg header = {.ifi_index = (int)device};
		last = request_begin(plan, line, node, STAGE_UP);
		last->offset = message_begin(bytes, RTM_SETLINK, NLM_F_REQUEST, &header, sizeof header);
	}
	size_t families = nest_begin(bytes, IFLA_AF_SPEC);
	size_t family = nest_begin(bytes, AF_INET);
	size_t settings = nest_begin(bytes, IFLA_INET_CONF);
	attribute_u32(bytes, IPV4_DEVCONF_FORWARDING, 1);
	nest_end(bytes, settings);
	nest_end(bytes, family);
	nest_end(bytes, families);
	request_end(plan, last, last->offset);
}

static size_t address_size(const struct address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

static uint32_t broadcast_of(const struct address *address)
{
	uint32_t bits;
	memcpy(&bits, address->bytes, sizeof bits);
	uint32_t host = address->prefix_length ? UINT32_MAX >> address->prefix_length : UINT32_MAX;
	return bits | htonl(address->prefix_length >= 32 ? 0 : host);
}

void plan_add_address(struct plan *plan, uint32_t line, uint32_t node, uint32_t device, const struct address *address,
		      bool broadcast, bool no_dad)
{
	struct ifaddrmsg header = {.ifa_family = address->family,
				   .ifa_prefixlen = address->prefix_length,
				   .ifa_flags = no_dad ? IFA_F_NODAD : 0,
				   .ifa_index = device};
	struct request *request = request_begin(plan, line, node, STAGE_ADDRESS);
	size_t message = message_begin(&plan->bytes, RTM_NEWADDR, create_flags, &header, sizeof header);
	attribute(&plan->bytes, IFA_LOCAL, address->bytes, address_size(address));
	attribute(&plan->bytes, IFA_ADDRESS, address->bytes, address_size(address));
	if (broadcast && address->family == AF_INET)
		attribute_u32(&plan->bytes, IFA_BROADCAST, broadcast_of(address));
	request_end(plan, request, message);
}

void plan_add_route(struct plan *plan, uint32_t line, uint32_t node, uint32_t device, const struct address *prefix,
		    const struct address *gateway)
{
	struct rtmsg header = {.rtm_family = gateway->family,
			       .rtm_dst_len = prefix->prefix_length,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = RTPROT_BOOT,
			       .rtm_scope = RT_SCOPE_UNIVERSE,
			       .rtm_type = RTN_UNICAST};
	enum stage stage = gateway->family == AF_INET ? STAGE_ROUTE4 : STAGE_ROUTE6;
	struct request *request = request_begin(plan, line, node, stage);
	size_t message = message_begin(&plan->bytes, RTM_NEWROUTE, create_flags, &header, sizeof header);
	if (prefix->prefix_length)
		attribute(&plan->bytes, RTA_DST, prefix->bytes, address_size(gateway));
	attribute(&plan->bytes, RTA_GATEWAY, gateway->bytes, address_size(gateway));
	attribute_u32(&plan->bytes, RTA_OIF, device);
	request_end(plan, request, message);
}

void plan_describe(const struct plan *plan, const struct request *request, char *text, size_t size)
{
	static const char *const names[STAGE_COUNT] = {"bridge", "link", "address", "up", "route", "route"};
	if (request->line && plan->lines)
		snprintf(text, size, "%s:%u: %s", plan->source, request->line, plan->lines[request->line - 1]);
	else
		snprintf(text, size, "%s of node %s", names[request->stage], plan->nodes[request->node].name);
}
