/*
 * guest_service_test.c - the guest's process service, spoken to over its own sockets.
 *
 * The guest runs as PID 1 of a new pid namespace on the host's root (HCS_GUEST_HARNESS names the
 * program, guest_harness.c is its source); so this needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "hcs/guest/protocol.h"

#define PATIENCE_MS 10000 /* for what must happen */
#define MOMENT_MS 50      /* for what must not */
#define BIG 65536

/* ---- a guest ------------------------------------------------------------------------------------- */

typedef struct guest {
  pid_t pid;
  int boot;   /* the creator's connection */
  int ending; /* the creator's exit socket */
  char directory[32];
  char path[64]; /* of the control socket */
} guest;

typedef struct options {
  const char *arguments[4];
  int group; /* descriptors for the guest; 0: none */
  int tasks;
  rlim_t nofile; /* 0: as it is */
  const char *passwd;
  const char *files_group;
} options;

static char self_path[4096];
static guest current; /* what a test that failed leaves */

static const char *harness(void) {
  const char *path = getenv("HCS_GUEST_HARNESS");
  return path != NULL ? path : "build/test/guest_harness";
}

static void write_file(const char *path, const char *text) {
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

static int wait_readable(int fd, int timeout_ms) {
  struct pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, timeout_ms) == 1;
}

/* Up to its BOOT_READY. */
static void guest_boot(guest *g, const options *o) {
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

/* ---- frames -------------------------------------------------------------------------------------- */

static void send_raw(int fd, const void *data, size_t size, const int *fds, size_t fd_count) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(64 * sizeof(int))];
  } control = {0};
  struct iovec part = {(void *)data, size};
  struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd_count > 0) {
    m.msg_control = &control;
    m.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
  }
  ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);
  if (sent >= 0) assert_int_equal(sent, size);
}

static uint32_t next_request = 1;

static uint32_t send_frame(int fd, uint16_t type, const void *payload, uint32_t length,
                           const int *fds, size_t fd_count) {
  static struct {
    hcs_frame frame;
    char payload[HCS_INLINE_MAX];
  } message;
  message.frame = (hcs_frame){HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, type, next_request++, length};
  size_t size = sizeof message.frame;
  if (length <= HCS_INLINE_MAX && length > 0) {
    memcpy(message.payload, payload, length);
    size += length;
  }
  send_raw(fd, &message, size, fds, fd_count);
  return message.frame.request;
}

/* The next reply; its request id is in *request. */
static hcs_reply receive_reply(int fd, uint32_t *request) {
  struct {
    hcs_frame frame;
    hcs_reply reply;
  } message;
  assert_true(wait_readable(fd, PATIENCE_MS));
  ssize_t n = recv(fd, &message, sizeof message, 0);
  /* said once, before what is queued, when the guest ended with requests unread */
  if (n < 0 && errno == ECONNRESET) n = recv(fd, &message, sizeof message, 0);
  assert_int_equal(n, sizeof message);
  assert_int_equal(message.frame.magic, HCS_FRAME_MAGIC);
  assert_int_equal(message.frame.type, HCS_REPLY);
  assert_int_equal(message.frame.length, sizeof(hcs_reply));
  *request = message.frame.request;
  return message.reply;
}

static hcs_reply call(int fd, uint16_t type, const void *payload, uint32_t length, const int *fds,
                      size_t fd_count) {
  uint32_t answered, asked = send_frame(fd, type, payload, length, fds, fd_count);
  hcs_reply reply = receive_reply(fd, &answered);
  assert_int_equal(answered, asked);
  return reply;
}

static uint32_t ask(int fd, uint16_t type) { return call(fd, type, NULL, 0, NULL, 0).status; }

static int is_at_end(int fd) {
  char byte;
  if (!wait_readable(fd, PATIENCE_MS)) return 0;
  ssize_t size = recv(fd, &byte, 1, 0);
  return size == 0 || (size < 0 && errno == ECONNRESET);
}

/* ---- exit sockets -------------------------------------------------------------------------------- */

