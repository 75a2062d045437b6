/*
 * The kernel destroys namespaces in batches, in one work item that never runs twice at a time. It announces each
 * namespace of a batch (RTM_DELNSID) to those that have given it an id, at the beginning of the batch.
 *
 * So: a first sentinel namespace is dropped after the lab; when it is announced, the lab's namespaces are in its batch
 * or an earlier one. A second sentinel is dropped only then, and gets into a later batch. When that is announced, the
 * batch of the first one has ended, and the lab is gone.
 */
#include "down.h"

#include "message.h"
#include "support.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { WAIT_LIMIT_SECONDS = 600 };

/* A namespace of its own in which the sentinels have ids; the process stays in it. */
struct observer {
	int socket;
};

static int open_rtnetlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static bool observer_open(struct observer *observer)
{
	int group = RTNLGRP_NSID;
	struct timeval limit = {.tv_sec = WAIT_LIMIT_SECONDS};
	if (unshare(CLONE_NEWNET) < 0) {
		fail_errno("observer namespace");
		return false;
	}
	observer->socket = open_rtnetlink();
	if (observer->socket < 0 ||
	    setsockopt(observer->socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0 ||
	    setsockopt(observer->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0) {
		fail_errno("observer socket");
		return false;
	}
	return true;
}

static bool assign_id(const struct observer *observer, int namespace, int id)
{
	struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};
	struct buffer message = {0};
	size_t start = message_begin(&message, RTM_NEWNSID, NLM_F_REQUEST | NLM_F_ACK, &header, sizeof header);
	attribute_u32(&message, NETNSA_FD, (uint32_t)namespace);
	attribute_u32(&message, NETNSA_NSID, (uint32_t)id);
	message_end(&message, start);
	((struct nlmsghdr *)message.data)->nlmsg_seq = (uint32_t)id;
	bool sent = send(observer->socket, message.data, message.length, 0) == (ssize_t)message.length;
	free(message.data);
	if (!sent)
		fail_errno("id of a sentinel namespace");
	return sent;
}

/* Makes a namespace that only the returned descriptor holds, known to the observer as `id`; -1 is failure. */
static int sentinel_make(const struct observer *observer, int id)
{
	int home = ioctl(observer->socket, SIOCGSKNS);
	if (home < 0 || unshare(CLONE_NEWNET) < 0) {
		fail_errno("sentinel namespace");
		return -1;
	}
	int inside = open_rtnetlink();
	int sentinel = ioctl(inside, SIOCGSKNS);
	close(inside); /* the kernel lets go of a socket's namespace only a grace period later */
	if (sentinel < 0 || setns(home, CLONE_NEWNET) < 0) {
		fail_errno("sentinel namespace");
		return -1;
	}
	close(home);
	return assign_id(observer, sentinel, id) ? sentinel : -1;
}

static bool announces(const struct nlmsghdr *header, int id)
{
	if (header->nlmsg_type != RTM_DELNSID)
		return false;
	const struct rtattr *attribute_start =
		(const struct rtattr *)((const char *)NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(struct rtgenmsg)));
	size_t left = header->nlmsg_len - NLMSG_SPACE(sizeof(struct rtgenmsg));
	for (; RTA_OK(attribute_start, left); attribute_start = RTA_NEXT(attribute_start, left)) {
		int its_id;
		memcpy(&its_id, RTA_DATA(attribute_start), sizeof its_id);
		if (attribute_start->rta_type == NETNSA_NSID && its_id == id)
			return true;
	}
	return false;
}

static bool refuses(const struct nlmsghdr *header)
{
	if (header->nlmsg_type != NLMSG_ERROR)
		return false;
	errno = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
	if (errno)
		fail_errno("id of a sentinel namespace");
	return errno != 0;
}

/* Waits until the kernel begins the batch with this sentinel. */
static bool sentinel_wait(const struct observer *observer, int id)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	for (;;) {
		ssize_t length = recv(observer->socket, bytes, sizeof bytes, 0);
		if (length < 0) {
			fail_errno("waiting for the kernel's cleanup");
			return false;
		}
		size_t left = (size_t)length;
		for (struct nlmsghdr *header = (struct nlmsghdr *)bytes; NLMSG_OK(header, left);
		     header = NLMSG_NEXT(header, left)) {
			if (refuses(header))
				return false;
			if (announces(header, id))
				return true;
		}
	}
}

static void wait_for_cleanup(const struct observer *observer, int first)
{
	close(first);
	int second = sentinel_make(observer, 2);
	if (second < 0 || !sentinel_wait(observer, 1))
		return;
	close(second);
	sentinel_wait(observer, 2);
}

struct down_report down(struct lab *lab, bool wait)
{
	struct down_report report = {0};
	struct observer observer;
	int first = -1;
	double start = now_seconds();
	if (wait) {
		if (!observer_open(&observer))
			return report;
		first = sentinel_make(&observer, 1);
		if (first < 0)
			return report;
	}
	if (lab_open(lab))
		report.nodes = lab_remove(lab);
	report.return_seconds = now_seconds() - start;
	if (wait && !has_failed()) {
		wait_for_cleanup(&observer, first);
		report.quiesced_seconds = now_seconds() - start;
	}
	return report;
}
