/* Reads the `ip` commands that `netherd plan` prints. The grammar is fixed; README.md has it. */
#include "plan.h"
#include "support.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 64 };

struct command {
	struct plan *plan;
	uint32_t line;
	char *words[MAX_WORDS];
	size_t count;
	size_t next;
};

static _Noreturn void reject(const struct command *command, const char *why)
{
	struct plan *plan = command->plan;
	die_usage("%s:%u: %s: %s", plan->source, command->line, why, plan->lines[command->line - 1]);
}

static const char *take_word(struct command *command)
{
	if (command->next >= command->count)
		reject(command, "the line ends too early");
	return command->words[command->next++];
}

/* Takes the next word if it is this one. */
static bool take_if(struct command *command, const char *word)
{
	if (command->next >= command->count || strcmp(command->words[command->next], word) != 0)
		return false;
	command->next++;
	return true;
}

static bool next_but_one_is(const struct command *command, const char *word)
{
	return command->next + 1 < command->count && strcmp(command->words[command->next + 1], word) == 0;
}

static void expect(struct command *command, const char *word)
{
	if (!take_if(command, word))
		reject(command, "unknown command");
}

static void expect_end(const struct command *command)
{
	if (command->next != command->count)
		reject(command, "unknown word");
}

static uint32_t take_number(struct command *command)
{
	char *end;
	const char *word = take_word(command);
	unsigned long value = strtoul(word, &end, 10);
	if (*end || end == word || value > UINT32_MAX)
		reject(command, "not a number");
	return (uint32_t)value;
}

static uint32_t take_node(struct command *command)
{
	uint32_t node = plan_find_node(command->plan, take_word(command));
	if (node == NODE_NONE)
		reject(command, "unknown namespace");
	return node;
}

static uint32_t take_device(struct command *command, uint32_t node)
{
	uint32_t device = node_find_device(&command->plan->nodes[node], take_word(command));
	if (!device)
		reject(command, "unknown device");
	return device;
}

static void take_mac(struct command *command, unsigned char mac[6])
{
	int used = 0;
	const char *word = take_word(command);
	if (sscanf(word, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5],
		   &used) != 6 ||
	    word[used])
		reject(command, "not a MAC address");
}

/* ADDRESS or ADDRESS/LENGTH */
static struct address parse_address(const struct command *command, const char *word)
{
	struct address address = {0};
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(word, '/');
	snprintf(text, sizeof text, "%.*s", (int)(slash ? slash - word : (long)strlen(word)), word);
	address.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(address.family, text, address.bytes) != 1)
		reject(command, "not an address");
	int longest = address.family == AF_INET ? 32 : 128;
	int length = slash ? atoi(slash + 1) : longest;
	if (length < 0 || length > longest)
		reject(command, "prefix length out of range");
	address.prefix_length = (uint8_t)length;
	return address;
}

/* Options of one end of a link, up to a word that is none of them. */
static void take_link_options(struct command *command, struct link_end *end)
{
	for (;;) {
		if (take_if(command, "index")) {
			end->index = take_number(command);
		} else if (take_if(command, "mtu")) {
			end->mtu = take_number(command);
		} else if (take_if(command, "address")) {
			take_mac(command, end->mac);
			end->has_mac = true;
		} else if (take_if(command, "txqueuelen")) {
			end->queue_length = take_number(command);
			end->has_queue_length = true;
		} else if (take_if(command, "numtxqueues")) {
			end->single_queue = take_number(command) == 1;
		} else if (take_if(command, "numrxqueues")) {
			end->single_queue = take_number(command) == 1 && end->single_queue;
		} else if (take_if(command, "master")) {
			end->master = take_device(command, end->node);
		} else if (take_if(command, "up")) {
			end->up = true;
		} else {
			return;
		}
	}
}

static struct link_end take_link_end(struct command *command, const char *name, uint32_t node)
{
	struct link_end end = {.name = name, .node = node};
	take_link_options(command, &end);
	if (!end.index)
		reject(command, "an index is needed");
	if (strlen(name) >= IFNAMSIZ)
		reject(command, "the name is too long");
	return end;
}

/* ip link add NAME netns NS ... type veth peer name NAME2 netns NS2 ... */
static void parse_veth(struct command *command)
{
	const char *name = take_word(command);
	expect(command, "netns");
	struct link_end main_end = take_link_end(command, name, take_node(command));
	expect(command, "type");
	expect(command, "veth");
	expect(command, "peer");
	expect(command, "name");
	const char *peer_name = take_word(command);
	expect(command, "netns");
	struct link_end peer = take_link_end(command, peer_name, take_node(command));
	expect_end(command);
	plan_add_veth(command->plan, command->line, &main_end, &peer);
}

/* ip -n NS link add br0 ... type bridge */
static void parse_bridge(struct command *command, uint32_t node)
{
	const char *name = take_word(command);
	struct link_end bridge = take_link_end(command, name, node);
	expect(command, "type");
	expect(command, "bridge");
	expect_end(command);
	plan_add_bridge(command->plan, command->line, &bridge);
}

/* ip -n NS link set DEV [master br0] up */
static void parse_up(struct command *command, uint32_t node)
{
	take_if(command, "dev");
	uint32_t device = take_device(command, node);
	uint32_t master = take_if(command, "master") ? take_device(command, node) : 0;
	expect(command, "up");
	expect_end(command);
	plan_add_up(command->plan, command->line, node, device, master);
}

