/*
 * quiet_write.h - write(2) without its signals, which end a program that did not expect to be writing.
 */
#ifndef HCS_LINUX_QUIET_WRITE_H
#define HCS_LINUX_QUIET_WRITE_H

#include <sys/types.h>

/* As write(2), but for SIGPIPE (nobody reads) and SIGXFSZ (beyond the program's limit, ulimit -f). */
ssize_t hcs_write_quietly(int fd, const void *data, size_t size);
/* All of it. 0, or -1 with errno. For files: does not wait for a pipe's reader. */
int hcs_write_whole(int fd, const void *data, size_t size);

#endif
