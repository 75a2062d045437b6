#include "build.h"

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct node_state {
	int socket;
	int socket6; /* of the thread for IPv6 routes, if there is one; answers on one socket are for one thread */
	int namespace;
	atomic_bool created;
};

struct builder {
	const struct schedule *schedule;
	const struct options *options;
	struct lab *lab;
	struct node_state *nodes;
	uint32_t node_count;
	int *anchors;	      /* by sender: answers on one socket are for one thread */
	pthread_mutex_t lock; /* for senders that sleep until a namespace exists */
	pthread_cond_t progress;
	atomic_uint sleepers;
	atomic_uint next_node;	     /* of the creators */
	atomic_uint next_route_node; /* of the route threads, by family */
	atomic_uint next_route_node6;
};

struct worker {
	struct builder *builder;
	uint32_t number;
	enum unit unit; /* of a route thread */
	struct busy busy;
	pthread_t thread;
};

/* ---- sending ---- */

static int open_socket(void)
{
	int on = 1;
	int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (socket_fd < 0) {
		fail_errno("netlink socket");
		return -1;
	}
	setsockopt(socket_fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	setsockopt(socket_fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	return socket_fd;
}

/* The kernel's own words in an answer, or NULL. */
static const char *extended_text(const struct nlmsghdr *header)
{
	const unsigned char *data = (const unsigned char *)header;
	size_t offset = NLMSG_HDRLEN + sizeof(struct nlmsgerr);
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	while (offset + sizeof(struct nlattr) <= header->nlmsg_len) {
		const struct nlattr *attribute_start = (const struct nlattr *)(data + offset);
		if (attribute_start->nla_len < NLA_HDRLEN)
			return NULL;
		if (attribute_start->nla_type == NLMSGERR_ATTR_MSG)
			return (const char *)(attribute_start + 1);
		offset += NLA_ALIGN(attribute_start->nla_len);
	}
	return NULL;
}

static void report_refusal(const struct schedule *schedule, const struct nlmsghdr *header, int error)
{
	char what[512];
	const char *words = extended_text(header);
	plan_describe(schedule->plan, &schedule->requests[header->nlmsg_seq - 1], what, sizeof what);
	errno = error;
	if (words)
		fail_errno("%s: %s", what, words);
	else
		fail_errno("%s", what);
}

/* Answers of one batch. They are complete when the last message has its own. */
static bool receive_answers(const struct schedule *schedule, int socket_fd, const struct batch *batch)
{
	_Alignas(struct nlmsghdr) unsigned char bytes[8192];
	uint32_t last = batch->first + batch->count;
	for (;;) {
		ssize_t length = recv(socket_fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (length < 0) {
			fail_errno("answer to request %u", last);
			return false;
		}
		size_t left = (size_t)length;
		for (struct nlmsghdr *header = (struct nlmsghdr *)bytes; NLMSG_OK(header, left);
		     header = NLMSG_NEXT(header, left)) {
			int error = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
			if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_seq - 1 - batch->first >= batch->count)
				continue;
			if (error) {
				report_refusal(schedule, header, error);
				return false;
			}
			if (header->nlmsg_seq == last)
				return true;
		}
	}
}

static void write_descriptors(const struct builder *builder, const struct batch *batch)
{
	const struct schedule *schedule = builder->schedule;
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct request *request = &schedule->requests[batch->first + i];
		for (uint32_t slot = 0; slot < request->slot_count; slot++) {
			const struct descriptor_slot *place = &request->slots[slot];
			memcpy(schedule->bytes + request->offset + place->offset,
			       &builder->nodes[place->node].namespace, sizeof(int));
		}
	}
}

/* A send executes its messages before it returns, so the answers are there already. */
static void send_range(const struct builder *builder, int socket_fd, enum unit unit, uint32_t key)
{
	const struct schedule *schedule = builder->schedule;
	struct batch_range range = schedule->ranges[unit][key];
	for (uint32_t i = 0; i < range.count && !has_failed(); i++) {
		const struct batch *batch = &schedule->batches[range.first + i];
		if (unit == UNIT_LINK)
			write_descriptors(builder, batch);
		if (send(socket_fd, schedule->bytes + batch->offset, batch->length, 0) < 0) {
			fail_errno("send of %u messages, %u bytes", batch->count, batch->length);
			return;
		}
		receive_answers(schedule, socket_fd, batch);
	}
}

/* ---- namespaces ---- */

/*
 * A procfs of this thread's own, which goes with the process: look-ups in the one that all processes share take time in
 * proportion to the namespaces, and here to the last hundred.
 */
static _Thread_local int procfs = -1;
static _Thread_local unsigned namespaces_in_procfs;

static void renew_procfs(void)
{
	if (namespaces_in_procfs++ % 100 != 0)
		return;
	if (procfs >= 0)
		close(procfs);
	procfs = -1;
	int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	if (context < 0)
		return;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		procfs = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	close(context);
}

/* The path begins with "/proc/". */
static bool write_setting(const char *path, const char *value)
{
	int file = procfs >= 0 ? openat(procfs, path + strlen("/proc/"), O_WRONLY | O_CLOEXEC)
			       : open(path, O_WRONLY | O_CLOEXEC);
	bool written = file >= 0 && write(file, value, 1) == 1;
	if (!written)
		fail_errno("%s", path);
	if (file >= 0)
		close(file);
	return written;
}

static const char disable_ipv6[] = "/proc/sys/net/ipv6/conf/all/disable_ipv6";

/* /proc/sys/net shows the namespace of the thread that looks. */
static void write_settings(const struct node *node)
{
	if (node->no_ipv6 || node->forward4 || node->forward6)
		renew_procfs();
	if (node->no_ipv6)
		write_setting(disable_ipv6, "1");
	if (node->forward4)
		write_setting("/proc/sys/net/ipv4/ip_forward", "1");
	if (node->forward6)
		write_setting("/proc/sys/net/ipv6/conf/all/forwarding", "1");
}

/* Where a node's links are up: IPv6 starts on all of them at once. */
static void start_ipv6(const struct builder *builder, uint32_t node)
{
	struct node_state *state = &builder->nodes[node];
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || setns(state->namespace, CLONE_NEWNET) < 0) {
		fail_errno("enter namespace %s", builder->schedule->plan->nodes[node].name);
	} else {
		renew_procfs();
		write_setting(disable_ipv6, "0");
		if (setns(home, CLONE_NEWNET) < 0)
			fail_errno("leave namespace %s", builder->schedule->plan->nodes[node].name);
	}
	if (home >= 0)
		close(home);
	send_range(builder, state->socket, UNIT_LATE6, node);
}

