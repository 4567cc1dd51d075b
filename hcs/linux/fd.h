/*
 * fd.h - descriptors that close themselves, and small reads and writes by name.
 */
#ifndef HCS_LINUX_FD_H
#define HCS_LINUX_FD_H

#include <stddef.h>
#include <unistd.h>

#define HCS_AUTO_FD __attribute__((cleanup(hcs_fd_cleanup))) int
#define HCS_AUTO_FREE __attribute__((cleanup(hcs_free_cleanup)))

/* Closes `*fd` unless it is -1, and makes it -1; errno stays. */
void hcs_fd_close(int *fd);
void hcs_fd_cleanup(int *fd);
void hcs_free_cleanup(void *pointer_to_pointer);
/*
 * The same descriptor from 3 on: a host program that has closed its standard streams goes on writing
 * to these numbers. Stays where it is when no other number is free.
 */
int hcs_fd_raise(int fd);
/* Gives the descriptor away: returns it and makes `*fd` -1. */
int hcs_fd_take(int *fd);

/* Writes a short text into an existing file below `dir`. 0, or -1 with errno. */
int hcs_file_put(int dir, const char *path, const char *text);
/* Reads at most `size`-1 bytes of a file and ends them with a NUL. Their number, or -1 with errno. */
long hcs_file_get(int dir, const char *path, char *text, size_t size);

#endif
