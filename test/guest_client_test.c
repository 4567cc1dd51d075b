/*
 * guest_client_test.c - clients that are of another version, go, do not read, come from inside, or are
 * too many.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "test/guest_fixture.h"

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

static void serves_nobody_inside(void **state) {
  (void)state;
  guest g;
  guest_start(&g, NULL);
  int fds = guest_fds(&g);
  process p =
      spawn(g.boot, &(command){.arguments = ARGUMENTS(guest_test_path, "--connect", g.path)});
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

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--connect") == 0) return connect_from_inside(argv[2]);
  const struct CMUnitTest tests[] = {
      TEST(negotiates_the_version),         TEST(survives_clients_that_go),
      TEST(drops_clients_that_do_not_read), TEST(serves_nobody_inside),
      TEST(says_when_it_is_full),           TEST(goes_on_after_a_shortage),
  };
  return RUN(argc, argv, tests);
}
