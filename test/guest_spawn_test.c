/*
 * guest_spawn_test.c - a process as the guest starts it: program, streams, environment, user, groups.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "test/guest_fixture.h"

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
    uint32_t length = (uint32_t)command_size + (i == 3);
    hcs_reply reply = call(g.boot, HCS_SPAWN, NULL, length, (int[]){memfd, ends[1]}, 2);
    assert_int_equal(reply.status, HCS_STATUS_MALFORMED);
    reply = call(g.boot, HCS_SPAWN, NULL, length, (int[]){ends[1]}, 1);
    assert_int_equal(reply.status, HCS_STATUS_MALFORMED);
    close(memfd), close(ends[0]), close(ends[1]);
  }
  assert_fds(&g, fds);
  guest_end(&g);
}

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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      TEST(runs_processes),           TEST(tells_why_a_process_cannot_start),
      TEST(joins_the_streams),        TEST(gives_a_clean_environment),
      TEST(takes_any_length),         TEST(finds_users),
      TEST(reads_strange_user_files), TEST(gives_pipes_to_the_user),
  };
  return RUN(argc, argv, tests);
}
