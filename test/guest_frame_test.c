/*
 * guest_frame_test.c - frames that are not right: each is answered as malformed, or ends its connection,
 * and costs the guest nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "test/guest_fixture.h"

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
  size_t size = command_size;
  int terminal[2], half;
  terminal_pair(terminal);
  half = ioctl(terminal[0], TIOCGPTPEER, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  assert_true(half >= 0);
  memcpy(good, command_bytes, size);
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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      TEST(answers_malformed_frames),
      TEST(survives_noise),
  };
  return RUN(argc, argv, tests);
}
