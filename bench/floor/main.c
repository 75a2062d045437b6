#include "build.h"
#include "down.h"
#include "options.h"
#include "plan.h"
#include "schedule.h"
#include "support.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"netherd-floor PLAN|- [options]     builds what `netherd plan` printed\n"
	"netherd-floor --ring N [options]   builds a ring of N namespaces\n"
	"netherd-floor down LAB [--wait]    removes a lab; --wait: returns when the kernel has finished\n"
	"\n"
	"  --name LAB            (ring)\n"
	"  --directory DIR       where labs are (/run/netherd-floor)\n"
	"  --json                one JSON document\n"
	"\n"
	"What is done in which way; the defaults are what measured best:\n"
	"  --creators N          threads that only create namespaces; 0: the senders do it\n"
	"  --senders N           threads that send links and addresses, each for its own range of nodes\n"
	"  --group N             nodes whose links go in one send\n"
	"  --batch-bytes N       no send is longer\n"
	"  --configure eager|up-late|late  addresses and up: as soon as a node has its links; up after the last link "
	"of\n"
	"                                all; both after the last link\n"
	"  --order address|up            which comes first\n"
	"  --loopback early|with         lo goes up with its namespace's creation, or with the node's other devices\n"
	"  --main-up creation|setlink    how the main end of the ring's links goes up\n"
	"  --links anchor|node           the socket that creates links\n"
	"  --ack last|each\n"
	"  --pin creator|sender          who does the bind mount\n"
	"  --mount path|descriptor       mount by /proc/self/fd, or open_tree and move_mount\n"
	"  --shared early|late           when the tmpfs becomes shared\n"
	"  --routes with|apart           with the node's addresses, or in a phase of their own (if many)\n"
	"  --route-threads N             (1 for IPv4, 2 for IPv6)\n"
	"  --split-families              IPv4 and IPv6 routes in a thread each (if there are both and no "
	"--route-threads)\n"
	"  --affinity                    every thread on a processor of its own\n"
	"  --spin                        waiting senders do not sleep\n"
	"  --keep-descriptor-table       the descriptor table grows as it has to\n";

struct request_line {
	struct options options;
	const char *plan_file;
	uint32_t ring;
	bool ring_main_up;
	bool wait;
};

static const struct options default_options = {.lab_name = "ring",
					       .base_directory = "/run/netherd-floor",
					       .creators = 0,
					       .senders = 2,
					       .group = 1,
					       .configure = CONFIGURE_LATE,
					       .batch_bytes = 16384};

/* For options that have two values: true is the second one. */
static bool second_of(const char *option, const char *value, const char *first, const char *second)
{
	if (strcmp(value, second) == 0)
		return true;
	if (strcmp(value, first) != 0)
		die_usage("--%s: %s or %s", option, first, second);
	return false;
}

static uint32_t number_of(const char *option, const char *value, uint32_t least, uint32_t most)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);
	if (end == value || *end || number < least || number > most)
		die_usage("--%s: a number from %u to %u", option, least, most);
	return (uint32_t)number;
}

static enum configure configure_of(const char *value)
{
	if (strcmp(value, "eager") == 0)
		return CONFIGURE_EAGER;
	if (strcmp(value, "up-late") == 0)
		return CONFIGURE_UP_LATE;
	if (strcmp(value, "late") == 0)
		return CONFIGURE_LATE;
	die_usage("--configure: eager, up-late or late");
}