/* ip -n NS address add ADDR/LEN [brd +] dev DEV [nodad] */
static void parse_address_add(struct command *command, uint32_t node)
{
	struct address address = parse_address(command, take_word(command));
	bool broadcast = take_if(command, "brd");
	if (broadcast)
		expect(command, "+");
	expect(command, "dev");
	uint32_t device = take_device(command, node);
	bool no_dad = take_if(command, "nodad");
	expect_end(command);
	plan_add_address(command->plan, command->line, node, device, &address, broadcast, no_dad);
}

/* ip -n NS [-6] route add PREFIX|default via ADDR dev DEV */
static void parse_route(struct command *command, uint32_t node)
{
	const char *word = take_word(command);
	struct address prefix = {0};
	if (strcmp(word, "default") != 0)
		prefix = parse_address(command, word);
	expect(command, "via");
	struct address gateway = parse_address(command, take_word(command));
	expect(command, "dev");
	uint32_t device = take_device(command, node);
	expect_end(command);
	plan_add_route(command->plan, command->line, node, device, &prefix, &gateway);
}

/* net.ipv4.conf.DEV.forwarding=1 */
static bool take_device_forwarding(struct command *command, uint32_t node)
{
	static const char prefix[] = "net.ipv4.conf.", suffix[] = ".forwarding=1";
	const char *word = command->words[command->next];
	size_t length = strlen(word);
	if (length <= sizeof prefix + sizeof suffix - 2 || strncmp(word, prefix, sizeof prefix - 1) != 0 ||
	    strcmp(word + length - (sizeof suffix - 1), suffix) != 0)
		return false;
	char name[IFNAMSIZ];
	snprintf(name, sizeof name, "%.*s", (int)(length - (sizeof prefix + sizeof suffix - 2)),
		 word + sizeof prefix - 1);
	uint32_t device = node_find_device(&command->plan->nodes[node], name);
	if (!device)
		reject(command, "unknown device");
	plan_add_forwarding(command->plan, command->line, node, device);
	command->next++;
	return true;
}

/* ip netns exec NS sysctl -qw KEY=VALUE..., for what labs set */
static void parse_settings(struct command *command)
{
	uint32_t index = take_node(command);
	struct node *node = &command->plan->nodes[index];
	expect(command, "sysctl");
	expect(command, "-qw");
	do {
		if (take_if(command, "net.ipv4.ip_forward=1"))
			node->forward4 = true;
		else if (take_if(command, "net.ipv6.conf.all.forwarding=1"))
			node->forward6 = true;
		else if (take_if(command, "net.ipv6.conf.all.disable_ipv6=1"))
			node->no_ipv6 = true;
		else if (take_if(command, "net.ipv6.conf.all.disable_ipv6=0"))
			node->late_ipv6 = true;
		else if (!take_device_forwarding(command, index))
			reject(command, "unknown setting");
	} while (command->next < command->count);
}

static void parse_netns(struct command *command)
{
	if (take_if(command, "exec")) {
		parse_settings(command);
		return;
	}
	expect(command, "add");
	const char *name = take_word(command);
	expect_end(command);
	if (strchr(name, '/') || *name == '.')
		reject(command, "not a name");
	if (plan_add_node(command->plan, name) == NODE_NONE)
		reject(command, "the namespace is there already");
}

static void parse_in_node(struct command *command)
{
	uint32_t node = take_node(command);
	take_if(command, "-6");
	if (take_if(command, "link")) {
		if (take_if(command, "set")) {
			parse_up(command, node);
		} else {
			expect(command, "add");
			if (next_but_one_is(command, "netns"))
				parse_veth(command);
			else
				parse_bridge(command, node);
		}
	} else if (take_if(command, "address")) {
		expect(command, "add");
		parse_address_add(command, node);
	} else {
		expect(command, "route");
		expect(command, "add");
		parse_route(command, node);
	}
}

static void split_words(struct command *command, char *text)
{
	char *rest = text;
	for (char *word; (word = strsep(&rest, " \t"));) {
		if (!*word)
			continue;
		if (command->count == MAX_WORDS)
			reject(command, "too many words");
		command->words[command->count++] = word;
	}
}

static void parse_line(struct plan *plan, uint32_t line, char *text)
{
	struct command command = {.plan = plan, .line = line};
	split_words(&command, text);
	if (command.count == 0 || command.words[0][0] == '#')
		return;
	expect(&command, "ip");
	if (take_if(&command, "-n")) {
		parse_in_node(&command);
	} else if (take_if(&command, "netns")) {
		parse_netns(&command);
	} else {
		expect(&command, "link");
		expect(&command, "add");
		parse_veth(&command);
	}
}

static char *read_all(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	if (!file)
		die_usage("%s: cannot be opened", path);
	char *text = NULL;
	size_t length = 0, capacity = 0, got;
	do {
		while (capacity < length + 65536)
			text = grow_array(text, capacity, &capacity, 1);
		got = fread(text + length, 1, capacity - length - 1, file);
		length += got;
	} while (got);
	text[length] = '\0';
	if (file != stdin)
		fclose(file);
	return text;
}

static void split_lines(struct plan *plan, char *text)
{
	size_t capacity = 0;
	for (char *line; (line = strsep(&text, "\n"));) {
		plan->lines = grow_array(plan->lines, plan->line_count, &capacity, sizeof *plan->lines);
		plan->lines[plan->line_count++] = line;
	}
}

void parse_file(struct plan *plan, const char *path)
{
	char *text = read_all(path);
	plan->source = path;
	split_lines(plan, text);
	char *words = NULL;
	size_t capacity = 0;
	for (uint32_t i = 0; i < plan->line_count; i++) {
		size_t length = strlen(plan->lines[i]) + 1;
		while (capacity < length)
			words = grow_array(words, capacity, &capacity, 1);
		memcpy(words, plan->lines[i], length);
		parse_line(plan, i + 1, words);
	}
	free(words);
}
