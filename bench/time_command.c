/*
 * time_command ROUNDS COMMAND [ARGUMENT …] - runs a command so many times, one after the other, and
 * prints the wall time of a run in ms: minimum, median, 90 % below. For peers that are programs.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int run(char **command, const posix_spawn_file_actions_t *actions) {
  int status;
  pid_t pid;
  if (posix_spawnp(&pid, command[0], actions, NULL, command, environ) != 0) return -1;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv) {
  int rounds = argc > 2 ? atoi(argv[1]) : 0, i;
  double *times = calloc((size_t)(rounds > 0 ? rounds : 1), sizeof *times);
  posix_spawn_file_actions_t actions;
  if (rounds <= 0 || times == NULL) {
    fprintf(stderr, "usage: time_command ROUNDS COMMAND [ARGUMENT ...]\n");
    return 64;
  }
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (i = -1; i < rounds; i++) { /* the first one warms up and is not counted */
    double begin = now_ms();
    if (run(argv + 2, &actions) != 0) {
      fprintf(stderr, "time_command: %s failed\n", argv[2]);
      return 1;
    }
    if (i >= 0) times[i] = now_ms() - begin;
  }
  qsort(times, (size_t)rounds, sizeof *times, compare);
  printf("%.2f %.2f %.2f\n", times[0], times[rounds / 2], times[rounds * 9 / 10]);
  return 0;
}
