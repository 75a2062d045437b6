#include "lab.h"

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char names_directory[] = "/run/netns";

void lab_locate(struct lab *lab, const char *base_directory, const char *name)
{
	*lab = (struct lab){.name = name, .namespaces = -1, .links = -1};
	snprintf(lab->directory, sizeof lab->directory, "%s/%s", base_directory, name);
}

static void make_directories(const char *path)
{
	char part[PATH_MAX];
	for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		mkdir(part, 0755);
	}
	mkdir(path, 0755);
}

bool lab_open(struct lab *lab)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/ns", lab->directory);
	lab->namespaces = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lab->namespaces < 0) {
		fail_errno("%s", path);
		return false;
	}
	make_directories(names_directory);
	lab->links = open(names_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lab->links < 0) {
		fail_errno("%s", names_directory);
		return false;
	}
	return true;
}

bool lab_make(struct lab *lab, bool shared)
{
	char path[PATH_MAX];
	make_directories(lab->directory);
	snprintf(path, sizeof path, "%s/ns", lab->directory);
	if (access(path, F_OK) == 0) {
		fail("lab %s is there already", lab->name);
		return false;
	}
	if (mount("netherd-floor", lab->directory, "tmpfs", 0, "mode=0755") < 0) {
		fail_errno("mount of a tmpfs at %s", lab->directory);
		return false;
	}
	lab->mounted = true;
	if (mount(NULL, lab->directory, NULL, shared ? MS_SHARED : MS_PRIVATE, NULL) < 0) {
		fail_errno("propagation of %s", lab->directory);
		return false;
	}
	mkdir(path, 0755);
	return lab_open(lab);
}

bool lab_share(const struct lab *lab)
{
	if (mount(NULL, lab->directory, NULL, MS_SHARED, NULL) == 0)
		return true;
	fail_errno("propagation of %s", lab->directory);
	return false;
}

static bool bind_by_path(const struct lab *lab, int namespace, const char *node)
{
	char source[32];
	char target[PATH_MAX];
	snprintf(source, sizeof source, "/proc/self/fd/%d", namespace);
	snprintf(target, sizeof target, "%s/ns/%s", lab->directory, node);
	return mount(source, target, NULL, MS_BIND, NULL) == 0;
}

static bool bind_by_descriptor(const struct lab *lab, int namespace, const char *node)
{
	int tree = (int)syscall(SYS_open_tree, namespace, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return false;
	long moved = syscall(SYS_move_mount, tree, "", lab->namespaces, node, MOVE_MOUNT_F_EMPTY_PATH);
	int error = errno;
	close(tree);
	errno = error;
	return moved == 0;
}

static bool link_name(const struct lab *lab, const char *node)
{
	char target[PATH_MAX];
	char name[NAME_MAX + 1];
	snprintf(target, sizeof target, "%s/ns/%s", lab->directory, node);
	snprintf(name, sizeof name, "%s-%s", lab->name, node);
	if (symlinkat(target, lab->links, name) == 0)
		return true;
	fail_errno("symbolic link %s/%s", names_directory, name);
	return false;
}

bool lab_pin(const struct lab *lab, int namespace, const char *node, bool new_mount_api)
{
	int file = openat(lab->namespaces, node, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (file < 0) {
		fail_errno("%s/ns/%s", lab->directory, node);
		return false;
	}
	close(file);
	if (!(new_mount_api ? bind_by_descriptor : bind_by_path)(lab, namespace, node)) {
		fail_errno("bind mount of namespace %s", node);
		return false;
	}
	return link_name(lab, node);
}

/* The names have to be known before the unmount, and go after it: the kernel can begin its cleanup meanwhile. */
static char **read_names(int directory, size_t *count)
{
	size_t capacity = 0;
	char **names = NULL;
	DIR *stream = fdopendir(dup(directory));
	*count = 0;
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		if (entry->d_name[0] == '.')
			continue;
		names = grow_array(names, *count, &capacity, sizeof *names);
		names[(*count)++] = copy_text(entry->d_name);
	}
	closedir(stream);
	return names;
}

static void unlink_names(const struct lab *lab, char **names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[NAME_MAX + 1];
		snprintf(name, sizeof name, "%s-%s", lab->name, names[i]);
		if (unlinkat(lab->links, name, 0) < 0 && errno != ENOENT)
			fail_errno("%s/%s", names_directory, name);
	}
}

long lab_remove(struct lab *lab)
{
	size_t count = 0;
	char **names = read_names(lab->namespaces, &count);
	close(lab->namespaces);
	if (umount2(lab->directory, MNT_DETACH) < 0) {
		fail_errno("unmount of %s", lab->directory);
		return -1;
	}
	rmdir(lab->directory);
	unlink_names(lab, names, count);
	close(lab->links);
	return (long)count;
}
