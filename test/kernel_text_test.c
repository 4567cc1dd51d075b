/*
 * kernel_text_test.c - numbers, values and lines in the kernel's texts, which may say anything.
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

#include "hcs/linux/kernel_text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void numbers_are_decimal_and_never_overflow(void **state) {
  static const struct {
    const char *text;
    int found;
    uint64_t value;
    const char *rest;
  } rows[] = {
      {"0", 1, 0, ""},
      {"42", 1, 42, ""},
      {" \t 7 kB", 1, 7, " kB"},
      {"007", 1, 7, ""},
      {"12a", 1, 12, "a"},
      {"9223372036854775807", 1, INT64_MAX, ""},
      {"9223372036854775808", 1, INT64_MAX, ""},
      {"18446744073709551615 next", 1, INT64_MAX, " next"},
      {"99999999999999999999999999999999", 1, INT64_MAX, ""},
      {"", 0, 0, ""},
      {"  ", 0, 0, "  "},
      {"-1", 0, 0, "-1"},
      {"+1", 0, 0, "+1"},
      {"max", 0, 0, "max"},
      {"\n1", 0, 0, "\n1"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    const char *at = rows[i].text;
    uint64_t value = 0;
    assert_int_equal(hcs_kernel_number(&at, &value), rows[i].found);
    assert_true(value == rows[i].value);
    assert_string_equal(at, rows[i].rest);
  }
}

static void values_stand_at_the_beginning_of_a_line(void **state) {
  static const struct {
    const char *text, *key;
    uint64_t value;
  } rows[] = {
      {"anon 4096\nfile 1\n", "anon", 4096},
      {"file 1\nanon 4096", "anon", 4096},
      {"inactive_anon 1\nanon 2\n", "anon", 2},
      {"anon_thp 1\nanon 2\n", "anon", 2},
      {"total_rss 3\nrss 1\n", "rss", 1},
      {"anon\n", "anon", 0},
      {"anon -5\n", "anon", 0},
      {"anon x\nanon 7\n", "anon", 0},
      {" anon 5\n", "anon", 0},
      {"", "anon", 0},
      {"\n\n\n", "anon", 0},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++)
    assert_true(hcs_kernel_value(rows[i].text, rows[i].key) == rows[i].value);
}

/* ---- lines ----------------------------------------------------------------------------------------- */

static int file_of(const char *bytes, size_t size) {
  int fd = memfd_create("lines", MFD_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, size), (ssize_t)size);
  assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

/* Expects the lines of `text` to be those, up to a NULL. */
static void assert_lines(const char *text, const char *const expected[]) {
  int fd = file_of(text, strlen(text));
  hcs_lines lines;
  hcs_lines_init(&lines, fd);
  for (size_t i = 0; expected[i] != NULL; i++) {
    const char *line = hcs_lines_next(&lines);
    assert_non_null(line);
    assert_string_equal(line, expected[i]);
  }
  assert_null(hcs_lines_next(&lines));
  assert_null(hcs_lines_next(&lines));
  assert_int_equal(lines.error, 0);
  close(fd);
}

static void lines_come_one_by_one(void **state) {
  (void)state;
  assert_lines("", (const char *const[]){NULL});
  assert_lines("\n", (const char *const[]){"", NULL});
  assert_lines("a", (const char *const[]){"a", NULL});
  assert_lines("a\n", (const char *const[]){"a", NULL});
  assert_lines("a\nb", (const char *const[]){"a", "b", NULL});
  assert_lines("\n\na\n\n", (const char *const[]){"", "", "a", "", NULL});
}

/* Every length around the buffer's, each between two short lines, at every place in the buffer. */
static void long_lines_are_cut_and_hide_nothing(void **state) {
  static const size_t lengths[] = {0,    1,    100,  2000, 4000, 4095,
                                   4096, 4097, 8191, 8192, 8193, 50000};
  (void)state;
  for (size_t i = 0; i < COUNT(lengths); i++) {
    for (size_t before = 0; before < 40; before += 13) {
      size_t size = before + 1 + lengths[i] + 1 + 4;
      size_t kept = lengths[i] < HCS_LINE_MAX ? lengths[i] : HCS_LINE_MAX;
      char *text = malloc(size + 1);
      hcs_lines lines;
      const char *line;
      int fd;
      assert_non_null(text);
      memset(text, 'x', size);
      text[before] = text[before + 1 + lengths[i]] = '\n';
      memcpy(text + size - 4, "last", sizeof "last");
      fd = file_of(text, size);
      hcs_lines_init(&lines, fd);
      line = hcs_lines_next(&lines);
      assert_int_equal(strlen(line), before);
      line = hcs_lines_next(&lines);
      assert_int_equal(strlen(line), kept);
      assert_string_equal(hcs_lines_next(&lines), "last");
      assert_null(hcs_lines_next(&lines));
      close(fd);
      free(text);
    }
  }
}

/* A pipe gives what it has: a line may come in any number of pieces. */
static void pieces_are_put_together(void **state) {
  int ends[2];
  hcs_lines lines;
  (void)state;
  assert_int_equal(pipe(ends), 0);
  hcs_lines_init(&lines, ends[0]);
  assert_int_equal(write(ends[1], "one\ntw", 6), 6);
  assert_string_equal(hcs_lines_next(&lines), "one");
  assert_int_equal(write(ends[1], "o\nthree", 7), 7);
  assert_string_equal(hcs_lines_next(&lines), "two");
  close(ends[1]);
  assert_string_equal(hcs_lines_next(&lines), "three");
  assert_null(hcs_lines_next(&lines));
  close(ends[0]);
}

static void a_nul_ends_no_file(void **state) {
  int fd = file_of("a\0b\nc\n", 6);
  hcs_lines lines;
  (void)state;
  hcs_lines_init(&lines, fd);
  assert_string_equal(hcs_lines_next(&lines), "a");
  assert_string_equal(hcs_lines_next(&lines), "c");
  assert_null(hcs_lines_next(&lines));
  close(fd);
}

static void a_failed_read_is_told(void **state) {
  hcs_lines lines;
  (void)state;
  hcs_lines_init(&lines, -1);
  assert_null(hcs_lines_next(&lines));
  assert_int_equal(lines.error, EBADF);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_decimal_and_never_overflow),
      cmocka_unit_test(values_stand_at_the_beginning_of_a_line),
      cmocka_unit_test(lines_come_one_by_one),
      cmocka_unit_test(long_lines_are_cut_and_hide_nothing),
      cmocka_unit_test(pieces_are_put_together),
      cmocka_unit_test(a_nul_ends_no_file),
      cmocka_unit_test(a_failed_read_is_told),
  };
  return cmocka_run_group_tests_name("kernel_text", tests, NULL, NULL);
}
