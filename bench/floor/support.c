#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool failed;
static char first_failure[1024];

double now_seconds(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void die_usage(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("netherd-floor: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(2);
}

static void record_failure(const char *format, va_list arguments, const char *reason)
{
	pthread_mutex_lock(&failure_lock);
	if (!atomic_load(&failed)) {
		size_t length = 0;
		int written = vsnprintf(first_failure, sizeof first_failure, format, arguments);
		if (written > 0)
			length = (size_t)written;
		if (reason && length < sizeof first_failure)
			snprintf(first_failure + length, sizeof first_failure - length, ": %s", reason);
		atomic_store(&failed, true);
	}
	pthread_mutex_unlock(&failure_lock);
}

void fail(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	record_failure(format, arguments, NULL);
	va_end(arguments);
}

void fail_errno(const char *format, ...)
{
	const char *reason = strerror(errno);
	va_list arguments;
	va_start(arguments, format);
	record_failure(format, arguments, reason);
	va_end(arguments);
}

bool has_failed(void)
{
	return atomic_load_explicit(&failed, memory_order_acquire);
}

const char *failure_text(void)
{
	return first_failure;
}

static void *require(void *memory)
{
	if (!memory) {
		fputs("netherd-floor: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

void *allocate_zeroed(size_t count, size_t size)
{
	return require(calloc(count ? count : 1, size));
}

void *grow_array(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 64;
	return require(realloc(array, *capacity * size));
}

char *copy_text(const char *text)
{
	return require(strdup(text));
}