/* Two ends: ours and the guest's. */
static void exit_pair(int ends[2]) {
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static int has_exit(int fd, int timeout_ms, hcs_exit_record *record) {
  if (!wait_readable(fd, timeout_ms)) return 0;
  return recv(fd, record, sizeof *record, MSG_PEEK) == (ssize_t)sizeof *record;
}

static hcs_exit_record exit_of(int fd) {
  hcs_exit_record record = {0};
  assert_true(has_exit(fd, PATIENCE_MS, &record));
  assert_int_equal(record.magic, HCS_EXIT_MAGIC);
  assert_int_equal(record.version, HCS_PROTOCOL_VERSION);
  return record;
}

static void assert_exit(int fd, uint32_t code, uint32_t signal) {
  hcs_exit_record record = exit_of(fd);
  assert_int_equal(record.kind, HCS_EXIT_PROCESS);
  assert_int_equal(record.code, code);
  assert_int_equal(record.signal, signal);
  assert_int_equal(record.tracked, 1);
}

static void assert_ended(int fd, uint32_t how) {
  hcs_exit_record record = exit_of(fd);
  assert_int_equal(record.kind, HCS_EXIT_SYSTEM);
  assert_int_equal(record.code, how);
}

/* ---- a guest's life ------------------------------------------------------------------------------ */

static void guest_commit(guest *g) {
  int ends[2];
  exit_pair(ends);
  send_frame(g->boot, HCS_COMMIT, NULL, 0, &ends[1], 1);
  close(ends[1]);
  g->ending = ends[0];
}

static void guest_start(guest *g, const options *o) {
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
static int guest_wait(guest *g) {
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

static int clean_up(void **state) {
  (void)state;
  if (current.pid > 0) {
    kill(current.pid, SIGKILL);
    waitpid(current.pid, NULL, 0);
    remove_files(current.directory);
  }
  current.pid = 0;
  return 0;
}

static void guest_end(guest *g) {
  assert_int_equal(ask(g->boot, HCS_TERMINATE), HCS_STATUS_OK);
  assert_ended(g->ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(g), 0);
}

static int guest_fds(const guest *g) {
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
static void assert_fds(const guest *g, int expected) {
  int left, count = 0;
  for (left = PATIENCE_MS; left > 0 && (count = guest_fds(g)) != expected; left--) usleep(1000);
  assert_int_equal(count, expected);
}

static int client_connect(const guest *g) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", g->path);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

static int client_open(const guest *g) {
  hcs_hello hello = {HCS_PROTOCOL_OLDEST, HCS_PROTOCOL_VERSION, 0};
  int fd = client_connect(g);
  hcs_reply reply = call(fd, HCS_HELLO, &hello, sizeof hello, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.version, HCS_PROTOCOL_VERSION);
  return fd;
}

/* One more handle; its exit socket. */
static int client_acquire(int fd) {
  int ends[2];
  exit_pair(ends);
  assert_int_equal(call(fd, HCS_ACQUIRE, NULL, 0, &ends[1], 1).status, HCS_STATUS_OK);
  close(ends[1]);
  return ends[0];
}

/* ---- processes ----------------------------------------------------------------------------------- */

typedef struct process {
  uint64_t spawn;
  uint32_t pid;
  int exit; /* our end of its exit socket */
} process;

typedef struct command {
  const char *user, *directory, *file;
  const char *const *arguments, *const *environment;
  int streams[3]; /* 0: none */
  int console;    /* 0: none */
} command;

static char payload[HCS_PAYLOAD_MAX + 4096];
static size_t payload_size;

static void put(const void *data, size_t size) {
  assert_true(payload_size + size <= sizeof payload);
  memcpy(payload + payload_size, data, size);
  payload_size += size;
}

static void put_text(const char *text) {
  put(text != NULL ? text : "", strlen(text ? text : "") + 1);
}

static uint32_t put_texts(const char *const *texts) {
  uint32_t count = 0;
  for (; texts != NULL && texts[count] != NULL; count++) put_text(texts[count]);
  return count;
}

static void put_command(const command *c) {
  hcs_spawn head = {0};
  payload_size = 0;
  put(&head, sizeof head);
  put_text(c->user);
  put_text(c->directory);
  put_text(c->file);
  head.argc = put_texts(c->arguments);
  head.envc = put_texts(c->environment);
  for (uint32_t i = 0; i < 3; i++)
    if (c->streams[i] > 0) head.flags |= 1u << i;
  if (c->console > 0) head.flags |= HCS_SPAWN_CONSOLE;
  memcpy(payload, &head, sizeof head);
}

static int sealed_payload(int seals) {
  int fd = memfd_create("payload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  assert_int_equal(write(fd, payload, payload_size), payload_size);
  assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

/* Sends the request; the exit socket's end is in p->exit. */
static uint32_t spawn_send(int fd, const command *c, process *p) {
  int fds[5], ends[2], memfd = -1;
  size_t count = 0;
  put_command(c);
  if (payload_size > HCS_INLINE_MAX) {
    memfd = sealed_payload(F_SEAL_SHRINK | F_SEAL_WRITE);
    fds[count++] = memfd;
  }
  exit_pair(ends);
  fds[count++] = ends[1];
  for (int i = 0; i < 3; i++)
    if (c->streams[i] > 0) fds[count++] = c->streams[i];
  if (c->console > 0) fds[count++] = c->console;
  uint32_t request = send_frame(fd, HCS_SPAWN, payload, (uint32_t)payload_size, fds, count);
  close(ends[1]);
  if (memfd >= 0) close(memfd);
  p->exit = ends[0];
  return request;
}

static hcs_reply spawn_try(int fd, const command *c, process *p) {
  uint32_t answered, asked = spawn_send(fd, c, p);
  hcs_reply reply = receive_reply(fd, &answered);
  assert_int_equal(answered, asked);
  p->spawn = reply.spawn;
  p->pid = reply.pid;
  return reply;
}

static process spawn(int fd, const command *c) {
  process p;
  hcs_reply reply = spawn_try(fd, c, &p);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.tracked, 1);
  assert_true(reply.pid > 1);
  assert_true(reply.spawn > 0);
  return p;
}

static process shell(int fd, const char *script) {
  const char *arguments[] = {"sh", "-c", script, NULL};
  return spawn(fd, &(command){.arguments = arguments});
}

static void assert_failed(int fd, const command *c, uint32_t stage, int error) {
  process p;
  hcs_reply reply = spawn_try(fd, c, &p);
  assert_int_equal(reply.status, HCS_STATUS_FAILED);
  assert_int_equal(reply.stage, stage);
  assert_int_equal(reply.error, error);
  assert_int_equal(reply.spawn, 0);
  assert_true(is_at_end(p.exit));
  close(p.exit);
}

/* What the command writes, and its exit code. */
static const char *output_of(int fd, command c, uint32_t code) {
  static char text[BIG];
  size_t size = 0;
  ssize_t n;
  int out[2];
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  c.streams[1] = out[1];
  process p = spawn(fd, &c);
  close(out[1]);
  while ((n = read(out[0], text + size, sizeof text - 1 - size)) > 0) size += (size_t)n;
  text[size] = '\0';
  close(out[0]);
  assert_exit(p.exit, code, 0);
  close(p.exit);
  return text;
}

static const char *shell_output(int fd, const char *user, const char *script) {
  const char *arguments[] = {"sh", "-c", script, NULL};
  return output_of(fd, (command){.user = user, .arguments = arguments}, 0);
}

static hcs_reply open_try(int fd, uint32_t pid, process *p) {
  hcs_target target = {.pid = pid};
  int ends[2];
  exit_pair(ends);
  hcs_reply reply = call(fd, HCS_OPEN, &target, sizeof target, &ends[1], 1);
  close(ends[1]);
  *p = (process){reply.spawn, reply.pid, ends[0]};
  return reply;
}

static process open_pid(int fd, uint32_t pid) {
  process p;
  hcs_reply reply = open_try(fd, pid, &p);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.pid, pid);
  return p;
}

static uint32_t open_status(int fd, uint32_t pid) {
  process p;
  hcs_reply reply = open_try(fd, pid, &p);
  close(p.exit);
  return reply.status;
}

static uint32_t send_signal(int fd, uint64_t spawn_id, int signal, uint32_t group) {
  hcs_target target = {.spawn = spawn_id, .signal = signal, .group = group};
  return call(fd, HCS_SIGNAL, &target, sizeof target, NULL, 0).status;
}

static const char *const sleeping[] = {"sleep", "1000", NULL};
static const command sleeper = {.arguments = sleeping};

/* ---- before the commit --------------------------------------------------------------------------- */

static void ends_without_commit(void **state) {
  (void)state;
  guest g;
  guest_boot(&g, &(options){0});
  close(g.boot);
  g.boot = -1;
  assert_int_equal(WEXITSTATUS(guest_wait(&g)), 1);
}

static void refuses_other_than_commit(void **state) {
  (void)state;
  int ends[2], wrong = open("/dev/null", O_RDWR | O_CLOEXEC);
  exit_pair(ends);
  struct {
    uint16_t type;
    uint32_t length;
    int fds[2];
    size_t count;
  } cases[] = {{HCS_START, 0, {ends[1]}, 1},
               {HCS_COMMIT, 0, {0}, 0},
               {HCS_COMMIT, 4, {ends[1]}, 1},
               {HCS_COMMIT, 0, {ends[1], ends[0]}, 2},
               {HCS_COMMIT, 0, {wrong}, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    guest g;
    guest_boot(&g, &(options){0});
    send_frame(g.boot, cases[i].type, "abcd", cases[i].length, cases[i].fds, cases[i].count);
    assert_int_equal(WEXITSTATUS(guest_wait(&g)), 1);
  }
  close(ends[0]);
  close(ends[1]);
  close(wrong);
}

/* ---- states -------------------------------------------------------------------------------------- */

static void goes_through_its_states(void **state) {
  (void)state;
  guest g;
  process p;
  guest_boot(&g, &(options){0});
  guest_commit(&g);
  assert_int_equal(spawn_try(g.boot, &sleeper, &p).status, HCS_STATUS_STATE);
  close(p.exit);
  assert_int_equal(open_status(g.boot, 2), HCS_STATUS_STATE);
  hcs_reply reply = call(g.boot, HCS_START, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.state, HCS_GUEST_RUNNING);
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_STATE);

  const char *arguments[] = {"sh", "-c", "trap '' TERM; echo ready; sleep 1000 & wait; wait", NULL};
  int out[2];
  char text[16];
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  p = spawn(g.boot, &(command){.arguments = arguments, .streams = {0, out[1], 0}});
  assert_int_equal(read(out[0], text, sizeof text), 6);
  reply = call(g.boot, HCS_SHUTDOWN, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.state, HCS_GUEST_SHUTDOWN);
  assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_STATE);
  process late;
  assert_int_equal(spawn_try(g.boot, &sleeper, &late).status, HCS_STATUS_STATE);
  close(late.exit);
  process again = open_pid(g.boot, p.pid);
  reply = call(g.boot, HCS_TERMINATE, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.state, HCS_GUEST_ENDING);
  assert_exit(p.exit, 137, SIGKILL);
  assert_exit(again.exit, 137, SIGKILL);
  assert_ended(g.ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(&g), 0);
  close(p.exit);
  close(again.exit);
  close(out[0]);
  close(out[1]);
}

static void starts_nothing_while_paused(void **state) {
  (void)state;
  guest g;
  process p;
  guest_boot(&g, &(options){0});
  guest_commit(&g);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_STATE);
  assert_int_equal(ask(g.boot, HCS_RESUME), HCS_STATUS_STATE);
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_OK);
  process before = spawn(g.boot, &sleeper);
  for (int round = 0; round < 2; round++) {
    int other = client_open(&g);
    hcs_reply reply = call(g.boot, HCS_PAUSE, NULL, 0, NULL, 0);
    assert_int_equal(reply.status, HCS_STATUS_OK);
    assert_int_equal(reply.state, HCS_GUEST_PAUSED);
    assert_int_equal(ask(other, HCS_PAUSE), HCS_STATUS_OK); /* the last one may have been killed */
    reply = spawn_try(other, &sleeper, &p);
    assert_int_equal(reply.status, HCS_STATUS_STATE);
    assert_int_equal(reply.state, HCS_GUEST_PAUSED);
    close(p.exit);
    assert_int_equal(ask(other, HCS_START), HCS_STATUS_STATE);
    process again = open_pid(other, before.pid);
    close(again.exit);
    assert_int_equal(ask(other, HCS_RESUME), HCS_STATUS_OK);
    assert_int_equal(ask(other, HCS_RESUME), HCS_STATUS_OK);
    p = shell(g.boot, "exit 3");
    assert_exit(p.exit, 3, 0);
    close(p.exit), close(other);
  }
  close(before.exit);
  guest_end(&g);
}

/* The signal waits for the resume, since it would end what stands still. */
static void shuts_down_while_paused(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  process p = spawn(g.boot, &sleeper);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_OK);
  hcs_reply reply = call(g.boot, HCS_SHUTDOWN, NULL, 0, NULL, 0);
  assert_int_equal(reply.state, HCS_GUEST_SHUTDOWN);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_STATE);
  assert_false(wait_readable(p.exit, MOMENT_MS));
  assert_int_equal(ask(g.boot, HCS_RESUME), HCS_STATUS_OK);
  assert_exit(p.exit, 128 + SIGTERM, SIGTERM);
  assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
  assert_int_equal(guest_wait(&g), 0);
  close(p.exit);
  guest_start(&g, NULL);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_OK);
  assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
  assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
  assert_int_equal(guest_wait(&g), 0);
}

/* v1: frozen processes do not die of the signal alone. */
static void thaws_who_is_to_die(void **state) {
  (void)state;
  guest g;
  int freezer[2];
  char text[16] = "";
  assert_int_equal(pipe2(freezer, O_CLOEXEC), 0);
  guest_start(&g, &(options){.arguments = {"freezer"}, .tasks = freezer[1]});
  process p = spawn(g.boot, &sleeper);
  assert_int_equal(ask(g.boot, HCS_PAUSE), HCS_STATUS_OK);
  assert_false(wait_readable(freezer[0], MOMENT_MS)); /* all else is the client's */
  guest_end(&g);
  assert_int_equal(read(freezer[0], text, sizeof text), 6);
  assert_string_equal(text, "THAWED");
  close(p.exit);
  close(freezer[0]), close(freezer[1]);
}

static void shuts_down_at_once_without_processes(void **state) {
  (void)state;
  for (int started = 0; started < 2; started++) {
    guest g;
    guest_boot(&g, &(options){0});
    guest_commit(&g);
    if (started) assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_OK);
    assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
    assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
    assert_int_equal(guest_wait(&g), 0);
  }
}

static void shutdown_waits_for_the_last(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  const char *arguments[] = {"sh", "-c", "trap 'exit 5' TERM; echo ready; read x", NULL};
  int in[2], out[2];
  char text[16];
  assert_int_equal(pipe2(in, O_CLOEXEC), 0);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  process stubborn =
      spawn(g.boot, &(command){.arguments = arguments, .streams = {in[0], out[1], 0}});
  assert_int_equal(read(out[0], text, sizeof text), 6);
  process plain = spawn(g.boot, &sleeper);
  assert_int_equal(ask(g.boot, HCS_SHUTDOWN), HCS_STATUS_OK);
  assert_exit(plain.exit, 128 + SIGTERM, SIGTERM);
  assert_exit(stubborn.exit, 5, 0);
  assert_ended(g.ending, HCS_SYSTEM_GRACEFUL);
  assert_int_equal(guest_wait(&g), 0);
  close(plain.exit);
  close(stubborn.exit);
  close(in[0]), close(in[1]), close(out[0]), close(out[1]);
}