static void pin_node(const struct builder *builder, struct busy *busy, uint32_t node)
{
	double start = now_seconds();
	lab_pin(builder->lab, builder->nodes[node].namespace, builder->schedule->plan->nodes[node].name,
		builder->options->new_mount_api);
	busy->pins += now_seconds() - start;
}

static void announce(struct builder *builder, struct node_state *state)
{
	atomic_store(&state->created, true);
	if (atomic_load(&builder->sleepers)) {
		pthread_mutex_lock(&builder->lock);
		pthread_cond_broadcast(&builder->progress);
		pthread_mutex_unlock(&builder->lock);
	}
}

/* The thread's own network namespace is the new one afterwards. */
static void create_node(struct builder *builder, struct busy *busy, uint32_t node)
{
	struct node_state *state = &builder->nodes[node];
	double start = now_seconds();
	if (unshare(CLONE_NEWNET) < 0) {
		fail_errno("namespace %s", builder->schedule->plan->nodes[node].name);
	} else {
		state->socket = open_socket();
		state->namespace = ioctl(state->socket, SIOCGSKNS);
		if (state->namespace < 0)
			fail_errno("descriptor of namespace %s", builder->schedule->plan->nodes[node].name);
		if (builder->options->split_families)
			state->socket6 = open_socket();
		write_settings(&builder->schedule->plan->nodes[node]);
		send_range(builder, state->socket, UNIT_LOOPBACK, node);
	}
	busy->namespaces += now_seconds() - start;
	if (!builder->options->sender_pins && !has_failed())
		pin_node(builder, busy, node);
	announce(builder, state);
}

static void wait_for_node(struct builder *builder, struct busy *busy, uint32_t node)
{
	struct node_state *state = &builder->nodes[node];
	if (atomic_load(&state->created))
		return;
	double start = now_seconds();
	while (builder->options->spin && !atomic_load(&state->created))
		__builtin_ia32_pause();
	atomic_fetch_add(&builder->sleepers, 1);
	pthread_mutex_lock(&builder->lock);
	while (!atomic_load(&state->created) && !has_failed())
		pthread_cond_wait(&builder->progress, &builder->lock);
	pthread_mutex_unlock(&builder->lock);
	atomic_fetch_sub(&builder->sleepers, 1);
	busy->waiting += now_seconds() - start;
}

/* ---- steps ---- */

