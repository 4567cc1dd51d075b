/*
 * devpts_test.c - what the host opens in a container's tree by itself: its root, its terminals.
 *
 * A child stands for the guest; root, for chroot(2). What a guest has put in the place of /dev/pts and
 * /proc must be found out before it is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hcs/linux/devpts.h"
#include "hcs/linux/guest_root.h"
#include "hcs/linux/process_stat.h"
#include "test/error_fixture.h"

static void assert_fails(int result, uint64_t code, const char *text) {
  assert_int_equal(result, -1);
  if (hcs_error_kind(err) != code || strstr(hcs_error_message(err), text) == NULL)
    print_error("%s\n", hcs_error_message(err));
  assert_true(hcs_error_kind(err) == code);
  assert_non_null(strstr(hcs_error_message(err), text));
}

/* ---- a guest -------------------------------------------------------------------------------------- */

/* A process in a session of its own, below `root` if not NULL, controlled by `terminal` if not -1. */
static void guest_start(hcs_status_page *status, const char *root, int terminal) {
  int ready[2];
  char byte;
  assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
  memset(status, 0, sizeof *status);
  status->guest = fork();
  if (status->guest == 0) {
    setsid();
    if ((root == NULL || chroot(root) == 0) &&
        (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) == 0) && write(ready[1], "", 1) == 1)
      for (;;) pause();
    _exit(1);
  }
  close(ready[1]);
  assert_int_equal(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  assert_int_equal(hcs_process_start_get(status->guest, &status->guest_start, err), 0);
}

static void guest_end(const hcs_status_page *status) {
  kill(status->guest, SIGKILL);
  assert_int_equal(waitpid(status->guest, NULL, 0), status->guest);
}

/* A folder with what the shell script makes in it. */
static const char *tree_make(const char *script) {
  static char root[32];
  char command[1024];
  (void)snprintf(root, sizeof root, "/tmp/hcs-devpts.XXXXXX");
  assert_non_null(mkdtemp(root));
  (void)snprintf(command, sizeof command, "cd %s && %s", root, script);
  assert_int_equal(system(command), 0);
  return root;
}

static void tree_remove(const char *root) {
  char command[64];
  (void)snprintf(command, sizeof command, "rm -rf --one-file-system %s", root);
  assert_int_equal(system(command), 0);
}

static const hcs_console_size wide = {.width = 132, .height = 43};

static void assert_size(int terminal, hcs_console_size size) {
  struct winsize window;
  assert_int_equal(ioctl(terminal, TIOCGWINSZ, &window), 0);
  assert_int_equal(window.ws_col, size.width);
  assert_int_equal(window.ws_row, size.height);
}

/* ---- the root ------------------------------------------------------------------------------------- */

static void the_root_is_that_of_the_guest(void **state) {
  (void)state;
  const char *tree =
      tree_make("mkdir in && echo inside > in/name && ln -s / up && ln -s ../.. above && "
                "ln -s /in/name absolute");
  hcs_status_page status;
  guest_start(&status, tree, -1);
  int root = hcs_guest_root_open(&status, err);
  assert_true(root > 2);
  static const char *const ways[] = {
      "in/name",       "/in/name", "../../in/name",          "up/in/name",
      "above/in/name", "absolute", "in/../up/above/absolute"};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    char text[16] = "";
    int fd = hcs_guest_root_openat(root, ways[i], O_RDONLY, 0, 0);
    assert_true(fd > 2);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(read(fd, text, sizeof text), 7);
    assert_string_equal(text, "inside\n");
    close(fd);
  }
  assert_int_equal(hcs_guest_root_openat(root, "etc/passwd", O_RDONLY, 0, 0), -1);
  assert_int_equal(errno, ENOENT);
  close(root);
  guest_end(&status);
  tree_remove(tree);
}

static void magic_links_lead_nowhere(void **state) {
  (void)state;
  hcs_status_page status;
  guest_start(&status, NULL, -1);
  int root = hcs_guest_root_open(&status, err);
  assert_true(root > 2);
  assert_int_equal(hcs_guest_root_openat(root, "proc/self/root/etc/passwd", O_RDONLY, 0, 0), -1);
  assert_int_equal(errno, ELOOP);
  close(root);
  guest_end(&status);
}

