#include "schedule.h"

#include "support.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <string.h>

enum { RANK_COUNT = 4 };

static uint32_t sender_of_step(const struct schedule *schedule, uint32_t step)
{
	uint32_t sender = 0;
	while (step >= schedule->sender_start[sender + 1])
		sender++;
	return sender;
}

/* The step after which both ends' namespaces exist; the last step if different senders make them. */
static uint32_t step_of_link(const struct schedule *schedule, const struct request *request)
{
	uint32_t latest = 0, sender = UINT32_MAX;
	for (uint32_t i = 0; i < request->slot_count; i++) {
		uint32_t step = request->slots[i].node / schedule->group;
		uint32_t its_sender = sender_of_step(schedule, step);
		if (sender != UINT32_MAX && sender != its_sender)
			return schedule->step_count - 1;
		sender = its_sender;
		latest = step > latest ? step : latest;
	}
	return latest;
}

static bool is_link(const struct request *request)
{
	return request->stage == STAGE_BRIDGE || request->stage == STAGE_LINK;
}

static bool is_loopback_up(const struct plan *plan, const struct request *request)
{
	static const size_t index_offset = NLMSG_HDRLEN + 4;
	uint32_t index;
	memcpy(&index, plan->bytes.data + request->offset + index_offset, sizeof index);
	return index == 1;
}

static bool is_ipv6(const struct plan *plan, const struct request *request)
{
	/* ifaddrmsg and rtmsg begin with the family. */
	return (request->stage == STAGE_ADDRESS || request->stage == STAGE_ROUTE6) &&
	       plan->bytes.data[request->offset + NLMSG_HDRLEN] == AF_INET6;
}

static enum unit unit_of(const struct plan *plan, const struct request *request, const struct options *options)
{
	enum unit last = options->configure == CONFIGURE_UP_LATE ? UNIT_FINISH : UNIT_CONFIGURE;
	if (plan->nodes[request->node].late_ipv6 && is_ipv6(plan, request) &&
	    !(options->routes_apart && request->stage == STAGE_ROUTE6))
		return UNIT_LATE6;
	switch (request->stage) {
	case STAGE_BRIDGE:
	case STAGE_LINK:
		return UNIT_LINK;
	case STAGE_ROUTE4:
		return options->routes_apart ? UNIT_ROUTE4 : last;
	case STAGE_ROUTE6:
		return options->routes_apart ? UNIT_ROUTE6 : last;
	case STAGE_UP:
		if (is_loopback_up(plan, request))
			return options->loopback_early ? UNIT_LOOPBACK : UNIT_CONFIGURE;
		return last;
	default:
		return UNIT_CONFIGURE;
	}
}

/* Order within one key of a unit. */
static uint32_t rank_of(const struct request *request, const struct options *options)
{
	switch (request->stage) {
	case STAGE_BRIDGE:
		return 0;
	case STAGE_LINK:
		return 1;
	case STAGE_ADDRESS:
		return options->up_first ? 1 : 0;
	case STAGE_UP:
		return options->up_first ? 0 : 1;
	case STAGE_ROUTE4:
		return 2;
	default:
		return 3;
	}
}

static void divide_among_senders(struct schedule *schedule, const struct plan *plan, const struct options *options)
{
	uint32_t groups = (uint32_t)((plan->node_count + options->group - 1) / options->group);
	schedule->group = options->group;
	schedule->senders = options->senders;
	schedule->step_count = groups + 1;
	schedule->sender_start = allocate_zeroed(options->senders + 1, sizeof *schedule->sender_start);
	for (uint32_t i = 0; i <= options->senders; i++)
		schedule->sender_start[i] = (uint32_t)((uint64_t)groups * i / options->senders);
}

/* Which nodes have all their links after which step. */
static void find_completions(struct schedule *schedule, const struct plan *plan)
{
	uint32_t *complete = allocate_zeroed(plan->node_count, sizeof *complete);
	for (uint32_t node = 0; node < plan->node_count; node++)
		complete[node] = node / schedule->group;
	for (size_t i = 0; i < plan->request_count; i++) {
		const struct request *request = &plan->requests[i];
		if (!is_link(request))
			continue;
		uint32_t step = step_of_link(schedule, request);
		for (uint32_t end = 0; end < request->slot_count; end++) {
			uint32_t *node_step = &complete[request->slots[end].node];
			*node_step = step > *node_step ? step : *node_step;
		}
	}
	schedule->complete_start = allocate_zeroed(schedule->step_count + 2, sizeof *schedule->complete_start);
	schedule->complete_nodes = allocate_zeroed(plan->node_count, sizeof *schedule->complete_nodes);
	uint32_t *start = schedule->complete_start + 1; /* shifted, so that filling leaves the starts in place */
	for (uint32_t node = 0; node < plan->node_count; node++)
		start[complete[node] + 1]++;
	for (uint32_t step = 0; step < schedule->step_count; step++)
		start[step + 1] += start[step];
	for (uint32_t node = 0; node < plan->node_count; node++)
		schedule->complete_nodes[start[complete[node]]++] = node;
}

