// What `netherd exec LAB --all -- COMMAND` costs at least: plain fork, setns and exec for each pinned namespace of a
// directory, spread over all processors, each of which waits for one command before it starts the next.
//
//     netherd-exec-floor /run/netherd/LAB/ns COMMAND [ARGUMENT...]
//
// Prints the seconds that it took. Exit status: 1 if any command could not be run or has failed.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct names {
	char **names;
	size_t count;
};

static struct names list_names(const char *directory)
{
	struct names found = {0};
	DIR *stream = opendir(directory);
	if (!stream || chdir(directory) != 0)
		return found;
	for (const struct dirent *entry; (entry = readdir(stream));) {
		if (entry->d_name[0] == '.')
			continue;
		char **names = realloc(found.names, (found.count + 1) * sizeof *names);
		if (!names)
			abort();
		found.names = names;
		found.names[found.count++] = strdup(entry->d_name);
	}
	closedir(stream);
	return found;
}

static _Noreturn void run_inside(const char *name, char **command)
{
	const int netns = open(name, O_RDONLY | O_CLOEXEC);
	if (netns < 0 || setns(netns, CLONE_NEWNET) != 0)
		_exit(126);
	execvp(command[0], command);
	_exit(127);
}

static int wait_for(pid_t process)
{
	int status = 0;
	while (waitpid(process, &status, 0) < 0) {
		if (errno != EINTR)
			return 1;
	}
	return status != 0;
}

// Every `step`th name, from `first` on.
static int run_share(struct names all, size_t first, size_t step, char **command)
{
	int failed = 0;
	for (size_t i = first; i < all.count; i += step) {
		const pid_t process = fork();
		if (process == 0)
			run_inside(all.names[i], command);
		failed |= process < 0 || wait_for(process);
	}
	return failed;
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: netherd-exec-floor DIRECTORY COMMAND [ARGUMENT...]\n");
		return 2;
	}
	const double start = now();
	const struct names all = list_names(argv[1]);
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int failed = all.count == 0;
	for (long i = 0; i < processors; ++i) {
		const pid_t worker = fork();
		if (worker == 0)
			_exit(run_share(all, (size_t)i, (size_t)processors, argv + 2));
		failed |= worker < 0;
	}
	for (long i = 0; i < processors; ++i) {
		int status = 0;
		failed |= wait(&status) < 0 || status != 0;
	}
	printf("%.6f\n", now() - start);
	return failed;
}
