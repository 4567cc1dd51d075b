/*
 * guest_peer.c - what a client of a guest says and hears, for the tests of the guest's service.
 */
#include "test/guest_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/un.h>

void send_raw(int fd, const void *data, size_t size, const int *fds, size_t fd_count) {
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

uint32_t send_frame(int fd, uint16_t type, const void *payload, uint32_t length, const int *fds,
                    size_t fd_count) {
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
hcs_reply receive_reply(int fd, uint32_t *request) {
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

hcs_reply call(int fd, uint16_t type, const void *payload, uint32_t length, const int *fds,
               size_t fd_count) {
  uint32_t answered, asked = send_frame(fd, type, payload, length, fds, fd_count);
  hcs_reply reply = receive_reply(fd, &answered);
  assert_int_equal(answered, asked);
  return reply;
}

uint32_t ask(int fd, uint16_t type) { return call(fd, type, NULL, 0, NULL, 0).status; }

int is_at_end(int fd) {
  char byte;
  if (!wait_readable(fd, PATIENCE_MS)) return 0;
  ssize_t size = recv(fd, &byte, 1, 0);
  return size == 0 || (size < 0 && errno == ECONNRESET);
}

/* Two ends: ours and the guest's. */
void exit_pair(int ends[2]) {
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

int has_exit(int fd, int timeout_ms, hcs_exit_record *record) {
  if (!wait_readable(fd, timeout_ms)) return 0;
  return recv(fd, record, sizeof *record, MSG_PEEK) == (ssize_t)sizeof *record;
}

hcs_exit_record exit_of(int fd) {
  hcs_exit_record record = {0};
  assert_true(has_exit(fd, PATIENCE_MS, &record));
  assert_int_equal(record.magic, HCS_EXIT_MAGIC);
  assert_int_equal(record.version, HCS_PROTOCOL_VERSION);
  return record;
}

void assert_exit(int fd, uint32_t code, uint32_t signal) {
  hcs_exit_record record = exit_of(fd);
  assert_int_equal(record.kind, HCS_EXIT_PROCESS);
  assert_int_equal(record.code, code);
  assert_int_equal(record.signal, signal);
  assert_int_equal(record.tracked, 1);
}

void assert_ended(int fd, uint32_t how) {
  hcs_exit_record record = exit_of(fd);
  assert_int_equal(record.kind, HCS_EXIT_SYSTEM);
  assert_int_equal(record.code, how);
}

int client_connect(const guest *g) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", g->path);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

int client_open(const guest *g) {
  hcs_hello hello = {HCS_PROTOCOL_OLDEST, HCS_PROTOCOL_VERSION, 0};
  int fd = client_connect(g);
  hcs_reply reply = call(fd, HCS_HELLO, &hello, sizeof hello, NULL, 0);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.version, HCS_PROTOCOL_VERSION);
  return fd;
}

/* One more handle; its exit socket. */
int client_acquire(int fd) {
  int ends[2];
  exit_pair(ends);
  assert_int_equal(call(fd, HCS_ACQUIRE, NULL, 0, &ends[1], 1).status, HCS_STATUS_OK);
  close(ends[1]);
  return ends[0];
}

char command_bytes[HCS_PAYLOAD_MAX + 4096];

size_t command_size;

static void put(const void *data, size_t size) {
  assert_true(command_size + size <= sizeof command_bytes);
  memcpy(command_bytes + command_size, data, size);
  command_size += size;
}

static void put_text(const char *text) {
  put(text != NULL ? text : "", strlen(text ? text : "") + 1);
}

static uint32_t put_texts(const char *const *texts) {
  uint32_t count = 0;
  for (; texts != NULL && texts[count] != NULL; count++) put_text(texts[count]);
  return count;
}

void put_command(const command *c) {
  hcs_spawn head = {0};
  command_size = 0;
  put(&head, sizeof head);
  put_text(c->user);
  put_text(c->directory);
  put_text(c->file);
  head.argc = put_texts(c->arguments);
  head.envc = put_texts(c->environment);
  for (uint32_t i = 0; i < 3; i++)
    if (c->streams[i] > 0) head.flags |= 1u << i;
  if (c->console > 0) head.flags |= HCS_SPAWN_CONSOLE;
  memcpy(command_bytes, &head, sizeof head);
}

int sealed_payload(int seals) {
  int fd = memfd_create("payload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  assert_int_equal(write(fd, command_bytes, command_size), command_size);
  assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

/* Sends the request; the exit socket's end is in p->exit. */
uint32_t spawn_send(int fd, const command *c, process *p) {
  int fds[5], ends[2], memfd = -1;
  size_t count = 0;
  put_command(c);
  if (command_size > HCS_INLINE_MAX) {
    memfd = sealed_payload(F_SEAL_SHRINK | F_SEAL_WRITE);
    fds[count++] = memfd;
  }
  exit_pair(ends);
  fds[count++] = ends[1];
  for (int i = 0; i < 3; i++)
    if (c->streams[i] > 0) fds[count++] = c->streams[i];
  if (c->console > 0) fds[count++] = c->console;
  uint32_t request = send_frame(fd, HCS_SPAWN, command_bytes, (uint32_t)command_size, fds, count);
  close(ends[1]);
  if (memfd >= 0) close(memfd);
  p->exit = ends[0];
  return request;
}

hcs_reply spawn_try(int fd, const command *c, process *p) {
  uint32_t answered, asked = spawn_send(fd, c, p);
  hcs_reply reply = receive_reply(fd, &answered);
  assert_int_equal(answered, asked);
  p->spawn = reply.spawn;
  p->pid = reply.pid;
  return reply;
}

process spawn(int fd, const command *c) {
  process p;
  hcs_reply reply = spawn_try(fd, c, &p);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.tracked, 1);
  assert_true(reply.pid > 1);
  assert_true(reply.spawn > 0);
  return p;
}

process shell(int fd, const char *script) {
  const char *arguments[] = {"sh", "-c", script, NULL};
  return spawn(fd, &(command){.arguments = arguments});
}

void assert_failed(int fd, const command *c, uint32_t stage, int error) {
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
const char *output_of(int fd, command c, uint32_t code) {
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

const char *shell_output(int fd, const char *user, const char *script) {
  const char *arguments[] = {"sh", "-c", script, NULL};
  return output_of(fd, (command){.user = user, .arguments = arguments}, 0);
}

hcs_reply open_try(int fd, uint32_t pid, process *p) {
  hcs_target target = {.pid = pid};
  int ends[2];
  exit_pair(ends);
  hcs_reply reply = call(fd, HCS_OPEN, &target, sizeof target, &ends[1], 1);
  close(ends[1]);
  *p = (process){reply.spawn, reply.pid, ends[0]};
  return reply;
}

process open_pid(int fd, uint32_t pid) {
  process p;
  hcs_reply reply = open_try(fd, pid, &p);
  assert_int_equal(reply.status, HCS_STATUS_OK);
  assert_int_equal(reply.pid, pid);
  return p;
}

uint32_t open_status(int fd, uint32_t pid) {
  process p;
  hcs_reply reply = open_try(fd, pid, &p);
  close(p.exit);
  return reply.status;
}

uint32_t send_signal(int fd, uint64_t spawn_id, int signal, uint32_t group) {
  hcs_target target = {.spawn = spawn_id, .signal = signal, .group = group};
  return call(fd, HCS_SIGNAL, &target, sizeof target, NULL, 0).status;
}

static const char *const sleeping[] = {"sleep", "1000", NULL};

const command sleeper = {.arguments = sleeping};
