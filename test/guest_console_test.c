/*
 * guest_console_test.c - a process on a terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "test/guest_fixture.h"

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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      TEST(gives_a_console),
      TEST(lets_the_console_control_its_session),
  };
  return RUN(argc, argv, tests);
}