static void close_descriptor(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

static void send_links(struct builder *builder, struct busy *busy, uint32_t step, int anchor)
{
	double start = now_seconds();
	uint32_t last_node = (step + 1) * builder->schedule->group - 1;
	bool use_node = builder->options->node_socket_for_links && last_node < builder->node_count;
	int socket_fd = use_node ? builder->nodes[last_node].socket : anchor;
	send_range(builder, socket_fd, UNIT_LINK, step);
	busy->links += now_seconds() - start;
}

static void finish_node(const struct builder *builder, uint32_t node)
{
	struct node_state *state = &builder->nodes[node];
	send_range(builder, state->socket, UNIT_FINISH, node);
	if (builder->schedule->plan->nodes[node].late_ipv6) {
		start_ipv6(builder, node);
		close_descriptor(&state->namespace);
	}
	if (!builder->options->routes_apart)
		close_descriptor(&state->socket);
}

static void configure_complete(struct builder *builder, struct busy *busy, uint32_t step)
{
	const struct schedule *schedule = builder->schedule;
	double start = now_seconds();
	for (uint32_t i = schedule->complete_start[step]; i < schedule->complete_start[step + 1]; i++) {
		uint32_t node = schedule->complete_nodes[i];
		struct node_state *state = &builder->nodes[node];
		send_range(builder, state->socket, UNIT_CONFIGURE, node);
		if (!schedule->plan->nodes[node].late_ipv6)
			close_descriptor(&state->namespace);
		if (builder->options->configure == CONFIGURE_UP_LATE)
			continue;
		finish_node(builder, node);
	}
	busy->configure += now_seconds() - start;
}

static void make_group(struct builder *builder, struct busy *busy, uint32_t first, uint32_t end)
{
	for (uint32_t node = first; node < end && !has_failed(); node++) {
		if (builder->options->creators)
			wait_for_node(builder, busy, node);
		else
			create_node(builder, busy, node);
		if (builder->options->sender_pins && !has_failed())
			pin_node(builder, busy, node);
	}
}

static void run_step(struct builder *builder, struct busy *busy, uint32_t step, int anchor)
{
	uint32_t group = builder->schedule->group;
	uint32_t end = (step + 1) * group;
	end = end < builder->node_count ? end : builder->node_count;
	make_group(builder, busy, step * group, end);
	send_links(builder, busy, step, anchor);
	if (builder->options->configure != CONFIGURE_LATE)
		configure_complete(builder, busy, step);
}

/* ---- threads ---- */

static void pin_thread(const struct builder *builder, uint32_t number)
{
	if (!builder->options->pin_threads)
		return;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(number % (uint32_t)sysconf(_SC_NPROCESSORS_ONLN), &set);
	pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *run_creator(void *argument)
{
	struct worker *worker = argument;
	struct builder *builder = worker->builder;
	pin_thread(builder, builder->options->senders + worker->number);
	for (uint32_t node; (node = atomic_fetch_add(&builder->next_node, 1)) < builder->node_count;) {
		if (has_failed())
			announce(builder, &builder->nodes[node]);
		else
			create_node(builder, &worker->busy, node);
	}
	return NULL;
}

static void *run_sender(void *argument)
{
	struct worker *worker = argument;
	struct builder *builder = worker->builder;
	const uint32_t *bounds = &builder->schedule->sender_start[worker->number];
	pin_thread(builder, worker->number);
	for (uint32_t step = bounds[0]; step < bounds[1] && !has_failed(); step++)
		run_step(builder, &worker->busy, step, builder->anchors[worker->number]);
	return NULL;
}

static void *run_router(void *argument)
{
	struct worker *worker = argument;
	struct builder *builder = worker->builder;
	bool only6 = worker->unit == UNIT_ROUTE6;
	atomic_uint *next = only6 ? &builder->next_route_node6 : &builder->next_route_node;
	pin_thread(builder, worker->number);
	double start = now_seconds();
	for (uint32_t node; (node = atomic_fetch_add(next, 1)) < builder->node_count && !has_failed();) {
		int socket_fd = only6 ? builder->nodes[node].socket6 : builder->nodes[node].socket;
		send_range(builder, socket_fd, worker->unit, node);
		if (!builder->options->split_families)
			send_range(builder, socket_fd, UNIT_ROUTE6, node);
	}
	worker->busy.routes += now_seconds() - start;
	return NULL;
}

static void start_workers(struct builder *builder, struct worker *workers, uint32_t count, void *(*run)(void *))
{
	for (uint32_t i = 0; i < count; i++) {
		workers[i].builder = builder;
		workers[i].number = i;
		int error = pthread_create(&workers[i].thread, NULL, run, &workers[i]);
		if (error) {
			fputs("netherd-floor: a thread cannot be started\n", stderr);
			exit(1);
		}
	}
}

static void join_workers(struct worker *workers, uint32_t count, struct busy *sum)
{
	for (uint32_t i = 0; i < count; i++) {
		pthread_join(workers[i].thread, NULL);
		const struct busy *busy = &workers[i].busy;
		sum->namespaces += busy->namespaces;
		sum->pins += busy->pins;
		sum->links += busy->links;
		sum->configure += busy->configure;
		sum->routes += busy->routes;
		sum->waiting += busy->waiting;
	}
	free(workers);
}

static void finish_all(struct builder *builder, struct busy *busy)
{
	double start = now_seconds();
	for (uint32_t node = 0; node < builder->node_count && !has_failed(); node++)
		finish_node(builder, node);
	busy->configure += now_seconds() - start;
}

static void make_nodes_and_links(struct builder *builder, struct busy *busy)
{
	const struct schedule *schedule = builder->schedule;
	const struct options *options = builder->options;
	struct worker *creators = allocate_zeroed(options->creators, sizeof *creators);
	struct worker *senders = allocate_zeroed(options->senders, sizeof *senders);
	start_workers(builder, creators, options->creators, run_creator);
	start_workers(builder, senders, options->senders, run_sender);
	join_workers(creators, options->creators, busy);
	join_workers(senders, options->senders, busy);
	uint32_t last_step = schedule->step_count - 1;
	if (has_failed())
		return;
	send_links(builder, busy, last_step, builder->anchors[0]);
	uint32_t step = options->configure == CONFIGURE_LATE ? 0 : last_step;
	for (; step <= last_step && !has_failed(); step++)
		configure_complete(builder, busy, step);
	if (options->configure == CONFIGURE_UP_LATE)
		finish_all(builder, busy);
}

static double add_routes(struct builder *builder, struct busy *busy)
{
	const struct options *options = builder->options;
	uint32_t count = options->split_families ? 2 : options->route_threads;
	struct worker *routers = allocate_zeroed(count, sizeof *routers);
	double start = now_seconds();
	for (uint32_t i = 0; i < count; i++)
		routers[i].unit = options->split_families && i % 2 ? UNIT_ROUTE6 : UNIT_ROUTE4;
	start_workers(builder, routers, count, run_router);
	join_workers(routers, count, busy);
	return now_seconds() - start;
}

/* A descriptor table that grows while threads share it waits for an RCU grace period each time. */
static void grow_descriptor_table(const struct builder *builder)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (builder->options->keep_descriptor_table)
		return;
	rlim_t wanted = 3 * (rlim_t)builder->node_count + 64;
	int high = fcntl(0, F_DUPFD_CLOEXEC, (int)(wanted < limit.rlim_max ? wanted : limit.rlim_max - 1));
	if (high >= 0)
		close(high);
}

static void close_everything(struct builder *builder)
{
	for (uint32_t node = 0; node < builder->node_count; node++) {
		close_descriptor(&builder->nodes[node].namespace);
		close_descriptor(&builder->nodes[node].socket);
		close_descriptor(&builder->nodes[node].socket6);
	}
	for (uint32_t sender = 0; sender < builder->options->senders; sender++)
		close_descriptor(&builder->anchors[sender]);
	free(builder->anchors);
	free(builder->nodes);
}

struct build_report build(const struct schedule *schedule, const struct options *options, struct lab *lab)
{
	struct build_report report = {0};
	struct builder builder = {.schedule = schedule,
				  .options = options,
				  .lab = lab,
				  .node_count = (uint32_t)schedule->plan->node_count,
				  .lock = PTHREAD_MUTEX_INITIALIZER,
				  .progress = PTHREAD_COND_INITIALIZER};
	double start = now_seconds();
	builder.nodes = allocate_zeroed(builder.node_count, sizeof *builder.nodes);
	for (uint32_t node = 0; node < builder.node_count; node++)
		builder.nodes[node] = (struct node_state){.socket = -1, .socket6 = -1, .namespace = -1};
	grow_descriptor_table(&builder);
	builder.anchors = allocate_zeroed(options->senders, sizeof *builder.anchors);
	for (uint32_t sender = 0; sender < options->senders; sender++)
		builder.anchors[sender] = open_socket();
	if (lab_make(lab, !options->shared_late))
		make_nodes_and_links(&builder, &report.busy);
	if (options->routes_apart && !has_failed())
		report.route_seconds = add_routes(&builder, &report.busy);
	close_everything(&builder);
	if (options->shared_late && !has_failed())
		lab_share(lab);
	report.kernel_seconds = now_seconds() - start;
	return report;
}
