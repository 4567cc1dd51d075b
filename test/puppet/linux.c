/*
 * linux.c - the puppet's Linux.
 */
#include "puppet.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int put(int output, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(output, bytes, size);

    if (written < 0) return -1;
    bytes += written;
    size -= (size_t)written;
  }
  return 0;
}

size_t get(char *bytes, size_t capacity) {
  ssize_t size = read(0, bytes, capacity);

  return size > 0 ? (size_t)size : 0;
}

void shut(int standard) { close(standard); }

void ignore_requests(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
}

void sleep_ms(unsigned milliseconds) {
  struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

  while (nanosleep(&left, &left) != 0) continue;
}

unsigned long used_ms(void) {
  struct timespec used;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (unsigned long)used.tv_sec * 1000 + (unsigned long)used.tv_nsec / 1000000;
}

unsigned long own_pid(void) { return (unsigned long)getpid(); }

unsigned long start_sleeper(unsigned seconds) {
  pid_t pid = fork();

  if (pid == 0) {
    sleep_ms(seconds * 1000);
    _exit(0);
  }
  return (unsigned long)pid;
}

char *variable(const char *name) {
  const char *value = getenv(name);

  return value != NULL ? strdup(value) : NULL;
}

char *working_directory(void) { return getcwd(NULL, 0); }

int main(int count, char **words) { return perform(count, words); }
