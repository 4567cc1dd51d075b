/*
 * proc_text_test.c - what is read out of a process' stat and status, whatever the process calls itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <errno.h>

#include <cmocka.h>

#include "hcs/linux/proc_text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define LONG_NAME "0123456789012345678901234567890123456789012345678901234567890123456789"

/* ---- stat ------------------------------------------------------------------------------------------ */

/* Fields 4 to 22: tty_nr 7, utime 14, stime 15, threads 20, start 22. */
#define FIELDS "1 2 3 34817 -1 4194304 102 0 0 0 140 150 16 17 20 0 3 0 220"

static void a_stat_is_counted_from_the_last_bracket(void **state) {
  static const struct {
    const char *text, *name;
  } rows[] = {
      {"7 (sh) S " FIELDS " 23 24\n", "sh"},
      {"7 () S " FIELDS "\n", ""},
      {"7 (a b) S " FIELDS, "a b"},
      {"7 (a) R 9 9 (b) S " FIELDS, "a) R 9 9 (b"},
      {"7 ()) S " FIELDS, ")"},
      {"7 (((((() S " FIELDS, "((((("},
      {"7 (new\nline) S " FIELDS, "new\nline"},
      {"7 (\xff\xfe) S " FIELDS, "\xff\xfe"},
      {"7 (" LONG_NAME ") S " FIELDS,
       "012345678901234567890123456789012345678901234567890123456789012"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    hcs_proc_stat stat;
    assert_int_equal(hcs_proc_stat_parse(rows[i].text, &stat), 0);
    assert_string_equal(stat.name, rows[i].name);
    assert_int_equal(stat.state, 'S');
    assert_int_equal(stat.terminal, 34817);
    assert_int_equal(stat.user_ticks, 140);
    assert_int_equal(stat.kernel_ticks, 150);
    assert_int_equal(stat.threads, 3);
    assert_int_equal(stat.start_ticks, 220);
  }
}

static void what_is_no_stat_is_refused(void **state) {
  static const char *const texts[] = {
      "",
      "7",
      "7 sh S " FIELDS,
      "7 (sh",
      "7 sh) S " FIELDS,
      ")(",
      "7 (sh)",
      "7 (sh) ",
      "7 (sh)S " FIELDS,
      "7 (sh) S",
      "7 (sh) S 1 2 3",
      "7 (sh) S 1 2 3 0 -1 4194304 102 0 0 0 140 150 16 17 20 0 3 0", /* no start */
      "7 (sh) S 1 2 3 0 -1 x 102 0 0 0 140 150 16 17 20 0 3 0 220",
  };
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    hcs_proc_stat stat;
    if (hcs_proc_stat_parse(texts[i], &stat) == 0) fail_msg("'%s' is taken", texts[i]);
  }
}

/* ---- status ---------------------------------------------------------------------------------------- */

static int read_text(const char *text, size_t size, hcs_proc_status *status) {
  int fd = memfd_create("status", MFD_CLOEXEC), r, saved;
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, size), (ssize_t)size);
  assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
  r = hcs_proc_status_read(fd, status);
  saved = errno;
  close(fd);
  errno = saved;
  return r;
}

static int read_status(const char *text, hcs_proc_status *status) {
  return read_text(text, strlen(text), status);
}

static void a_status_tells_pids_and_sizes(void **state) {
  hcs_proc_status status;
  (void)state;
  assert_int_equal(
      read_status("Name:\tsh\nPid:\t4711\nNSpid:\t4711\t12\t3\nVmHWM:\t  9 kB\n"
                  "RssAnon:\t     116 kB\nRssFile:\t 1644 kB\nRssShmem:\t  2 kB\n"
                  "VmData:\t 360 kB\nVmStk:\t 132 kB\nVmExe:\t 20 kB\nVmSwap:\t 5 kB\n",
                  &status),
      0);
  assert_int_equal(status.levels, 3);
  assert_int_equal(status.pids[0], 4711);
  assert_int_equal(status.pids[2], 3);
  assert_int_equal(status.anonymous_kb, 116);
  assert_int_equal(status.file_kb, 1644);
  assert_int_equal(status.shared_kb, 2);
  assert_int_equal(status.data_kb, 360);
  assert_int_equal(status.stack_kb, 132);
  assert_int_equal(status.swap_kb, 5);
}

