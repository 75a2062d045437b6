/* What makes a lab findable: a tmpfs of its own with bind mounts of the namespaces, and links in /run/netns. */
#ifndef FLOOR_LAB_H
#define FLOOR_LAB_H

#include <limits.h>
#include <stdbool.h>

struct lab {
	const char *name;
	char directory[PATH_MAX / 2];
	int namespaces; /* descriptor of DIRECTORY/ns */
	int links;	/* descriptor of /run/netns */
	bool mounted;
};

void lab_locate(struct lab *lab, const char *base_directory, const char *name);
bool lab_make(struct lab *lab, bool shared);
bool lab_share(const struct lab *lab);

/* Gives a namespace its name. */
bool lab_pin(const struct lab *lab, int namespace, const char *node, bool new_mount_api);

/* Opens the directories of a lab that exists. */
bool lab_open(struct lab *lab);
/* Drops every reference of the lab to its namespaces, and its names. Returns the number of nodes, or -1. */
long lab_remove(struct lab *lab);

#endif
