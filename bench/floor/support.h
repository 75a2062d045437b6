/* What every part of the floor needs: errors, time, memory that does not fail. */
#ifndef FLOOR_SUPPORT_H
#define FLOOR_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Seconds of the monotonic clock. */
double now_seconds(void);

/* Prints "netherd-floor: ..." and leaves: status 2 for wrong usage or input, nothing was touched. */
_Noreturn void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first failure wins; later ones are mostly its consequences. Safe from any thread. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool has_failed(void);
const char *failure_text(void);

/* As calloc and realloc; out of memory ends the process. */
void *allocate_zeroed(size_t count, size_t size);
void *grow_array(void *array, size_t count, size_t *capacity, size_t size);
char *copy_text(const char *text);

#endif
