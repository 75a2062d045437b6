#include "message.h"

#include "support.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

static unsigned char *append(struct buffer *buffer, size_t size)
{
	size_t aligned = NLMSG_ALIGN(size);
	while (buffer->length + aligned > buffer->capacity)
		buffer->data = grow_array(buffer->data, buffer->capacity, &buffer->capacity, 1);
	unsigned char *place = buffer->data + buffer->length;
	memset(place, 0, aligned);
	buffer->length += aligned;
	return place;
}

size_t message_begin(struct buffer *buffer, uint16_t type, uint16_t flags, const void *header, size_t size)
{
	size_t message = buffer->length;
	struct nlmsghdr start = {.nlmsg_type = type, .nlmsg_flags = flags};
	memcpy(append(buffer, sizeof start), &start, sizeof start);
	memcpy(append(buffer, size), header, size);
	return message;
}

void message_end(struct buffer *buffer, size_t message)
{
	struct nlmsghdr *start = (struct nlmsghdr *)(buffer->data + message);
	start->nlmsg_len = (uint32_t)(buffer->length - message);
}

size_t attribute(struct buffer *buffer, uint16_t type, const void *value, size_t size)
{
	struct rtattr start = {.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type};
	memcpy(append(buffer, sizeof start), &start, sizeof start);
	size_t place = buffer->length;
	if (size)
		memcpy(append(buffer, size), value, size);
	return place;
}

size_t attribute_u32(struct buffer *buffer, uint16_t type, uint32_t value)
{
	return attribute(buffer, type, &value, sizeof value);
}

size_t attribute_text(struct buffer *buffer, uint16_t type, const char *text)
{
	return attribute(buffer, type, text, strlen(text) + 1);
}

size_t nest_begin(struct buffer *buffer, uint16_t type)
{
	return attribute(buffer, type, NULL, 0) - sizeof(struct rtattr);
}

size_t nest_begin_with_header(struct buffer *buffer, uint16_t type, const void *header, size_t size)
{
	return attribute(buffer, type, header, size) - sizeof(struct rtattr);
}

void nest_end(struct buffer *buffer, size_t nest)
{
	struct rtattr *start = (struct rtattr *)(buffer->data + nest);
	start->rta_len = (uint16_t)(buffer->length - nest);
}
