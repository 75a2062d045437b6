/* The switches of `netherd-floor up`. The defaults are what measured best; README.md has the measurements. */
#ifndef FLOOR_OPTIONS_H
#define FLOOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When a node's addresses, "up" and few routes are sent. */
enum configure {
	CONFIGURE_EAGER,   /* as soon as all its links exist */
	CONFIGURE_UP_LATE, /* addresses and lo then, the rest after the last link of all */
	CONFIGURE_LATE	   /* everything after the last link of all */
};

struct options {
	const char *lab_name;
	const char *base_directory;
	uint32_t creators;	    /* threads that only create namespaces; 0: the sending threads do it themselves */
	uint32_t senders;	    /* threads that send, each for its own range of nodes */
	uint32_t route_threads;	    /* threads that send routes, when routes are a phase of their own */
	uint32_t group;		    /* nodes whose links go in one send */
	uint32_t batch_bytes;	    /* no send is longer */
	bool split_families;	    /* IPv4 and IPv6 routes in threads of their own */
	bool sender_pins;	    /* the sender, not the creator, does the bind mount and the symbolic link */
	bool new_mount_api;	    /* open_tree and move_mount instead of mount by /proc/self/fd */
	bool shared_late;	    /* the tmpfs is made shared after the last bind mount */
	bool acknowledge_each;	    /* NLM_F_ACK on every message, not only on the last one of a send */
	bool node_socket_for_links; /* links are sent by a node's socket, not by one anchor socket */
	enum configure configure;
	bool up_first;		    /* "up" before addresses */
	bool loopback_early;	    /* lo goes up right after its namespace is made, by the same thread */
	bool routes_apart;	    /* routes in a phase of their own, after everything else */
	bool routes_forced;	    /* routes_apart was given, do not choose by the number of routes */
	bool pin_threads;	    /* every thread on a processor of its own */
	bool spin;		    /* a sender that waits for a namespace does not sleep */
	bool keep_descriptor_table; /* do not grow the descriptor table before the threads start */
	bool json;
};

#endif