/* When the container's end can be read, every process' can. */
static void processes_end_before_the_container(void **state) {
  (void)state;
  for (int round = 0; round < 10; round++) {
    guest g;
    process p[20];
    hcs_exit_record record;
    guest_start(&g, NULL);
    for (int i = 0; i < 20; i++) p[i] = spawn(g.boot, &sleeper);
    send_frame(g.boot, round % 2 == 0 ? HCS_TERMINATE : HCS_SHUTDOWN, NULL, 0, NULL, 0);
    exit_of(g.ending);
    for (int i = 0; i < 20; i++) {
      assert_true(has_exit(p[i].exit, 0, &record));
      assert_int_equal(record.signal, round % 2 == 0 ? SIGKILL : SIGTERM);
      close(p[i].exit);
    }
    assert_int_equal(guest_wait(&g), 0);
  }
}

/* ---- processes ----------------------------------------------------------------------------------- */

static void runs_processes(void **state) {
  (void)state;
  static const char *const yes[] = {"/bin/true", NULL};
  guest g;
  guest_start(&g, NULL);
  process p = spawn(g.boot, &(command){.arguments = yes});
  assert_exit(p.exit, 0, 0);
  /* After the one record comes the end. */
  hcs_exit_record record;
  assert_int_equal(recv(p.exit, &record, sizeof record, 0), sizeof record);
  assert_true(is_at_end(p.exit));
  close(p.exit);
  p = shell(g.boot, "exit 7");
  assert_exit(p.exit, 7, 0);
  close(p.exit);
  p = shell(g.boot, "kill -SEGV $$");
  assert_exit(p.exit, 128 + SIGSEGV, SIGSEGV);
  close(p.exit);
  /* The file need not be what argv[0] says. */
  const char *other[] = {"other", "-c", "echo $0", NULL};
  assert_string_equal(output_of(g.boot, (command){.file = "/bin/sh", .arguments = other}, 0),
                      "other\n");
  guest_end(&g);
}

static void tells_why_a_process_cannot_start(void **state) {
  (void)state;
  guest g;
  char path[64], variable[128];
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
#define ARGUMENTS(...)                                                                             \
  (const char *const[]) { __VA_ARGS__, NULL }
  const char *const *yes = ARGUMENTS("true");
  assert_failed(g.boot, &(command){.arguments = ARGUMENTS("not-there")}, HCS_STAGE_EXEC, ENOENT);
  assert_failed(g.boot, &(command){.arguments = ARGUMENTS("/not/there")}, HCS_STAGE_EXEC, ENOENT);
  assert_failed(g.boot, &(command){.arguments = ARGUMENTS("")}, HCS_STAGE_EXEC, ENOENT);
  assert_failed(g.boot, &(command){.arguments = ARGUMENTS("/etc/passwd")}, HCS_STAGE_EXEC, EACCES);
  assert_failed(g.boot, &(command){.arguments = ARGUMENTS("/etc")}, HCS_STAGE_EXEC, EACCES);
  assert_failed(g.boot, &(command){.arguments = yes, .directory = "/not/there"},
                HCS_STAGE_DIRECTORY, ENOENT);
  assert_failed(g.boot, &(command){.arguments = yes, .directory = "/etc/passwd"},
                HCS_STAGE_DIRECTORY, ENOTDIR);
  assert_failed(g.boot, &(command){.arguments = yes, .directory = "/root", .user = "65534"},
                HCS_STAGE_DIRECTORY, EACCES);
  assert_failed(g.boot, &(command){.arguments = yes, .user = "nobody-here"}, HCS_STAGE_USER_LOOKUP,
                0);
  /* Without #!: no shell is tried. */
  snprintf(path, sizeof path, "%s/file", g.directory);
  write_file(path, "true\n");
  chmod(path, 0755);
  assert_failed(g.boot, &(command){.arguments = ARGUMENTS(path)}, HCS_STAGE_EXEC, ENOEXEC);
  /* Not allowed is said rather than not found, but a later directory may have it. */
  chmod(path, 0644);
  snprintf(variable, sizeof variable, "PATH=/nowhere:%s:/etc/passwd", g.directory);
  assert_failed(g.boot,
                &(command){.arguments = ARGUMENTS("file"), .environment = ARGUMENTS(variable)},
                HCS_STAGE_EXEC, EACCES);
  snprintf(path, sizeof path, "%s/other", g.directory);
  write_file(path, "#!/bin/sh\nexit 3\n");
  chmod(path, 0755);
  snprintf(variable, sizeof variable, "PATH=/etc/passwd:/nowhere:%s", g.directory);
  process p = spawn(
      g.boot, &(command){.arguments = ARGUMENTS("other"), .environment = ARGUMENTS(variable)});
  assert_exit(p.exit, 3, 0);
  close(p.exit);
  /* Relative names and an empty PATH mean the new working directory. */
  p = spawn(g.boot, &(command){.arguments = ARGUMENTS("./other"), .directory = g.directory});
  assert_exit(p.exit, 3, 0);
  close(p.exit);
  p = spawn(g.boot, &(command){.arguments = ARGUMENTS("other"),
                               .directory = g.directory,
                               .environment = ARGUMENTS("PATH=")});
  assert_exit(p.exit, 3, 0);
  close(p.exit);
  assert_fds(&g, fds);
  guest_end(&g);
}

static void joins_the_streams(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  int in[2], out[2], error[2];
  char text[64];
  assert_int_equal(pipe2(in, O_CLOEXEC), 0);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  assert_int_equal(pipe2(error, O_CLOEXEC), 0);
  process p = spawn(g.boot, &(command){.arguments = ARGUMENTS("sh", "-c", "cat; echo bad >&2"),
                                       .streams = {in[0], out[1], error[1]}});
  close(in[0]), close(out[1]), close(error[1]);
  assert_int_equal(write(in[1], "hello", 5), 5);
  close(in[1]);
  assert_int_equal(read(out[0], text, sizeof text), 5);
  assert_memory_equal(text, "hello", 5);
  assert_int_equal(read(error[0], text, sizeof text), 4);
  assert_exit(p.exit, 0, 0);
  /* The guest has kept none of the other ends. */
  assert_int_equal(read(out[0], text, sizeof text), 0);
  assert_int_equal(read(error[0], text, sizeof text), 0);
  close(out[0]), close(error[0]), close(p.exit);
  assert_string_equal(
      shell_output(g.boot, "",
                   "readlink /proc/self/fd/0; readlink /proc/$$/fd/2; read x || echo end"),
      "/dev/null\n/dev/null\nend\n");
  assert_fds(&g, fds);
  guest_end(&g);
}

/* The two sides of a new terminal, which does not repeat what is typed. */
static void terminal_pair(int ends[2]) {
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

/* All that is written there until nobody has the other side. */
static const char *master_output(int master) {
  static char text[4096];
  size_t size = 0;
  ssize_t n;
  while ((n = read(master, text + size, sizeof text - 1 - size)) > 0) size += (size_t)n;
  assert_int_equal(n, -1);
  assert_int_equal(errno, EIO);
  text[size] = '\0';
  return text;
}

static void gives_a_console(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g), ends[2];
  struct stat before, after;
  terminal_pair(ends);
  assert_int_equal(fstat(ends[1], &before), 0);
  process p = spawn(
      g.boot, &(command){.user = "1234:77",
                         .arguments = ARGUMENTS("sh", "-c",
                                                "for i in 0 1 2; do test -t $i && echo $i; done; "
                                                "echo mine > /dev/tty; echo bad >&2; "
                                                "read x < $(tty); echo \"<$x>\"; "
                                                "ls /proc/self/fd"),
                         .console = ends[1]});
  assert_int_equal(fstat(ends[1], &after), 0);
  close(ends[1]);
  assert_int_equal(write(ends[0], "hello\n", 6), 6);
  static const char expected[] = "0\r\n1\r\n2\r\nmine\r\nbad\r\n<hello>\r\n0";
  assert_memory_equal(master_output(ends[0]), expected, sizeof expected - 1);
  assert_exit(p.exit, 0, 0);
  /* it is the user's; the rest is as the file system made it */
  assert_int_equal(after.st_uid, 1234);
  assert_int_equal(after.st_gid, before.st_gid);
  assert_int_equal(after.st_mode, before.st_mode);
  close(ends[0]), close(p.exit);
  assert_fds(&g, fds);
  guest_end(&g);
}

/* A terminal's keys reach the foreground, and its end reaches the session. */
static void lets_the_console_control_its_session(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int ends[2];
  char text[64] = "";
  for (int by_key = 1; by_key >= 0; by_key--) {
    terminal_pair(ends);
    process p =
        spawn(g.boot, &(command){.arguments = ARGUMENTS("sh", "-c", "echo up; exec sleep 1000"),
                                 .console = ends[1]});
    close(ends[1]);
    assert_int_equal(read(ends[0], text, sizeof text), 4);
    if (by_key) assert_int_equal(write(ends[0], "\3", 1), 1);
    if (!by_key) close(ends[0]);
    assert_exit(p.exit, 128 + (by_key ? SIGINT : SIGHUP), by_key ? SIGINT : SIGHUP);
    if (by_key) close(ends[0]);
    close(p.exit);
  }
  /* one that controls another session is nobody's to give away */
  terminal_pair(ends);
  process p =
      spawn(g.boot, &(command){.arguments = ARGUMENTS("sleep", "1000"), .console = ends[1]});
  assert_failed(g.boot, &(command){.arguments = ARGUMENTS("true"), .console = ends[1]},
                HCS_STAGE_CONSOLE, EPERM);
  close(ends[0]), close(ends[1]);
  assert_exit(p.exit, 128 + SIGHUP, SIGHUP);
  close(p.exit);
  guest_end(&g);
}