static void take_option(struct request_line *request, const char *option, const char *value)
{
	struct options *options = &request->options;
	if (strcmp(option, "name") == 0)
		options->lab_name = value;
	else if (strcmp(option, "directory") == 0)
		options->base_directory = value;
	else if (strcmp(option, "ring") == 0)
		request->ring = number_of(option, value, 3, 4000000);
	else if (strcmp(option, "json") == 0)
		options->json = true;
	else if (strcmp(option, "wait") == 0)
		request->wait = true;
	else if (strcmp(option, "creators") == 0)
		options->creators = number_of(option, value, 0, 64);
	else if (strcmp(option, "senders") == 0)
		options->senders = number_of(option, value, 1, 64);
	else if (strcmp(option, "group") == 0)
		options->group = number_of(option, value, 1, 100000);
	else if (strcmp(option, "batch-bytes") == 0)
		options->batch_bytes = number_of(option, value, 1, 200000);
	else if (strcmp(option, "configure") == 0)
		options->configure = configure_of(value);
	else if (strcmp(option, "order") == 0)
		options->up_first = second_of(option, value, "address", "up");
	else if (strcmp(option, "loopback") == 0)
		options->loopback_early = second_of(option, value, "with", "early");
	else if (strcmp(option, "main-up") == 0)
		request->ring_main_up = second_of(option, value, "setlink", "creation");
	else if (strcmp(option, "links") == 0)
		options->node_socket_for_links = second_of(option, value, "anchor", "node");
	else if (strcmp(option, "ack") == 0)
		options->acknowledge_each = second_of(option, value, "last", "each");
	else if (strcmp(option, "pin") == 0)
		options->sender_pins = second_of(option, value, "creator", "sender");
	else if (strcmp(option, "mount") == 0)
		options->new_mount_api = second_of(option, value, "path", "descriptor");
	else if (strcmp(option, "shared") == 0)
		options->shared_late = second_of(option, value, "early", "late");
	else if (strcmp(option, "route-threads") == 0)
		options->route_threads = number_of(option, value, 1, 64);
	else if (strcmp(option, "split-families") == 0)
		options->split_families = true;
	else if (strcmp(option, "affinity") == 0)
		options->pin_threads = true;
	else if (strcmp(option, "spin") == 0)
		options->spin = true;
	else if (strcmp(option, "keep-descriptor-table") == 0)
		options->keep_descriptor_table = true;
	else if (strcmp(option, "routes") == 0) {
		options->routes_apart = second_of(option, value, "with", "apart");
		options->routes_forced = true;
	}
}

