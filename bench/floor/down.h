/* Teardown, and knowing when the kernel has finished it. */
#ifndef FLOOR_DOWN_H
#define FLOOR_DOWN_H

#include "lab.h"

#include <stdbool.h>

struct down_report {
	long nodes;
	double return_seconds;	 /* until every reference and name is gone */
	double quiesced_seconds; /* until the kernel has finished its cleanup; 0 if not waited for */
};

/* Failures are recorded by fail(). */
struct down_report down(struct lab *lab, bool wait);

#endif