static void without_memory_there_are_zeros(void **state) {
  hcs_proc_status status;
  (void)state;
  assert_int_equal(read_status("Name:\tsh\nNSpid:\t4711\t12\nThreads:\t2\n", &status), 0);
  assert_int_equal(status.levels, 2);
  assert_int_equal(status.anonymous_kb + status.file_kb + status.data_kb + status.swap_kb, 0);
}

static void a_status_without_pids_is_none(void **state) {
  static const char *const texts[] = {"",
                                      "\n\n",
                                      "Name:\tsh\nPid:\t4711\n",
                                      "NSpid:\n",
                                      "NSpid:\tx\n",
                                      "Name:\tNSpid:\t1\n",
                                      " NSpid:\t1\n"};
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    hcs_proc_status status;
    assert_int_equal(read_status(texts[i], &status), -1);
    assert_int_equal(errno, EIO);
  }
}

/* The kernel writes a newline in a name as \n; even if it did not, the first line of pids counts. */
static void the_first_pids_count(void **state) {
  hcs_proc_status status;
  (void)state;
  assert_int_equal(
      read_status("Name:\ta\\nNSpid:\t1\nNSpid:\t4711\t12\nNSpid:\t1\t2\t3\n", &status), 0);
  assert_int_equal(status.levels, 2);
  assert_int_equal(status.pids[1], 12);
}

static void numbers_beyond_all_bounds(void **state) {
  char text[8192] = "NSpid:";
  hcs_proc_status status;
  (void)state;
  for (int i = 0; i < 200; i++) strcat(text, "\t99999999999999999999");
  strcat(text, "\nRssAnon:\t99999999999999999999999 kB\nVmSwap:\tx kB\n");
  assert_int_equal(read_status(text, &status), 0);
  assert_int_equal(status.levels, HCS_PID_LEVELS);
  assert_int_equal(status.pids[HCS_PID_LEVELS - 1], 0);
  assert_true(status.anonymous_kb == INT64_MAX);
  assert_int_equal(status.swap_kb, 0);
}

/* setgroups(2) takes 65536 groups, and they stand in front of everything of interest. */
static void half_a_megabyte_of_groups_hides_nothing(void **state) {
  static char text[600000];
  static const char head[] = "Name:\tsh\nGroups:\t",
                    tail[] = "\nNSpid:\t4711\t12\nRssAnon:\t8 kB\n";
  size_t size = sizeof head - 1;
  hcs_proc_status status;
  (void)state;
  memcpy(text, head, size);
  while (size < sizeof text - sizeof tail - 8) size += (size_t)sprintf(text + size, "1000000 ");
  memcpy(text + size, tail, sizeof tail - 1);
  assert_int_equal(read_text(text, size + sizeof tail - 1, &status), 0);
  assert_int_equal(status.pids[1], 12);
  assert_int_equal(status.anonymous_kb, 8);
}

static void a_status_that_cannot_be_read(void **state) {
  hcs_proc_status status;
  (void)state;
  assert_int_equal(hcs_proc_status_read(-1, &status), -1);
  assert_int_equal(errno, EBADF);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stat_is_counted_from_the_last_bracket),
      cmocka_unit_test(what_is_no_stat_is_refused),
      cmocka_unit_test(a_status_tells_pids_and_sizes),
      cmocka_unit_test(without_memory_there_are_zeros),
      cmocka_unit_test(a_status_without_pids_is_none),
      cmocka_unit_test(the_first_pids_count),
      cmocka_unit_test(numbers_beyond_all_bounds),
      cmocka_unit_test(half_a_megabyte_of_groups_hides_nothing),
      cmocka_unit_test(a_status_that_cannot_be_read),
  };
  return cmocka_run_group_tests_name("proc_text", tests, NULL, NULL);
}