static struct request_line read_options(int count, char **arguments)
{
	static const struct option known[] = {
		{"help", no_argument, NULL, 'h'},
		{"name", required_argument, NULL, 1},
		{"directory", required_argument, NULL, 1},
		{"ring", required_argument, NULL, 1},
		{"json", no_argument, NULL, 1},
		{"wait", no_argument, NULL, 1},
		{"creators", required_argument, NULL, 1},
		{"senders", required_argument, NULL, 1},
		{"group", required_argument, NULL, 1},
		{"batch-bytes", required_argument, NULL, 1},
		{"configure", required_argument, NULL, 1},
		{"order", required_argument, NULL, 1},
		{"loopback", required_argument, NULL, 1},
		{"main-up", required_argument, NULL, 1},
		{"links", required_argument, NULL, 1},
		{"ack", required_argument, NULL, 1},
		{"pin", required_argument, NULL, 1},
		{"mount", required_argument, NULL, 1},
		{"shared", required_argument, NULL, 1},
		{"routes", required_argument, NULL, 1},
		{"route-threads", required_argument, NULL, 1},
		{"split-families", no_argument, NULL, 1},
		{"affinity", no_argument, NULL, 1},
		{"spin", no_argument, NULL, 1},
		{"keep-descriptor-table", no_argument, NULL, 1},
		{NULL, 0, NULL, 0},
	};
	struct request_line request = {.options = default_options, .ring_main_up = true};
	int choice, which;
	while ((choice = getopt_long(count, arguments, "h", known, &which)) != -1) {
		if (choice == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		if (choice != 1)
			exit(2);
		take_option(&request, known[which].name, optarg);
	}
	return request;
}

/* ---- reports ---- */

static int report_failure(void)
{
	fprintf(stderr, "netherd-floor: %s\n", failure_text());
	return 1;
}

static void print_build(const struct options *options, const struct plan *plan, const struct build_report *report,
			double plan_seconds, double total_seconds)
{
	const size_t *counts = plan->stage_counts;
	const struct busy *busy = &report->busy;
	size_t routes = counts[STAGE_ROUTE4] + counts[STAGE_ROUTE6];
	double route_seconds = report->route_seconds;
	const char *format =
		options->json
			? "{\"lab\": \"%s\", \"nodes\": %zu, \"links\": %zu, \"addresses\": %zu, \"routes\": %zu, "
			  "\"requests\": %zu, \"seconds\": {\"plan\": %.6f, \"kernel\": %.6f, \"routes\": %.6f, "
			  "\"total\": %.6f}, \"busy_seconds\": {\"namespaces\": %.6f, \"pins\": %.6f, \"links\": %.6f, "
			  "\"configure\": %.6f, \"routes\": %.6f, \"waiting\": %.6f}, \"routes_per_second\": %.0f}\n"
			: "lab %s: %zu nodes, %zu links, %zu addresses, %zu routes, %zu requests\n"
			  "seconds: plan %.6f, kernel %.6f, of that routes apart %.6f, total %.6f\n"
			  "busy, all threads: namespaces %.6f, pins %.6f, links %.6f, addresses and up %.6f, routes "
			  "%.6f, "
			  "waiting %.6f\n"
			  "routes per second: %.0f\n";
	printf(format, options->lab_name, plan->node_count, counts[STAGE_LINK], counts[STAGE_ADDRESS], routes,
	       plan->request_count, plan_seconds, report->kernel_seconds, route_seconds, total_seconds,
	       busy->namespaces, busy->pins, busy->links, busy->configure, busy->routes, busy->waiting,
	       (double)routes / (route_seconds > 0 ? route_seconds : report->kernel_seconds));
}

static void print_down(const struct options *options, const struct down_report *report, bool waited)
{
	if (options->json)
		printf("{\"lab\": \"%s\", \"nodes\": %ld, \"seconds\": {\"return\": %.6f, \"quiesced\": ",
		       options->lab_name, report->nodes, report->return_seconds);
	else
		printf("lab %s: %ld nodes gone, %.6f seconds until return", options->lab_name, report->nodes,
		       report->return_seconds);
	if (waited)
		printf(options->json ? "%.6f" : ", %.6f until quiesced", report->quiesced_seconds);
	else if (options->json)
		printf("null");
	puts(options->json ? "}}" : "");
}

/* ---- commands ---- */

static int run_down(struct request_line *request, const char *name)
{
	struct lab lab;
	request->options.lab_name = name;
	lab_locate(&lab, request->options.base_directory, name);
	struct down_report report = down(&lab, request->wait);
	if (has_failed())
		return report_failure();
	print_down(&request->options, &report, request->wait);
	return 0;
}

/* Few routes go with the addresses; many are a phase of their own, which is then measured by itself. */
static void choose_route_phase(struct options *options, const struct plan *plan)
{
	size_t routes = plan->stage_counts[STAGE_ROUTE4] + plan->stage_counts[STAGE_ROUTE6];
	if (!options->routes_forced)
		options->routes_apart = routes > 8 * plan->node_count;
	if (options->route_threads || options->split_families)
		return;
	/* IPv4 routes are serialised by RTNL; IPv6 routes do not take it. */
	bool has4 = plan->stage_counts[STAGE_ROUTE4] != 0;
	bool has6 = plan->stage_counts[STAGE_ROUTE6] != 0;
	options->split_families = has4 && has6 && options->routes_apart;
	options->route_threads = has4 ? 1 : 2;
}

static int run_up(struct request_line *request, double start)
{
	struct plan plan = {0};
	struct schedule schedule = {0};
	struct lab lab;
	struct options *options = &request->options;
	if (request->ring)
		ring_fill(&plan, request->ring, request->ring_main_up);
	else
		parse_file(&plan, request->plan_file);
	if (!plan.node_count)
		die_usage("%s: no namespaces", plan.source);
	choose_route_phase(options, &plan);
	schedule_make(&schedule, &plan, options);
	double plan_seconds = now_seconds() - start;

	lab_locate(&lab, options->base_directory, options->lab_name);
	struct build_report report = build(&schedule, options, &lab);
	if (has_failed()) {
		if (lab.mounted)
			lab_remove(&lab);
		return report_failure();
	}
	print_build(options, &plan, &report, plan_seconds, now_seconds() - start);
	return 0;
}

int main(int count, char **arguments)
{
	double start = now_seconds();
	struct request_line request = read_options(count, arguments);
	const char *first = optind < count ? arguments[optind] : NULL;
	if (first && strcmp(first, "down") == 0 && optind + 2 == count)
		return run_down(&request, arguments[optind + 1]);
	request.plan_file = first;
	if ((first != NULL) == (request.ring != 0) || optind + (first != NULL) != count)
		die_usage("a plan, or --ring N, or down LAB; --help says more");
	return run_up(&request, start);
}
