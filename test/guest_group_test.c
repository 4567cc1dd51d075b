/*
 * guest_group_test.c - processes and the control groups that they are started in.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "test/guest_fixture.h"

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
  const struct CMUnitTest tests[] = {
      TEST(puts_processes_into_groups),
      TEST(works_on_while_processes_are_frozen),
      TEST(does_not_start_what_was_given_up),
  };
  return RUN(argc, argv, tests);
}