static void gives_a_clean_environment(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int b = g.boot;
  assert_string_equal(output_of(b, (command){.arguments = ARGUMENTS("env")}, 0),
                      "HOME=/root\n"
                      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
  assert_string_equal(output_of(b,
                                (command){.arguments = ARGUMENTS("env"),
                                          .environment = ARGUMENTS("A=", "HOME=/tmp", "PATHS=x",
                                                                   "PATH=/bin", "B=b c")},
                                0),
                      "A=\nHOME=/tmp\nPATHS=x\nPATH=/bin\nB=b c\n");
  assert_string_equal(shell_output(b, "4711", "echo $HOME"), "/\n");
  assert_string_equal(
      shell_output(b, "", "pwd; umask; ulimit -n; ulimit -Hn; ulimit -c; ulimit -Hc"),
      "/\n0022\n1024\n4096\n0\n0\n");
  assert_string_equal(shell_output(b, "", "cd /proc/self/fd && echo *"), "0 1 2 3\n");
  assert_string_equal(
      shell_output(b, "", "grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2 | uniq"),
      "0000000000000000\n");
  /* A session of its own: field 6 of stat; -1 is field 8, no terminal is 0. */
  assert_string_equal(shell_output(b, "",
                                   "set -- $(cat /proc/$$/stat); test $1 = $6 -a $1 = $5 && "
                                   "echo leader $7"),
                      "leader 0\n");
  guest_end(&g);
}

static void takes_any_length(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  static char big[100000];
  memset(big, 'x', sizeof big - 1);
  const char *arguments[] = {"sh", "-c", "echo ${#1} ${#V}", "sh", big, NULL};
  static char variable[sizeof big + 2];
  snprintf(variable, sizeof variable, "V=%s", big);
  assert_string_equal(
      output_of(g.boot, (command){.arguments = arguments, .environment = ARGUMENTS(variable)}, 0),
      "99999 99999\n");
  /* Larger than exec takes. */
  static const char *many[30000];
  for (size_t i = 0; i < 29999; i++) many[i] = i == 0 ? "true" : big + sizeof big - 101;
  assert_failed(g.boot, &(command){.arguments = many}, HCS_STAGE_EXEC, E2BIG);
  /* Not sealed, or not of the length that is said: refused. */
  put_command(&(command){.arguments = arguments});
  for (int i = 0; i < 4; i++) {
    int seals[] = {0, F_SEAL_SHRINK, F_SEAL_WRITE, F_SEAL_SHRINK | F_SEAL_WRITE};
    int ends[2], memfd = sealed_payload(seals[i]);
    exit_pair(ends);
    uint32_t length = (uint32_t)payload_size + (i == 3);
    hcs_reply reply = call(g.boot, HCS_SPAWN, NULL, length, (int[]){memfd, ends[1]}, 2);
    assert_int_equal(reply.status, HCS_STATUS_MALFORMED);
    reply = call(g.boot, HCS_SPAWN, NULL, length, (int[]){ends[1]}, 1);
    assert_int_equal(reply.status, HCS_STATUS_MALFORMED);
    close(memfd), close(ends[0]), close(ends[1]);
  }
  assert_fds(&g, fds);
  guest_end(&g);
}

/* ---- users --------------------------------------------------------------------------------------- */

static const char passwd_text[] = "root:x:0:0:root:/root:/bin/sh\n"
                                  "# a comment\n"
                                  "\n"
                                  "broken:x:12\n"
                                  "negative:x:-1:5::/:\n"
                                  "none:x:4294967295:5::/:\n"
                                  "large:x:4294967296:5::/:\n"
                                  "lab:x:1000:1001:Lab:/home/lab:/bin/sh\n"
                                  "bare:x:1002:1002:::\n"
                                  "lab:x:0:0:second:/:\n"
                                  "last:x:1003:1003::/last:/bin/sh";
static const char group_text[] = "root:x:0:\nwheel:x:10:lab,other\nlab:x:1001:lab\n"
                                 "audio:x:20:other,lab\nlabs:x:30:labx,xlab\nbad:x:x:lab\n"
                                 "video:x:40:lab";

static void finds_users(void **state) {
  (void)state;
  static const struct {
    const char *user, *expected; /* NULL: not found */
  } cases[] = {
      {"", "0 0  /root"},
      {"root", "0 0 0 /root"},
      {"0", "0 0 0 /root"},
      {"0:0", "0 0  /root"},
      {"lab", "1000 1001 1001 10 20 40 /home/lab"},
      {"1000", "1000 1001 1001 10 20 40 /home/lab"},
      {"1000:1001", "1000 1001  /home/lab"},
      {"lab:audio", "1000 20  /home/lab"},
      {"lab:77", "1000 77  /home/lab"},
      {"5000", "5000 0  /"},
      {"5000:wheel", "5000 10  /"},
      {"5000:5001", "5000 5001  /"},
      {"bare", "1002 1002 1002 /"},
      {"last", "1003 1003 1003 /last"},
      {"nobody", NULL},
      {"lab:nobody", NULL},
      {"lab:", NULL},
      {":lab", NULL},
      {":", NULL},
      {"lab:audio:x", NULL},
      {"-1", NULL},
      {"+5", NULL},
      {"0x0", NULL},
      {" 0", NULL},
      {"4294967295", NULL},
      {"4294967296", NULL},
      {"99999999999999999999", NULL},
      {"0:4294967295", NULL},
      {"0:-1", NULL},
      {"broken", NULL},
      {"negative", NULL},
      {"none", NULL},
      {"large", NULL},
      {"0:bad", NULL},
      {"# a comment", NULL},
  };
  static const char script[] =
      "set -- $(grep Uid: /proc/$$/status); u=$2; test $2 = $3 -a $2 = $4 -a $2 = $5 || echo uid;"
      "set -- $(grep Gid: /proc/$$/status); g=$2; test $2 = $3 -a $2 = $4 -a $2 = $5 || echo gid;"
      "set -- $(grep Groups: /proc/$$/status); shift; printf '%s %s %s %s' $u $g \"$*\" $HOME";
  guest g;
  guest_start(&g, &(options){.passwd = passwd_text, .files_group = group_text});
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (cases[i].expected == NULL) {
      assert_failed(g.boot, &(command){.user = cases[i].user, .arguments = ARGUMENTS("true")},
                    HCS_STAGE_USER_LOOKUP, 0);
      continue;
    }
    /* The kernel sorts groups. */
    char sorted[64];
    snprintf(sorted, sizeof sorted, "%s", cases[i].expected);
    if (strstr(sorted, "1001 10 20 40") != NULL)
      snprintf(sorted, sizeof sorted, "1000 1001 10 20 40 1001 /home/lab");
    assert_string_equal(shell_output(g.boot, cases[i].user, script), sorted);
  }
  guest_end(&g);
}

static void reads_strange_user_files(void **state) {
  (void)state;
  static char long_line[20000], file[40000];
  memset(long_line, 'a', sizeof long_line - 1);
  snprintf(file, sizeof file, "%s\nlong:x:1:1:%.5000s:/:\nlab:x:1000:1000::/:\n%.4096s", long_line,
           long_line, long_line);
  guest g;
  guest_start(&g, &(options){.passwd = file, .files_group = ""});
  assert_string_equal(shell_output(g.boot, "lab", "id -u"), "1000\n");
  assert_failed(g.boot, &(command){.user = "long", .arguments = ARGUMENTS("true")},
                HCS_STAGE_USER_LOOKUP, 0);
  guest_end(&g);
}

static void gives_pipes_to_the_user(void **state) {
  (void)state;
  guest g;
  struct stat status;
  int out[2], file = memfd_create("file", MFD_CLOEXEC);
  guest_start(&g, NULL);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  process p =
      spawn(g.boot, &(command){.user = "1234:5",
                               .arguments = ARGUMENTS("sh", "-c", "echo x > /proc/self/fd/1"),
                               .streams = {0, out[1], file}});
  assert_exit(p.exit, 0, 0);
  assert_int_equal(fstat(out[0], &status), 0);
  assert_int_equal(status.st_uid, 1234);
  assert_int_equal(fstat(file, &status), 0);
  assert_int_equal(status.st_uid, 0);
  close(out[0]), close(out[1]), close(file), close(p.exit);
  guest_end(&g);
}

/* ---- several clients ----------------------------------------------------------------------------- */

static void negotiates_the_version(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  static const struct {
    hcs_hello hello;
    uint32_t status;
  } cases[] = {{{1, 1, 0}, HCS_STATUS_OK},
               {{0, 9, 0}, HCS_STATUS_OK},
               {{2, 9, 0}, HCS_STATUS_VERSION},
               {{0, 0, 0}, HCS_STATUS_VERSION},
               {{2, 1, 0}, HCS_STATUS_MALFORMED}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int c = client_connect(&g);
    hcs_reply reply = call(c, HCS_HELLO, &cases[i].hello, sizeof(hcs_hello), NULL, 0);
    assert_int_equal(reply.status, cases[i].status);
    if (reply.status == HCS_STATUS_OK) assert_int_equal(reply.version, 1);
    close(c);
  }
  /* Nothing before it, and not twice. */
  int c = client_connect(&g);
  assert_int_equal(ask(c, HCS_START), HCS_STATUS_MALFORMED);
  close(c);
  c = client_open(&g);
  assert_int_equal(call(c, HCS_HELLO, &cases[0].hello, sizeof(hcs_hello), NULL, 0).status,
                   HCS_STATUS_MALFORMED);
  close(c);
  guest_end(&g);
}

static void clients_share_processes(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  int a = client_open(&g), b = client_open(&g);
  process p = spawn(a, &sleeper);
  process q = open_pid(b, p.pid);
  assert_true(q.spawn == p.spawn);
  hcs_exit_record record;
  assert_false(has_exit(q.exit, MOMENT_MS, &record));
  assert_int_equal(send_signal(b, q.spawn, SIGUSR1, 0), HCS_STATUS_OK);
  assert_exit(p.exit, 128 + SIGUSR1, SIGUSR1);
  assert_exit(q.exit, 128 + SIGUSR1, SIGUSR1);
  /* Opened after its end, by somebody else. */
  process late = open_pid(g.boot, p.pid);
  assert_true(late.spawn == p.spawn);
  assert_exit(late.exit, 128 + SIGUSR1, SIGUSR1);
  assert_int_equal(send_signal(b, q.spawn, SIGTERM, 0), HCS_STATUS_EXITED);
  close(p.exit), close(q.exit), close(late.exit), close(a), close(b);
  late = open_pid(g.boot, p.pid);
  assert_exit(late.exit, 128 + SIGUSR1, SIGUSR1);
  close(late.exit);
  assert_fds(&g, fds);
  guest_end(&g);
}

