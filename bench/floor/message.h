/* Encoding of netlink messages, one after the other in one buffer. */
#ifndef FLOOR_MESSAGE_H
#define FLOOR_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	unsigned char *data;
	size_t length;
	size_t capacity;
};

/* Opens a message with a fixed header of `size` bytes; returns its offset in the buffer. */
size_t message_begin(struct buffer *buffer, uint16_t type, uint16_t flags, const void *header, size_t size);
void message_end(struct buffer *buffer, size_t message);

/* Appends an attribute; returns the offset of its value in the buffer. */
size_t attribute(struct buffer *buffer, uint16_t type, const void *value, size_t size);
size_t attribute_u32(struct buffer *buffer, uint16_t type, uint32_t value);
size_t attribute_text(struct buffer *buffer, uint16_t type, const char *text);

size_t nest_begin(struct buffer *buffer, uint16_t type);
/* A nest that starts with a fixed header, as VETH_INFO_PEER does. */
size_t nest_begin_with_header(struct buffer *buffer, uint16_t type, const void *header, size_t size);
void nest_end(struct buffer *buffer, size_t nest);

#endif
