#include "plan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Link i joins nodes i and i + 1; the last one closes the ring. Every node numbers its links as they come: eth1, eth2.
 */
/* Above those of the devices that tunnel modules put into each new namespace. */
enum { FIRST_DEVICE = 64, SECOND_DEVICE = 65 };

static struct address ring_address(uint32_t link, uint32_t end)
{
	struct address address = {.family = AF_INET, .prefix_length = 30};
	uint32_t bits = htonl(0x0a000000u + 4 * link + 1 + end);
	memcpy(address.bytes, &bits, sizeof bits);
	return address;
}

static struct link_end ring_end(uint32_t node, bool first)
{
	return (struct link_end){.node = node,
				 .name = first ? "eth1" : "eth2",
				 .index = first ? FIRST_DEVICE : SECOND_DEVICE,
				 .single_queue = true};
}

static void add_link(struct plan *plan, uint32_t link, uint32_t node_count, bool main_up)
{
	uint32_t other = (link + 1) % node_count;
	struct link_end near = ring_end(link, link == 0);
	struct link_end far = ring_end(other, other != 0);
	struct address near_address = ring_address(link, 0);
	struct address far_address = ring_address(link, 1);
	near.up = main_up;
	plan_add_veth(plan, 0, &near, &far);
	plan_add_address(plan, 0, link, near.index, &near_address, false, false);
	plan_add_address(plan, 0, other, far.index, &far_address, false, false);
	if (!main_up)
		plan_add_up(plan, 0, link, near.index, 0);
	plan_add_up(plan, 0, other, far.index, 0);
}

static void add_default_route(struct plan *plan, uint32_t node)
{
	struct address any = {.family = AF_INET};
	struct address gateway = node == 0 ? ring_address(0, 1) : ring_address(node - 1, 0);
	plan_add_route(plan, 0, node, FIRST_DEVICE, &any, &gateway);
}

void ring_fill(struct plan *plan, uint32_t node_count, bool main_up)
{
	plan->source = "ring";
	for (uint32_t node = 0; node < node_count; node++) {
		char name[16];
		snprintf(name, sizeof name, "n%u", node);
		plan_add_node(plan, name);
		plan_add_up(plan, 0, node, 1, 0);
	}
	for (uint32_t link = 0; link < node_count; link++)
		add_link(plan, link, node_count, main_up);
	for (uint32_t node = 0; node < node_count; node++)
		add_default_route(plan, node);
}