static void opens_only_processes(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  static const uint32_t pids[] = {0, 1, 30000, 0x7fffffff, 0x80000000, 0xffffffff};
  for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++)
    assert_int_equal(open_status(g.boot, pids[i]), HCS_STATUS_NOT_FOUND);
  assert_int_equal(send_signal(g.boot, 0, SIGTERM, 0), HCS_STATUS_NOT_FOUND);
  assert_int_equal(send_signal(g.boot, UINT64_MAX, SIGTERM, 0), HCS_STATUS_NOT_FOUND);
  process p = spawn(g.boot, &sleeper);
  assert_int_equal(send_signal(g.boot, p.spawn, 0, 0), HCS_STATUS_MALFORMED);
  assert_int_equal(send_signal(g.boot, p.spawn, 65, 0), HCS_STATUS_MALFORMED);
  assert_int_equal(send_signal(g.boot, p.spawn, -1, 0), HCS_STATUS_MALFORMED);
  assert_int_equal(send_signal(g.boot, p.spawn + 0x10000, 9, 0), HCS_STATUS_NOT_FOUND);
  assert_int_equal(send_signal(g.boot, p.spawn, 64, 0), HCS_STATUS_OK);
  assert_exit(p.exit, 128 + 64, 64);
  close(p.exit);
  guest_end(&g);
}

static void signals_the_group(void **state) {
  (void)state;
  guest g;
  char text[16];
  int out[2];
  guest_start(&g, NULL);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  process p =
      spawn(g.boot, &(command){.arguments = ARGUMENTS("sh", "-c", "sleep 1000 & echo x; wait"),
                               .streams = {0, out[1], 0}});
  close(out[1]);
  assert_int_equal(read(out[0], text, sizeof text), 2);
  assert_int_equal(send_signal(g.boot, p.spawn, SIGKILL, 1), HCS_STATUS_OK);
  assert_exit(p.exit, 137, SIGKILL);
  /* The sleep held it, too. */
  assert_int_equal(read(out[0], text, sizeof text), 0);
  close(out[0]), close(p.exit);
  guest_end(&g);
}

/* A process that was not started by SPAWN: pid of a daemon's, written by a shell. */
static uint32_t stranger(int fd) {
  return (uint32_t)atoi(shell_output(fd, "", "setsid sleep 1000 <&- >/dev/null 2>&1 & echo $!"));
}

static void opens_strangers(void **state) {
  (void)state;
  guest g;
  process p, q, r;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  uint32_t pid = stranger(g.boot);
  hcs_reply reply = open_try(g.boot, pid, &p);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.tracked, 0);
  q = open_pid(g.boot, pid);
  assert_true(q.spawn == p.spawn);
  assert_fds(&g, fds + 3);
  close(q.exit);
  assert_fds(&g, fds + 2);
  assert_int_equal(send_signal(g.boot, p.spawn, SIGCONT, 1), HCS_STATUS_OK);
  assert_int_equal(send_signal(g.boot, p.spawn, SIGTERM, 0), HCS_STATUS_OK);
  hcs_exit_record record = exit_of(p.exit);
  assert_int_equal(record.tracked, 0);
  assert_int_equal(record.code, 0);
  assert_int_equal(send_signal(g.boot, p.spawn, SIGTERM, 0), HCS_STATUS_EXITED);
  r = open_pid(g.boot, pid);
  assert_int_equal(exit_of(r.exit).tracked, 0);
  close(p.exit), close(r.exit);
  assert_fds(&g, fds);
  assert_int_equal(open_status(g.boot, pid), HCS_STATUS_NOT_FOUND);
  /* One that lives when the container ends. */
  p = open_pid(g.boot, stranger(g.boot));
  send_frame(g.boot, HCS_TERMINATE, NULL, 0, NULL, 0);
  exit_of(g.ending);
  assert_true(has_exit(p.exit, 0, &record));
  assert_int_equal(record.tracked, 0);
  close(p.exit);
  assert_int_equal(guest_wait(&g), 0);
}

/* A zombie, and a thread, are no processes to open. */
static void does_not_open_zombies(void **state) {
  (void)state;
  guest g;
  char text[16] = {0};
  int out[2];
  guest_start(&g, NULL);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  process p = spawn(g.boot, &(command){.arguments = ARGUMENTS("sh", "-c",
                                                              "sh -c 'exit 1' & echo $!; "
                                                              "exec sleep 1000"),
                                       .streams = {0, out[1], 0}});
  assert_true(read(out[0], text, sizeof text - 1) > 0);
  /* It may still be alive for a moment. */
  uint32_t status = HCS_STATUS_OK;
  for (int i = 0; i < PATIENCE_MS && status == HCS_STATUS_OK; i++) {
    status = open_status(g.boot, (uint32_t)atoi(text));
    usleep(1000);
  }
  assert_int_equal(status, HCS_STATUS_NOT_FOUND);
  close(out[0]), close(out[1]), close(p.exit);
  guest_end(&g);
}

static void keeps_the_last_ended(void **state) {
  (void)state;
  guest g;
  enum { MANY = 1100 };
  static process p[MANY];
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  for (int i = 0; i < MANY; i++) {
    p[i] = spawn(g.boot, &(command){.arguments = ARGUMENTS("/bin/false")});
    assert_exit(p[i].exit, 1, 0);
    if (i > 0) close(p[i].exit);
  }
  assert_fds(&g, fds + 1);
  /* The first is watched, so it stays besides. */
  assert_int_equal(open_status(g.boot, p[0].pid), HCS_STATUS_OK);
  assert_int_equal(open_status(g.boot, p[1].pid), HCS_STATUS_NOT_FOUND);
  assert_int_equal(open_status(g.boot, p[MANY - 1025].pid), HCS_STATUS_NOT_FOUND);
  assert_int_equal(open_status(g.boot, p[MANY - 1000].pid), HCS_STATUS_OK);
  assert_int_equal(open_status(g.boot, p[MANY - 1].pid), HCS_STATUS_OK);
  close(p[0].exit);
  assert_fds(&g, fds);
  guest_end(&g);
}

/* A new process with this pid, which is free: its exit socket is in the result. */
static process spawn_with_pid(int fd, uint32_t pid, const char *script) {
  char set[80];
  for (int i = 0; i < 100; i++) {
    snprintf(set, sizeof set, "echo %u > /proc/sys/kernel/ns_last_pid", pid - 1);
    process p = shell(fd, set);
    assert_exit(p.exit, 0, 0);
    close(p.exit);
    p = shell(fd, script);
    if (p.pid == pid) return p;
    close(p.exit);
  }
  fail();
  return (process){0};
}

static void tells_processes_of_one_pid_apart(void **state) {
  (void)state;
  guest g;
  if (access("/proc/sys/kernel/ns_last_pid", W_OK) != 0) skip();
  guest_start(&g, NULL);
  process first = shell(g.boot, "exit 1");
  assert_exit(first.exit, 1, 0);
  process second = spawn_with_pid(g.boot, first.pid, "exit 2");
  assert_exit(second.exit, 2, 0);
  assert_true(first.spawn != second.spawn);
  process p = open_pid(g.boot, first.pid);
  assert_true(p.spawn == second.spawn);
  assert_exit(p.exit, 2, 0);
  close(p.exit);
  /* What runs goes before what has ended, and old handles do not reach it. */
  process third = spawn_with_pid(g.boot, first.pid, "exec sleep 1000");
  p = open_pid(g.boot, first.pid);
  assert_true(p.spawn == third.spawn);
  assert_int_equal(send_signal(g.boot, first.spawn, SIGKILL, 0), HCS_STATUS_EXITED);
  hcs_exit_record record;
  assert_false(has_exit(p.exit, MOMENT_MS, &record));
  close(p.exit), close(first.exit), close(second.exit), close(third.exit);
  /* The pid of one that we did not start. */
  process old = open_pid(g.boot, stranger(g.boot));
  assert_int_equal(send_signal(g.boot, old.spawn, SIGKILL, 0), HCS_STATUS_OK);
  exit_of(old.exit);
  process young = spawn_with_pid(g.boot, old.pid, "exec sleep 1000");
  p = open_pid(g.boot, old.pid);
  assert_true(p.spawn == young.spawn);
  assert_int_equal(send_signal(g.boot, old.spawn, SIGKILL, 0), HCS_STATUS_EXITED);
  close(old.exit), close(young.exit), close(p.exit);
  guest_end(&g);
}

/* ---- handles ------------------------------------------------------------------------------------- */

static void ends_with_the_last_handle(void **state) {
  (void)state;
  guest g;
  const options last = {.arguments = {"last"}};
  guest_start(&g, &last);
  int a = client_open(&g), b = client_open(&g);
  int ending_a = client_acquire(a), ending_b = client_acquire(b), ending_b2 = client_acquire(b);
  process p = spawn(a, &sleeper);
  hcs_reply reply = call(g.boot, HCS_RELEASE, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.ending, 0);
  assert_int_equal(ask(g.boot, HCS_RELEASE), HCS_STATUS_STATE);
  close(b); /* a crash: two handles */
  assert_int_equal(ask(g.boot, HCS_START), HCS_STATUS_STATE);
  reply = call(a, HCS_RELEASE, NULL, 0, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.ending, 1);
  assert_int_equal(reply.state, HCS_GUEST_ENDING);
  assert_exit(p.exit, 137, SIGKILL);
  assert_ended(ending_a, HCS_SYSTEM_FORCED);
  assert_ended(ending_b, HCS_SYSTEM_FORCED);
  assert_ended(ending_b2, HCS_SYSTEM_FORCED);
  assert_ended(g.ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(&g), 0);
  close(a), close(ending_a), close(ending_b), close(ending_b2), close(p.exit);

  /* The creator crashes. */
  guest_start(&g, &last);
  close(g.boot);
  g.boot = -1;
  assert_ended(g.ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(&g), 0);
}