static void a_guest_that_is_gone_has_none(void **state) {
  (void)state;
  hcs_status_page status;
  guest_start(&status, NULL, -1);
  status.guest_start++;
  assert_fails(hcs_guest_root_open(&status, err), HCS_E_UNEXPECTED_PROCESS_ABORT, "is gone");
  status.guest_start--;
  kill(status.guest, SIGKILL);
  siginfo_t info;
  assert_int_equal(waitid(P_PID, (id_t)status.guest, &info, WEXITED | WNOWAIT), 0);
  assert_fails(hcs_guest_root_open(&status, err), HCS_E_UNEXPECTED_PROCESS_ABORT, "is gone");
  guest_end(&status);
  assert_fails(hcs_guest_root_open(&status, err), HCS_E_UNEXPECTED_PROCESS_ABORT, "is gone");
  status.guest = 0;
  assert_fails(hcs_guest_root_open(&status, err), HCS_E_UNEXPECTED_PROCESS_ABORT, "is gone");
}

/* ---- terminals ------------------------------------------------------------------------------------ */

static void a_terminal_has_two_sides(void **state) {
  (void)state;
  hcs_status_page status;
  int master, slave;
  char text[8];
  guest_start(&status, NULL, -1);
  assert_int_equal(hcs_devpts_pair(&status, wide, &master, &slave, err), 0);
  assert_true(master > 2 && slave > 2);
  assert_int_equal(fcntl(master, F_GETFD), FD_CLOEXEC);
  assert_int_equal(fcntl(slave, F_GETFD), FD_CLOEXEC);
  assert_int_equal(fcntl(master, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
  assert_size(slave, wide);
  assert_int_equal(write(slave, "hello", 5), 5);
  assert_int_equal(read(master, text, sizeof text), 5);
  close(master), close(slave);
  guest_end(&status);
}

static void foreign_files_are_no_terminals(void **state) {
  (void)state;
  static const struct {
    const char *script, *text;
    uint64_t code;
  } cases[] = {
      {"mkdir -p dev/pts && mkfifo dev/pts/ptmx", "/dev/pts is not what was mounted there",
       HCS_E_GEN_FAILURE},
      {"mkdir -p dev x/pts && ln -s ../x/pts dev/pts", "ELOOP", HCS_E_GEN_FAILURE},
      {"mkdir -p x/pts && ln -s x dev", "ELOOP", HCS_E_GEN_FAILURE},
      {"mkdir dev && touch dev/pts", "ENOTDIR", HCS_E_GEN_FAILURE},
      {"true", "ENOENT", HCS_E_FILE_NOT_FOUND},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *tree = tree_make(cases[i].script);
    hcs_status_page status;
    int master = -1, slave = -1;
    guest_start(&status, tree, -1);
    assert_fails(hcs_devpts_pair(&status, wide, &master, &slave, err), cases[i].code,
                 cases[i].text);
    guest_end(&status);
    tree_remove(tree);
  }
}

static void the_size_is_that_of_the_controlling_terminal(void **state) {
  (void)state;
  static const hcs_console_size none = {0, 0}, usual = {.width = 80, .height = 25};
  hcs_status_page status, other;
  int master, slave;
  guest_start(&status, NULL, -1);
  assert_int_equal(hcs_devpts_pair(&status, none, &master, &slave, err), 0);
  assert_size(master, usual);
  guest_start(&other, NULL, slave);
  assert_int_equal(hcs_devpts_resize(&status, (uint32_t)other.guest, wide, err), 0);
  assert_size(slave, wide);
  assert_int_equal(hcs_devpts_resize(&status, (uint32_t)other.guest, none, err), 0);
  assert_size(slave, usual);
  assert_fails(hcs_devpts_resize(&status, (uint32_t)status.guest, wide, err),
               HCS_E_ELEMENT_NOT_FOUND, "EmulateConsole");
  assert_size(slave, usual);
  guest_end(&other);
  assert_fails(hcs_devpts_resize(&status, (uint32_t)other.guest, wide, err),
               HCS_E_PROCESS_ALREADY_STOPPED, "");
  close(master), close(slave);
  guest_end(&status);
}

static void a_made_up_proc_is_not_believed(void **state) {
  (void)state;
  const char *tree = tree_make("mkdir -p proc/7 && echo '7 (x) S 1 7 7 34816 7' > proc/7/stat");
  hcs_status_page status;
  guest_start(&status, tree, -1);
  assert_fails(hcs_devpts_resize(&status, 7, wide, err), HCS_E_GEN_FAILURE,
               "/proc is not what was mounted there");
  guest_end(&status);
  tree_remove(tree);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_root_is_that_of_the_guest),  TEST(magic_links_lead_nowhere),
      TEST(a_guest_that_is_gone_has_none),  TEST(a_terminal_has_two_sides),
      TEST(foreign_files_are_no_terminals), TEST(the_size_is_that_of_the_controlling_terminal),
      TEST(a_made_up_proc_is_not_believed),
  };
  return cmocka_run_group_tests_name("devpts", tests, NULL, NULL);
}
