/*
 * memfd.h - bytes in a sealed memory file, to be handed over by descriptor.
 */
#ifndef HCS_LINUX_MEMFD_H
#define HCS_LINUX_MEMFD_H

#include <stddef.h>

#include "../error.h"

/* A memfd with these bytes that nobody can change or shrink any more; -1 on failure. */
int hcs_memfd_make(const char *name, const void *data, size_t size, hcs_error *err);
/* Writes the bytes into `fd` and seals its content. */
int hcs_memfd_fill(int fd, const void *data, size_t size, hcs_error *err);

#endif