static void outlives_its_handles(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  process p = spawn(g.boot, &sleeper);
  hcs_reply reply = call(g.boot, HCS_RELEASE, NULL, 0, NULL, 0);
  assert_int_equal(reply.ending, 0);
  close(g.boot);
  g.boot = client_open(&g);
  process q = open_pid(g.boot, p.pid);
  assert_true(q.spawn == p.spawn);
  close(p.exit), close(q.exit);
  guest_end(&g);
}

/* ---- frames that are not right ------------------------------------------------------------------- */

static void answers_malformed_frames(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC), root = open("/", O_PATH | O_CLOEXEC);
  int directory = open("/", O_RDONLY | O_CLOEXEC), stream[2], file = memfd_create("x", MFD_CLOEXEC);
  exit_pair(ends);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream), 0);
  int e = ends[1];
  static char zeros[HCS_INLINE_MAX];
  put_command(&sleeper);
  char good[256], bad[10][256];
  size_t size = payload_size;
  int terminal[2], half;
  terminal_pair(terminal);
  half = ioctl(terminal[0], TIOCGPTPEER, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  assert_true(half >= 0);
  memcpy(good, payload, size);
  for (int i = 0; i < 10; i++) memcpy(bad[i], good, size);
  ((hcs_spawn *)bad[0])->argc = 0;
  ((hcs_spawn *)bad[1])->argc = 3;
  ((hcs_spawn *)bad[2])->argc = 1;
  ((hcs_spawn *)bad[3])->envc = UINT32_MAX;
  ((hcs_spawn *)bad[4])->argc = UINT32_MAX;
  ((hcs_spawn *)bad[5])->flags = 16;
  ((hcs_spawn *)bad[6])->flags = 1; /* but no stream comes */
  bad[7][size - 1] = 'x';
  ((hcs_spawn *)bad[8])->flags = HCS_SPAWN_CONSOLE; /* but something else comes */
  ((hcs_spawn *)bad[9])->flags = HCS_SPAWN_CONSOLE | HCS_SPAWN_STDERR;
#define LENGTH (uint32_t) size
  const struct {
    uint16_t type;
    const void *payload;
    uint32_t length;
    int fds[8];
    size_t count;
  } cases[] = {
      {0, NULL, 0, {0}, 0},
      {HCS_REPLY, zeros, sizeof(hcs_reply), {0}, 0},
      {HCS_COMMIT, NULL, 0, {e}, 1},
      {15, NULL, 0, {0}, 0},
      {HCS_RESUME + 1, NULL, 0, {0}, 0},
      {HCS_PAUSE, zeros, 1, {0}, 0},
      {HCS_RESUME, NULL, 0, {e}, 1},
      {65535, NULL, 0, {0}, 0},
      {HCS_START, zeros, 1, {0}, 0},
      {HCS_START, NULL, 0, {e}, 1},
      {HCS_START, zeros, HCS_INLINE_MAX, {0}, 0},
      {HCS_START, NULL, HCS_INLINE_MAX + 1, {file}, 1},
      {HCS_START, NULL, UINT32_MAX, {file}, 1},
      {HCS_RELEASE, NULL, 0, {null}, 1},
      {HCS_ACQUIRE, NULL, 0, {0}, 0},
      {HCS_ACQUIRE, NULL, 0, {e, e}, 2},
      {HCS_ACQUIRE, NULL, 0, {null}, 1},
      {HCS_ACQUIRE, NULL, 0, {stream[0]}, 1},
      {HCS_ACQUIRE, NULL, 0, {root}, 1},
      {HCS_OPEN, zeros, sizeof(hcs_target) - 1, {e}, 1},
      {HCS_OPEN, zeros, sizeof(hcs_target) + 1, {e}, 1},
      {HCS_OPEN, zeros, sizeof(hcs_target), {0}, 0},
      {HCS_SIGNAL, zeros, sizeof(hcs_target), {e}, 1},
      {HCS_SPAWN, good, LENGTH, {0}, 0},
      {HCS_SPAWN, good, LENGTH, {null}, 1},
      {HCS_SPAWN, good, LENGTH, {e, null}, 2},
      {HCS_SPAWN, good, LENGTH, {e, null, null, null, null}, 5},
      {HCS_SPAWN, good, LENGTH, {e, null, null, null, null, null}, 6},
      {HCS_SPAWN, good, LENGTH, {e, null, null, null, null, null, null, null}, 8},
      {HCS_SPAWN, good, LENGTH - 1, {e}, 1},
      {HCS_SPAWN, good, sizeof(hcs_spawn), {e}, 1},
      {HCS_SPAWN, good, sizeof(hcs_spawn) - 1, {e}, 1},
      {HCS_SPAWN, bad[0], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[1], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[2], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[3], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[4], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[5], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[6], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[6], LENGTH, {e, directory}, 2},
      {HCS_SPAWN, bad[6], LENGTH, {e, root}, 2},
      {HCS_SPAWN, bad[7], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[8], LENGTH, {e}, 1},
      {HCS_SPAWN, bad[8], LENGTH, {e, null}, 2},
      {HCS_SPAWN, bad[8], LENGTH, {e, half}, 2},
      {HCS_SPAWN, bad[8], LENGTH, {e, root}, 2},
      {HCS_SPAWN, bad[8], LENGTH, {e, terminal[1], terminal[1]}, 3},
      {HCS_SPAWN, bad[9], LENGTH, {e, terminal[1]}, 2},
      {HCS_SPAWN, bad[9], LENGTH, {e, terminal[1], null}, 3},
  };
  int c = client_open(&g);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hcs_reply reply =
        call(c, cases[i].type, cases[i].payload, cases[i].length, cases[i].fds, cases[i].count);
    if (reply.status != HCS_STATUS_MALFORMED) print_error("case %zu\n", i);
    assert_int_equal(reply.status, HCS_STATUS_MALFORMED);
  }
  /* More or less bytes than the length says, another version: the id can be read. */
  struct {
    hcs_frame frame;
    char payload[HCS_INLINE_MAX + 16];
  } raw = {{HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_START, 77, 0}, {0}};
  uint32_t id;
  send_raw(c, &raw, sizeof raw.frame + 1, NULL, 0);
  assert_int_equal(receive_reply(c, &id).status, HCS_STATUS_MALFORMED);
  send_raw(c, &raw, sizeof raw, &e, 1);
  assert_int_equal(receive_reply(c, &id).status, HCS_STATUS_MALFORMED);
  raw.frame.version = 2;
  send_raw(c, &raw, sizeof raw.frame, NULL, 0);
  assert_int_equal(receive_reply(c, &id).status, HCS_STATUS_MALFORMED);
  assert_int_equal(id, 77);
  raw.frame.version = HCS_PROTOCOL_VERSION;
  raw.frame.length = 5;
  send_raw(c, &raw, sizeof raw.frame, NULL, 0);
  assert_int_equal(receive_reply(c, &id).status, HCS_STATUS_MALFORMED);
  /* No frame at all: dropped. */
  send_raw(c, &raw, sizeof raw.frame - 1, &e, 1);
  assert_true(is_at_end(c));
  close(c);
  c = client_open(&g);
  raw.frame.magic++;
  send_raw(c, &raw, sizeof raw.frame, &e, 1);
  assert_true(is_at_end(c));
  close(c);
  assert_fds(&g, fds);
  close(ends[0]), close(ends[1]), close(null), close(root), close(directory), close(file);
  close(stream[0]), close(stream[1]);
  close(terminal[0]), close(terminal[1]), close(half);
  guest_end(&g);
}

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit) {
  random_state = random_state * 1664525 + 1013904223;
  return (random_state >> 8) % limit;
}

/* Frames with right headers and random insides, and noise. What would end the container is left out. */
static size_t fuzz_frame(uint8_t *data) {
  size_t length = random_below(3) == 0 ? random_below(400) : random_below(48);
  hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, 0, random_below(1000), 0};
  uint32_t type = random_below(13);
  for (size_t i = 0; i < sizeof frame + length; i++)
    data[i] = (uint8_t)(random_below(2) == 0 ? 0 : random_below(256));
  frame.type = (uint16_t)(type > HCS_RESUME - HCS_HELLO ? random_below(16) : HCS_HELLO + type);
  if (frame.type == HCS_SHUTDOWN || frame.type == HCS_TERMINATE) frame.type = HCS_SIGNAL;
  frame.length = (uint32_t)length + (random_below(10) == 0 ? random_below(100000) : 0);
  if (random_below(20) == 0) frame.magic ^= 1u << random_below(32);
  if (random_below(20) == 0) frame.version = (uint16_t)random_below(4);
  memcpy(data, &frame, sizeof frame);
  if (frame.type == HCS_SPAWN && length >= sizeof(hcs_spawn) + 8 && random_below(2) == 0) {
    hcs_spawn head = {random_below(17), 1 + random_below(3), random_below(3), 0};
    memcpy(data + sizeof frame, &head, sizeof head);
  }
  return sizeof frame + length;
}

static void survives_noise(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g), ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
  static uint8_t data[BIG];
  const char *seed = getenv("HCS_FUZZ_SEED"), *rounds = getenv("HCS_FUZZ_ROUNDS");
  random_state = seed != NULL ? (uint32_t)strtoul(seed, NULL, 0) : (uint32_t)time(NULL);
  print_message("HCS_FUZZ_SEED=%u\n", random_state);
  exit_pair(ends);
  int c = client_open(&g);
  for (long i = rounds != NULL ? atol(rounds) : 20000; i > 0; i--) {
    int sent[8] = {ends[1], null, ends[0], null, null, null, null, null};
    size_t size = fuzz_frame(data),
           count = random_below(4) == 0 ? random_below(8) : random_below(2);
    send_raw(c, data, size, sent, count);
    while (recv(c, data, sizeof data, MSG_DONTWAIT) > 0) {
    }
    if (random_below(50) == 0) {
      close(c);
      c = random_below(10) == 0 ? client_connect(&g) : client_open(&g);
    }
  }
  close(c);
  close(ends[0]), close(ends[1]);
  assert_fds(&g, fds);
  assert_int_equal(ask(g.boot, HCS_RESUME), HCS_STATUS_OK); /* the noise may have paused it */
  process p = shell(g.boot, "exit 4");
  assert_exit(p.exit, 4, 0);
  close(p.exit), close(null);
  guest_end(&g);
}

