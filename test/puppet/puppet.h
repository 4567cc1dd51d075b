/*
 * puppet.h - what the puppet asks of its operating system. Texts are UTF-8.
 */
#ifndef PUPPET_H
#define PUPPET_H

#include <stddef.h>

/* 0 with all bytes written, -1 if nobody reads any more. `output` is 1 or 2. */
int put(int output, const char *bytes, size_t size);
/* Of standard input: the number of bytes, 0 at its end. */
size_t get(char *bytes, size_t capacity);
/* One of 0 to 2. */
void shut(int standard);

/* What asks a process to end ends it no more. */
void ignore_requests(void);
void sleep_ms(unsigned milliseconds);
/* What this process has used of the processor. */
unsigned long used_ms(void);
unsigned long own_pid(void);
/* A process with the same standard streams, which only sleeps; its pid. */
unsigned long start_sleeper(unsigned seconds);

/* Owned; NULL if it is not set. */
char *variable(const char *name);
char *working_directory(void);

/* The whole program. */
int perform(int count, char **words);

#endif
