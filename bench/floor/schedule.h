/* The plan's messages in the order in which they are sent, cut into sends. */
#ifndef FLOOR_SCHEDULE_H
#define FLOOR_SCHEDULE_H

#include "options.h"
#include "plan.h"

/* What is sent together. Links are keyed by step, everything else by node. */
enum unit {
	UNIT_LOOPBACK,
	UNIT_LINK,
	UNIT_CONFIGURE,
	UNIT_FINISH,
	UNIT_LATE6, /* IPv6 of a node where it starts late */
	UNIT_ROUTE4,
	UNIT_ROUTE6,
	UNIT_COUNT
};

/* One send: messages that lie behind each other. */
struct batch {
	size_t offset;
	uint32_t length;
	uint32_t first; /* request */
	uint32_t count;
};

struct batch_range {
	uint32_t first;
	uint32_t count;
};

struct schedule {
	const struct plan *plan;
	unsigned char *bytes;
	struct request *requests; /* in sending order; the sequence number is the index + 1 */
	struct batch *batches;
	size_t batch_count;
	size_t batch_capacity;
	struct batch_range *ranges[UNIT_COUNT]; /* by step or node */
	uint32_t group;
	uint32_t senders;
	uint32_t step_count;	  /* the last step is what joins the ranges of different senders */
	uint32_t *sender_start;	  /* first step of each sender; one entry more than senders */
	uint32_t *complete_start; /* by step: where in complete_nodes the nodes begin that are complete after it */
	uint32_t *complete_nodes;
};

void schedule_make(struct schedule *schedule, const struct plan *plan, const struct options *options);

#endif