/* ---- clients and processes that misbehave -------------------------------------------------------- */

static void survives_clients_that_go(void **state) {
  (void)state;
  guest g;
  process p;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  for (int i = 0; i < 200; i++) {
    int c = client_open(&g);
    for (int k = i % 4; k >= 0; k--) {
      spawn_send(c,
                 k % 2 == 0 ? &(command){.arguments = ARGUMENTS("/bin/true")}
                            : &(command){.arguments = ARGUMENTS("/not/there")},
                 &p);
      close(p.exit);
    }
    close(c);
  }
  assert_fds(&g, fds);
  /* The request of a client that goes at once is done all the same, and its process lives on. */
  int c = client_open(&g), out[2];
  char text[8];
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  spawn_send(c,
             &(command){.arguments = ARGUMENTS("sh", "-c", "echo x; exec sleep 1000"),
                        .streams = {0, out[1], 0}},
             &p);
  close(c);
  assert_int_equal(read(out[0], text, sizeof text), 2);
  send_frame(g.boot, HCS_TERMINATE, NULL, 0, NULL, 0);
  assert_exit(p.exit, 137, SIGKILL);
  close(p.exit), close(out[0]), close(out[1]);
  assert_int_equal(guest_wait(&g), 0);
}

static void drops_clients_that_do_not_read(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g), c = client_open(&g);
  hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_START, 1, 0};
  ssize_t sent = 0;
  for (int i = 0; i < 100000 && sent >= 0; i++) sent = send(c, &frame, sizeof frame, MSG_NOSIGNAL);
  assert_true(sent < 0);
  assert_fds(&g, fds);
  close(c);
  process p = shell(g.boot, "exit 4");
  assert_exit(p.exit, 4, 0);
  close(p.exit);
  guest_end(&g);
}

static void runs_many_at_once(void **state) {
  (void)state;
  guest g;
  enum { MANY = 200 };
  process p[MANY];
  uint32_t requests[MANY], answered;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  for (int i = 0; i < MANY; i++) {
    char script[32];
    snprintf(script, sizeof script, "exit %d", i % 100);
    const char *arguments[] = {"sh", "-c", script, NULL};
    requests[i] = spawn_send(g.boot, &(command){.arguments = arguments}, &p[i]);
    p[i].spawn = 0;
  }
  for (int i = 0; i < MANY; i++) {
    hcs_reply reply = receive_reply(g.boot, &answered);
    assert_int_equal(reply.status, HCS_STATUS_OK);
    for (int k = 0; k < MANY; k++)
      if (requests[k] == answered) p[k].spawn = reply.spawn;
  }
  for (int i = 0; i < MANY; i++) {
    assert_true(p[i].spawn != 0);
    assert_exit(p[i].exit, (uint32_t)i % 100, 0);
    close(p[i].exit);
  }
  assert_fds(&g, fds);
  guest_end(&g);
}

static void reaps_orphans(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  process p =
      shell(g.boot, "i=0; while [ $i -lt 1000 ]; do (true & true &); i=$((i+1)); done; exit 9");
  assert_exit(p.exit, 9, 0);
  close(p.exit);
  const char *script = "while grep -qs '^State:.Z' /proc/[0-9]*/status; do :; done; echo clean";
  assert_string_equal(shell_output(g.boot, "", script), "clean\n");
  guest_end(&g);
}

/* TERMINATE wins against processes that fork all the time, and against those that wait. */
static void ends_a_fork_storm(void **state) {
  (void)state;
  for (int i = 0; i < 5; i++) {
    guest g;
    guest_start(&g, NULL);
    process p[4];
    for (int k = 0; k < 4; k++)
      p[k] = shell(g.boot,
                   "trap '' TERM; f() { while :; do (sleep 0.001 &) ; (:); done; }; f & f & f");
    usleep(20000);
    guest_end(&g);
    for (int k = 0; k < 4; k++) {
      assert_exit(p[k].exit, 137, SIGKILL);
      close(p[k].exit);
    }
  }
}

/* A request in hand when the end begins is answered with the state, or was in time. */
/* Whether another reply is queued; passes over the one ECONNRESET of receive_reply(). */
static int more_replies(int fd) {
  char byte;
  if (!wait_readable(fd, PATIENCE_MS)) return 0;
  ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_TRUNC);
  if (n < 0 && errno == ECONNRESET) n = recv(fd, &byte, 1, MSG_PEEK | MSG_TRUNC);
  return n > 0;
}

static void ends_while_spawning(void **state) {
  (void)state;
  for (int round = 0; round < 20; round++) {
    guest g;
    enum { MANY = 30 };
    process p[MANY];
    uint32_t request;
    guest_start(&g, NULL);
    int c = client_open(&g);
    for (int i = 0; i < MANY; i++) spawn_send(c, &sleeper, &p[i]);
    usleep((useconds_t)round * 200);
    assert_int_equal(ask(g.boot, round % 2 == 0 ? HCS_TERMINATE : HCS_SHUTDOWN), HCS_STATUS_OK);
    exit_of(g.ending);
    int started = 0, refused = 0, ended = 0, silent = 0;
    hcs_exit_record record;
    while (more_replies(c)) {
      hcs_reply reply = receive_reply(c, &request);
      if (reply.status == HCS_STATUS_OK)
        started++;
      else if (reply.status == HCS_STATUS_STATE)
        refused++;
      else
        fail();
    }
    for (int i = 0; i < MANY; i++) {
      if (has_exit(p[i].exit, PATIENCE_MS, &record))
        ended++;
      else
        silent++;
      close(p[i].exit);
    }
    assert_int_equal(started, ended);
    assert_int_equal(ended + silent, MANY);
    assert_true(refused <= silent);
    close(c);
    assert_int_equal(guest_wait(&g), 0);
  }
}

/* ---- what only the outside may, and what has an end ----------------------------------------------- */

static void serves_nobody_inside(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  process p = spawn(g.boot, &(command){.arguments = ARGUMENTS(self_path, "--connect", g.path)});
  assert_exit(p.exit, 0, 0);
  close(p.exit);
  assert_fds(&g, fds);
  guest_end(&g);
}

/* Inside the container: 0 if the guest closes the connection without a word. */
static int connect_from_inside(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_TERMINATE, 1, 0};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return 2;
  send(fd, &frame, sizeof frame, MSG_NOSIGNAL);
  char byte;
  ssize_t size = recv(fd, &byte, 1, 0);
  return size == 0 || (size < 0 && errno == ECONNRESET) ? 0 : 3;
}

/* ---- disks --------------------------------------------------------------------------------------- */

static uint32_t hold(const guest *g, uint32_t lun, const int *fd) {
  const hcs_held held = {lun, 0};
  return call(g->boot, fd != NULL ? HCS_HOLD : HCS_LET_GO, &held, sizeof held, fd, fd != NULL)
      .status;
}

/* Some block device of this machine; loop0 is there where loop devices are. */
static int block_device_open(void) {
  static const char *const paths[] = {"/dev/loop0", "/dev/vda", "/dev/sda"};
  int fd = -1;
  for (size_t i = 0; i < sizeof paths / sizeof *paths && fd < 0; i++)
    fd = open(paths[i], O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  return fd;
}

static void holds_devices(void **state) {
  (void)state;
  guest g;
  guest_start(&g, &(options){0});
  int fds = guest_fds(&g), device = block_device_open();
  assert_int_equal(hold(&g, 0, &device), HCS_STATUS_OK);
  assert_int_equal(hold(&g, HCS_DISKS_MAX - 1, &device), HCS_STATUS_OK);
  assert_fds(&g, fds + 2);
  assert_int_equal(hold(&g, 0, &device), HCS_STATUS_OK); /* instead of the other */
  assert_fds(&g, fds + 2);
  assert_int_equal(hold(&g, 0, NULL), HCS_STATUS_OK);
  assert_int_equal(hold(&g, 0, NULL), HCS_STATUS_OK);
  assert_fds(&g, fds + 1);
  assert_int_equal(hold(&g, HCS_DISKS_MAX - 1, NULL), HCS_STATUS_OK);
  assert_fds(&g, fds);
  close(device);
  guest_end(&g);
}

static void holds_nothing_else(void **state) {
  (void)state;
  guest g;
  guest_start(&g, &(options){0});
  int fds = guest_fds(&g), device = block_device_open(), file = open("/dev/null", O_RDONLY);
  const hcs_held held = {0, 0};
  const int both[] = {device, device};
  assert_int_equal(hold(&g, 0, &file), HCS_STATUS_MALFORMED);
  assert_int_equal(hold(&g, HCS_DISKS_MAX, &device), HCS_STATUS_MALFORMED);
  assert_int_equal(hold(&g, UINT32_MAX, NULL), HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_HOLD, &held, sizeof held, NULL, 0).status,
                   HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_HOLD, &held, sizeof held, both, 2).status,
                   HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_HOLD, NULL, 0, &device, 1).status, HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_LET_GO, &held, sizeof held, &device, 1).status,
                   HCS_STATUS_MALFORMED);
  assert_fds(&g, fds);
  close(device);
  close(file);
  guest_end(&g);
}

/* ---- shortage ------------------------------------------------------------------------------------ */

