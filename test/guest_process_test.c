/*
 * guest_process_test.c - what the guest knows of processes: who opens them, their signals and their ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "test/guest_fixture.h"

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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      TEST(clients_share_processes),
      TEST(opens_only_processes),
      TEST(signals_the_group),
      TEST(opens_strangers),
      TEST(does_not_open_zombies),
      TEST(keeps_the_last_ended),
      TEST(tells_processes_of_one_pid_apart),
      TEST(runs_many_at_once),
      TEST(reaps_orphans),
  };
  return RUN(argc, argv, tests);
}
