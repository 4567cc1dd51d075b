/*
 * guest_fixture.c - a guest for the tests of its service.
 */
#include "test/guest_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

char guest_test_path[4096];

static guest current; /* what a test that failed leaves */

static const char *harness(void) {
  const char *path = getenv("HCS_GUEST_HARNESS");
  return path != NULL ? path : "build/test/guest_harness";
}

void write_file(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
  assert_int_equal(fclose(f), 0);
}

/* In the new process: the mounts are its own. */
static void cover(const char *directory, const char *name, const char *target, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *f = fopen(path, "w");
  if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) _exit(99);
  if (mount(path, target, NULL, MS_BIND, NULL) != 0) _exit(99);
}

static void place(int fd, int number) {
  if (fd > 0 && dup3(fd, number, 0) < 0) _exit(98);
}

static void guest_exec(const guest *g, const options *o, int boot, int control) {
  char *arguments[6] = {(char *)"guest"};
  char *environment[] = {NULL};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) _exit(99);
  if (mount("proc", "/proc", "proc", 0, NULL) != 0) _exit(99);
  if (o->passwd != NULL) cover(g->directory, "passwd", "/etc/passwd", o->passwd);
  if (o->files_group != NULL) cover(g->directory, "group", "/etc/group", o->files_group);
  for (int i = 0; i < 4; i++) arguments[i + 1] = (char *)o->arguments[i];
  int image = open(harness(), O_RDONLY | O_CLOEXEC);
  int moved[] = {fcntl(boot, F_DUPFD, 20), fcntl(control, F_DUPFD, 20),
                 o->group > 0 ? fcntl(o->group, F_DUPFD, 20) : -1,
                 o->tasks > 0 ? fcntl(o->tasks, F_DUPFD, 20) : -1};
  image = fcntl(image, F_DUPFD_CLOEXEC, 20);
  close_range(0, 19, 0);
  place(moved[0], 0);
  place(moved[1], 2);
  place(moved[2], 3);
  place(moved[3], 4);
  close_range(5, ~0u, CLOSE_RANGE_CLOEXEC);
  if (o->nofile > 0) {
    struct rlimit limit = {o->nofile / 2, o->nofile};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(97);
  }
  signal(SIGPIPE, SIG_IGN); /* as a host program may have it */
  fexecve(image, arguments, environment);
  _exit(96);
}

static int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 64), 0);
  return fd;
}

int wait_readable(int fd, int timeout_ms) {
  struct pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, timeout_ms) == 1;
}

/* Up to its BOOT_READY. */
void guest_boot(guest *g, const options *o) {
  struct {
    hcs_frame frame;
    hcs_boot report;
  } ready;
  int boot[2];
  *g = (guest){.boot = -1, .ending = -1};
  snprintf(g->directory, sizeof g->directory, "/tmp/hcs-guest-XXXXXX");
  assert_non_null(mkdtemp(g->directory));
  assert_int_equal(chmod(g->directory, 0755), 0);
  snprintf(g->path, sizeof g->path, "%s/s", g->directory);
  int control = listen_at(g->path);
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, boot), 0);
  long flags = CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;
  g->pid = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
  assert_true(g->pid >= 0);
  if (g->pid == 0) guest_exec(g, o, boot[1], control);
  current = *g;
  close(boot[1]);
  close(control);
  g->boot = boot[0];
  g->ending = -1;
  assert_true(wait_readable(g->boot, PATIENCE_MS));
  assert_int_equal(recv(g->boot, &ready, sizeof ready, 0), sizeof ready);
  assert_int_equal(ready.frame.magic, HCS_FRAME_MAGIC);
  assert_int_equal(ready.frame.type, HCS_BOOT_READY);
  assert_int_equal(ready.frame.length, sizeof(hcs_boot));
}

void guest_commit(guest *g) {
  int ends[2];
  exit_pair(ends);
  send_frame(g->boot, HCS_COMMIT, NULL, 0, &ends[1], 1);
  close(ends[1]);
  g->ending = ends[0];
}

void guest_start(guest *g, const options *o) {
  static const options none;
  guest_boot(g, o != NULL ? o : &none);
  guest_commit(g);
  assert_int_equal(ask(g->boot, HCS_START), HCS_STATUS_OK);
}

static void remove_files(const char *directory) {
  static const char *const files[] = {"passwd", "group", "s", "file", "other"};
  char name[64];
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    snprintf(name, sizeof name, "%s/%s", directory, files[i]);
    unlink(name);
  }
  rmdir(directory);
}

/* The guest's exit status when it is gone, within the patience. */
int guest_wait(guest *g) {
  int status = -1, left;
  for (left = PATIENCE_MS; left > 0; left--) {
    if (waitpid(g->pid, &status, WNOHANG) == g->pid) break;
    usleep(1000);
  }
  assert_true(left > 0);
  current.pid = 0;
  if (g->boot >= 0) close(g->boot);
  if (g->ending >= 0) close(g->ending);
  remove_files(g->directory);
  return status;
}

int clean_up(void **state) {
  (void)state;
  if (current.pid > 0) {
    kill(current.pid, SIGKILL);
    waitpid(current.pid, NULL, 0);
    remove_files(current.directory);
  }
  current.pid = 0;
  return 0;
}

void guest_end(guest *g) {
  assert_int_equal(ask(g->boot, HCS_TERMINATE), HCS_STATUS_OK);
  assert_ended(g->ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(g), 0);
}

int guest_fds(const guest *g) {
  char path[64];
  int count = 0;
  snprintf(path, sizeof path, "/proc/%d/fd", g->pid);
  DIR *directory = opendir(path);
  assert_non_null(directory);
  while (readdir(directory) != NULL) count++;
  closedir(directory);
  return count;
}

/* The guest closes what is no longer used a moment after its clients do. */
void assert_fds(const guest *g, int expected) {
  int left, count = 0;
  for (left = PATIENCE_MS; left > 0 && (count = guest_fds(g)) != expected; left--) usleep(1000);
  assert_int_equal(count, expected);
}

/* The two sides of a new terminal, which does not repeat what is typed. */
void terminal_pair(int ends[2]) {
  const int unlocked = 0;
  struct termios modes;
  ends[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert_true(ends[0] >= 0);
  assert_int_equal(ioctl(ends[0], TIOCSPTLCK, &unlocked), 0);
  ends[1] = ioctl(ends[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert_true(ends[1] >= 0);
  assert_int_equal(tcgetattr(ends[1], &modes), 0);
  modes.c_lflag &= ~(tcflag_t)ECHO;
  assert_int_equal(tcsetattr(ends[1], TCSANOW, &modes), 0);
}

int guest_prepare(int argc, char **argv) {
  if (geteuid() != 0 || access(harness(), X_OK) != 0) {
    fprintf(stderr, "%s: needs root and the program %s\n", argv[0], harness());
    return -1;
  }
  if (readlink("/proc/self/exe", guest_test_path, sizeof guest_test_path - 1) < 0) return -1;
  if (argc > 1) cmocka_set_test_filter(argv[1]);
  return 0;
}