static size_t key_of(const struct schedule *schedule, const struct plan *plan, const struct request *request,
		     const struct options *options)
{
	size_t keys = plan->node_count + 1;
	size_t key = is_link(request) ? step_of_link(schedule, request) : request->node;
	return (unit_of(plan, request, options) * keys + key) * RANK_COUNT + rank_of(request, options);
}

/* A counting sort, stable, of requests and their bytes. Returns the start of every key. */
static uint32_t *sort_requests(struct schedule *schedule, const struct plan *plan, const struct options *options)
{
	size_t key_count = UNIT_COUNT * (plan->node_count + 1) * RANK_COUNT;
	uint32_t *start = allocate_zeroed(key_count + 2, sizeof *start);
	uint32_t *fill = start + 1;
	uint32_t *order = allocate_zeroed(plan->request_count, sizeof *order);
	for (size_t i = 0; i < plan->request_count; i++)
		fill[key_of(schedule, plan, &plan->requests[i], options) + 1]++;
	for (size_t key = 0; key < key_count; key++)
		fill[key + 1] += fill[key];
	for (size_t i = 0; i < plan->request_count; i++)
		order[fill[key_of(schedule, plan, &plan->requests[i], options)]++] = (uint32_t)i;

	schedule->bytes = allocate_zeroed(plan->bytes.length, 1);
	schedule->requests = allocate_zeroed(plan->request_count, sizeof *schedule->requests);
	size_t offset = 0;
	for (size_t i = 0; i < plan->request_count; i++) {
		struct request *request = &schedule->requests[i];
		*request = plan->requests[order[i]];
		memcpy(schedule->bytes + offset, plan->bytes.data + request->offset, request->length);
		request->offset = offset;
		((struct nlmsghdr *)(schedule->bytes + offset))->nlmsg_seq = (uint32_t)i + 1;
		offset += request->length;
	}
	return start;
}

static void ask_for_acknowledgement(struct schedule *schedule, const struct batch *batch, bool each)
{
	for (uint32_t i = each ? 0 : batch->count - 1; i < batch->count; i++) {
		size_t offset = schedule->requests[batch->first + i].offset;
		((struct nlmsghdr *)(schedule->bytes + offset))->nlmsg_flags |= NLM_F_ACK;
	}
}

/* Cuts the requests of one key into sends. */
static struct batch_range cut(struct schedule *schedule, uint32_t first, uint32_t end, const struct options *options)
{
	struct batch_range range = {.first = (uint32_t)schedule->batch_count};
	while (first < end) {
		struct batch batch = {.offset = schedule->requests[first].offset, .first = first};
		do {
			batch.length += schedule->requests[first++].length;
			batch.count++;
		} while (first < end && batch.length + schedule->requests[first].length <= options->batch_bytes);
		ask_for_acknowledgement(schedule, &batch, options->acknowledge_each);
		schedule->batches = grow_array(schedule->batches, schedule->batch_count, &schedule->batch_capacity,
					       sizeof *schedule->batches);
		schedule->batches[schedule->batch_count++] = batch;
		range.count++;
	}
	return range;
}

void schedule_make(struct schedule *schedule, const struct plan *plan, const struct options *options)
{
	schedule->plan = plan;
	divide_among_senders(schedule, plan, options);
	find_completions(schedule, plan);
	uint32_t *start = sort_requests(schedule, plan, options);
	size_t keys = plan->node_count + 1;
	for (size_t unit = 0; unit < UNIT_COUNT; unit++) {
		schedule->ranges[unit] = allocate_zeroed(keys, sizeof **schedule->ranges);
		for (size_t key = 0; key < keys; key++) {
			const uint32_t *bounds = start + (unit * keys + key) * RANK_COUNT;
			schedule->ranges[unit][key] = cut(schedule, bounds[0], bounds[RANK_COUNT], options);
		}
	}
}
