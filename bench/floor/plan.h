/* What is to be built: nodes, and the requests in the order in which they were asked for. */
#ifndef FLOOR_PLAN_H
#define FLOOR_PLAN_H

#include "message.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum stage { STAGE_BRIDGE, STAGE_LINK, STAGE_ADDRESS, STAGE_UP, STAGE_ROUTE4, STAGE_ROUTE6, STAGE_COUNT };

struct device {
	char name[IFNAMSIZ];
	uint32_t index;
};

struct node {
	char *name;
	struct device *devices; /* what the plan names in this node; lo is always known */
	size_t device_count;
	size_t device_capacity;
	bool forward4;
	bool forward6;
	bool no_ipv6;	/* from the beginning */
	bool late_ipv6; /* until its links are up */
};

/* A place in a message where the descriptor of a node's namespace is written just before it is sent. */
struct descriptor_slot {
	uint32_t offset;
	uint32_t node;
};

struct request {
	size_t offset; /* in plan.bytes */
	uint32_t length;
	uint32_t line; /* of the input; 0 for the built-in ring */
	uint32_t node; /* the node in whose namespace it is executed; for links the main end */
	uint8_t stage;
	uint8_t slot_count;
	struct descriptor_slot slots[2];
};

struct plan {
	struct buffer bytes;
	struct request *requests;
	size_t request_count;
	size_t request_capacity;
	struct node *nodes;
	size_t node_count;
	size_t node_capacity;
	uint32_t *name_table; /* open addressing; node + 1, 0 is empty */
	size_t name_table_size;
	const char *source; /* file name for messages */
	char **lines;	    /* text of the input, by line - 1; NULL for the ring */
	size_t line_count;
	size_t stage_counts[STAGE_COUNT];
};

/* One end of a link; 0, NULL and false leave the kernel's own choice. */
struct link_end {
	uint32_t node;
	const char *name;
	uint32_t index;
	uint32_t mtu;
	uint32_t queue_length;
	uint32_t master;
	bool has_queue_length;
	bool single_queue;
	bool up;
	bool has_mac;
	unsigned char mac[6];
};

struct address {
	unsigned char bytes[16];
	uint8_t family;
	uint8_t prefix_length;
};

#define NODE_NONE UINT32_MAX

uint32_t plan_add_node(struct plan *plan, const char *name); /* NODE_NONE if the name is taken */
uint32_t plan_find_node(const struct plan *plan, const char *name);
uint32_t node_find_device(const struct node *node, const char *name); /* 0 if unknown */

void plan_add_bridge(struct plan *plan, uint32_t line, const struct link_end *bridge);
void plan_add_veth(struct plan *plan, uint32_t line, const struct link_end *main_end, const struct link_end *peer);
void plan_add_up(struct plan *plan, uint32_t line, uint32_t node, uint32_t device, uint32_t master);
void plan_add_forwarding(struct plan *plan, uint32_t line, uint32_t node, uint32_t device);
void plan_add_address(struct plan *plan, uint32_t line, uint32_t node, uint32_t device, const struct address *address,
		      bool broadcast, bool no_dad);
void plan_add_route(struct plan *plan, uint32_t line, uint32_t node, uint32_t device, const struct address *prefix,
		    const struct address *gateway);

/* A request in words, for messages. */
void plan_describe(const struct plan *plan, const struct request *request, char *text, size_t size);

/* The built-in ring. `main_up`: the main end goes up with its creation, not by a request of its own. */
void ring_fill(struct plan *plan, uint32_t node_count, bool main_up);

/* The text that `netherd plan` prints. Ends the process with status 2 at a line that it does not know. */
void parse_file(struct plan *plan, const char *path);

#endif
