/* Carries a schedule out. */
#ifndef FLOOR_BUILD_H
#define FLOOR_BUILD_H

#include "lab.h"
#include "options.h"
#include "schedule.h"

/* Seconds that the threads spent in each kind of work, added up over the threads. */
struct busy {
	double namespaces;
	double pins;
	double links;
	double configure;
	double routes;
	double waiting;
};

struct build_report {
	struct busy busy;
	double kernel_seconds; /* wall, from the first system call of the build to the last */
	double route_seconds;  /* wall of the routes' own phase; 0 if they have none */
};

/* Failures are recorded by fail(). */
struct build_report build(const struct schedule *schedule, const struct options *options, struct lab *lab);

#endif