static void says_when_it_is_full(void **state) {
  (void)state;
  guest g;
  guest_start(&g, &(options){.nofile = 320}); /* 24 connections, 120 exit sockets */
  int fds = guest_fds(&g), clients[23], sockets[200];
  for (int i = 0; i < 23; i++) clients[i] = client_open(&g);
  uint32_t request;
  int surplus = client_connect(&g);
  assert_int_equal(receive_reply(surplus, &request).status, HCS_STATUS_FULL);
  assert_true(is_at_end(surplus));
  close(surplus);
  int count = 0;
  hcs_reply reply = {0};
  for (; count < 200; count++) {
    int ends[2];
    exit_pair(ends);
    reply = call(g.boot, HCS_ACQUIRE, NULL, 0, &ends[1], 1);
    close(ends[1]);
    sockets[count] = ends[0];
    if (reply.status != HCS_STATUS_OK) break;
  }
  assert_int_equal(reply.status, HCS_STATUS_FULL);
  assert_int_equal(count, 119);
  process p;
  assert_int_equal(spawn_try(g.boot, &sleeper, &p).status, HCS_STATUS_FULL);
  close(p.exit);
  for (int i = 0; i <= count; i++) close(sockets[i]);
  for (int i = 0; i < 23; i++) close(clients[i]);
  assert_fds(&g, fds);
  p = shell(g.boot, "ulimit -Hn | grep -x 320");
  assert_exit(p.exit, 0, 0);
  close(p.exit);
  guest_end(&g);
}

static double processor_seconds(const guest *g) {
  unsigned long user = 0, kernel = 0;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/stat", g->pid);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_int_equal(
      fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel), 2);
  fclose(f);
  return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* Its tables keep it from using up its descriptors; if others take them away it waits, and asks on. */
static void goes_on_after_a_shortage(void **state) {
  (void)state;
  guest g;
  process p;
  uint32_t request;
  struct rlimit normal, low;
  hcs_hello hello = {HCS_PROTOCOL_OLDEST, HCS_PROTOCOL_VERSION, 0};
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  assert_int_equal(prlimit(g.pid, RLIMIT_NOFILE, NULL, &normal), 0);
  low = (struct rlimit){4, normal.rlim_max};
  assert_int_equal(prlimit(g.pid, RLIMIT_NOFILE, &low, NULL), 0);
  int c = client_connect(&g);
  send_frame(c, HCS_HELLO, &hello, sizeof hello, NULL, 0);
  double before = processor_seconds(&g);
  assert_false(wait_readable(c, 400));
  assert_true(processor_seconds(&g) - before < 0.2);
  /* The exit socket does not get through. */
  assert_int_equal(spawn_try(g.boot, &sleeper, &p).status, HCS_STATUS_MALFORMED);
  close(p.exit);
  assert_int_equal(prlimit(g.pid, RLIMIT_NOFILE, &normal, NULL), 0);
  assert_int_equal(receive_reply(c, &request).status, HCS_STATUS_OK);
  close(c);
  assert_fds(&g, fds);
  guest_end(&g);
}

/* A new cgroup v2 directory, and whether there can be one. */
static int make_group(char *group, size_t size) {
  static const char *const trees[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
  char path[128];
  for (size_t i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/cgroup.procs", trees[i]);
    if (access(path, W_OK) != 0) continue;
    snprintf(group, size, "%s/hcs-guest-test-%d", trees[i], getpid());
    return mkdir(group, 0755) == 0;
  }
  return 0;
}

static void remove_group(const char *group) {
  int left = PATIENCE_MS;
  while (rmdir(group) != 0 && left-- > 0) usleep(1000);
  assert_true(left > 0);
}

static void puts_processes_into_groups(void **state) {
  (void)state;
  guest g;
  int tasks[2];
  char group[128], text[8];
  if (!make_group(group, sizeof group)) skip();
  assert_int_equal(pipe2(tasks, O_CLOEXEC), 0);
  int directory = open(group, O_PATH | O_CLOEXEC);
  guest_start(&g,
              &(options){.arguments = {"group", "tasks"}, .group = directory, .tasks = tasks[1]});
  close(tasks[1]);
  assert_non_null(strstr(shell_output(g.boot, "", "grep ^0: /proc/self/cgroup"), "hcs-guest-test"));
  assert_int_equal(read(tasks[0], text, sizeof text), 1);
  assert_int_equal(text[0], '0');
  close(tasks[0]);
  assert_failed(g.boot, &sleeper, HCS_STAGE_PROCESS_CGROUP, EPIPE);
  guest_end(&g);
  close(directory);
  remove_group(group);
}

/* A child that does not get to its exec keeps nobody else waiting. */
static void works_on_while_processes_are_frozen(void **state) {
  (void)state;
  guest g;
  process p, q;
  uint32_t request;
  char group[128], path[160];
  if (!make_group(group, sizeof group)) skip();
  snprintf(path, sizeof path, "%s/cgroup.freeze", group);
  int directory = open(group, O_PATH | O_CLOEXEC);
  guest_start(&g, &(options){.arguments = {"group"}, .group = directory});
  process before = spawn(g.boot, &sleeper);
  for (int thaw = 1; thaw >= 0; thaw--) {
    int c = client_open(&g), d = client_open(&g);
    write_file(path, "1");
    spawn_send(g.boot, &sleeper, &p);
    spawn_send(c, &sleeper, &q);
    assert_int_equal(ask(d, HCS_START), HCS_STATUS_STATE);
    process again = open_pid(d, before.pid);
    close(again.exit);
    send_raw(d, "noise", 5, NULL, 0);
    assert_true(is_at_end(d));
    assert_false(wait_readable(g.boot, MOMENT_MS));
    close(d);
    if (thaw) {
      write_file(path, "0");
      assert_int_equal(receive_reply(g.boot, &request).status, HCS_STATUS_OK);
      assert_int_equal(receive_reply(c, &request).status, HCS_STATUS_OK);
    } else {
      send_frame(g.boot, HCS_TERMINATE, NULL, 0, NULL, 0);
      assert_int_equal(receive_reply(g.boot, &request).status, HCS_STATUS_OK);
      assert_int_equal(receive_reply(g.boot, &request).status, HCS_STATUS_STATE);
      assert_int_equal(receive_reply(c, &request).status, HCS_STATUS_STATE);
      assert_true(is_at_end(p.exit));
      assert_exit(before.exit, 137, SIGKILL);
    }
    close(c), close(p.exit), close(q.exit);
  }
  assert_ended(g.ending, HCS_SYSTEM_FORCED);
  assert_int_equal(guest_wait(&g), 0);
  close(before.exit), close(directory);
  remove_group(group);
}

/* Its client closes the exit socket before it has an answer: then nobody would know of the process. */
static void does_not_start_what_was_given_up(void **state) {
  (void)state;
  guest g;
  process p;
  uint32_t request;
  int output[2];
  char group[128], path[160], byte;
  if (!make_group(group, sizeof group)) skip();
  snprintf(path, sizeof path, "%s/cgroup.freeze", group);
  int directory = open(group, O_PATH | O_CLOEXEC);
  guest_start(&g, &(options){.arguments = {"group"}, .group = directory});
  assert_int_equal(pipe2(output, O_CLOEXEC), 0);
  write_file(path, "1");
  spawn_send(g.boot,
             &(command){.arguments = ARGUMENTS("/bin/echo", "late"), .streams = {0, output[1], 0}},
             &p);
  close(output[1]);
  assert_false(wait_readable(g.boot, MOMENT_MS));
  close(p.exit);
  /* an answer to something else: by then the guest has seen the hang-up */
  int c = client_open(&g);
  assert_int_equal(ask(c, HCS_START), HCS_STATUS_STATE);
  close(c);
  write_file(path, "0");
  assert_int_equal(read(output[0], &byte, 1), 0);
  receive_reply(g.boot, &request);
  close(output[0]), close(directory);
  guest_end(&g);
  remove_group(group);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--connect") == 0) return connect_from_inside(argv[2]);
  if (geteuid() != 0 || access(harness(), X_OK) != 0) {
    fprintf(stderr, "guest_service_test: needs root and the program %s\n", harness());
    return 1;
  }
  if (readlink("/proc/self/exe", self_path, sizeof self_path - 1) < 0) return 1;
  if (argc > 1) cmocka_set_test_filter(argv[1]);
#define TEST(name) cmocka_unit_test_teardown(name, clean_up)
  const struct CMUnitTest tests[] = {
      TEST(ends_without_commit),
      TEST(refuses_other_than_commit),
      TEST(goes_through_its_states),
      TEST(starts_nothing_while_paused),
      TEST(shuts_down_while_paused),
      TEST(thaws_who_is_to_die),
      TEST(shuts_down_at_once_without_processes),
      TEST(shutdown_waits_for_the_last),
      TEST(processes_end_before_the_container),
      TEST(runs_processes),
      TEST(tells_why_a_process_cannot_start),
      TEST(joins_the_streams),
      TEST(gives_a_console),
      TEST(lets_the_console_control_its_session),
      TEST(gives_a_clean_environment),
      TEST(takes_any_length),
      TEST(finds_users),
      TEST(reads_strange_user_files),
      TEST(gives_pipes_to_the_user),
      TEST(negotiates_the_version),
      TEST(clients_share_processes),
      TEST(opens_only_processes),
      TEST(signals_the_group),
      TEST(opens_strangers),
      TEST(does_not_open_zombies),
      TEST(keeps_the_last_ended),
      TEST(tells_processes_of_one_pid_apart),
      TEST(ends_with_the_last_handle),
      TEST(outlives_its_handles),
      TEST(answers_malformed_frames),
      TEST(survives_noise),
      TEST(survives_clients_that_go),
      TEST(drops_clients_that_do_not_read),
      TEST(runs_many_at_once),
      TEST(reaps_orphans),
      TEST(ends_a_fork_storm),
      TEST(ends_while_spawning),
      TEST(serves_nobody_inside),
      TEST(holds_devices),
      TEST(holds_nothing_else),
      TEST(says_when_it_is_full),
      TEST(goes_on_after_a_shortage),
      TEST(puts_processes_into_groups),
      TEST(works_on_while_processes_are_frozen),
      TEST(does_not_start_what_was_given_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
