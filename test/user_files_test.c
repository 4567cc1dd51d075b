/*
 * user_files_test.c - who "name", "uid", "name:group" and the rest are, whatever the files hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/guest/user_files.h"

/* The two files, read in pieces of `piece` bytes; descriptors are their positions in this table. */
static struct {
  const char *path;
  const char *text; /* NULL: not there */
  size_t size, at;
} disk[] = {{.path = "/etc/passwd"}, {.path = "/etc/group"}};
static size_t piece = 4096;
static int open_files;

static int open_file(const user_files *files, const char *path) {
  int i = strcmp(path, disk[0].path) == 0 ? 0 : 1;

  (void)files;
  assert_string_equal(path, disk[i].path);
  if (disk[i].text == NULL) return -1;
  disk[i].at = 0;
  open_files++;
  return i;
}

static long read_file(int fd, void *bytes, size_t size) {
  size_t left = disk[fd].size - disk[fd].at;

  if (size > piece) size = piece;
  if (size > left) size = left;
  memcpy(bytes, disk[fd].text + disk[fd].at, size);
  disk[fd].at += size;
  return (long)size;
}

static void close_file(int fd) {
  (void)fd;
  open_files--;
}

static user_identity user;

static int find(const char *text) {
  static user_files files = {.open = open_file, .read = read_file, .close = close_file};
  int result = user_files_find(&files, text, &user);

  assert_int_equal(open_files, 0);
  return result;
}

static void put(int i, const char *text) {
  disk[i].text = text;
  disk[i].size = text != NULL ? strlen(text) : 0;
}

static void put_both(const char *passwd, const char *group) {
  put(0, passwd);
  put(1, group);
}

#define PASSWD                                                                                     \
  "root:x:0:0:root:/root:/bin/sh\n"                                                                \
  "lab:x:1000:1001:Lab:/home/lab:/bin/sh\n"                                                        \
  "homeless:x:1002:1002:::\n"                                                                      \
  "twin:x:1000:7:::\n"
#define GROUP "root:x:0:\nlab:x:1001:\ndisk:x:6:lab,root\naudio:x:29:mylab\nvideo:x:44:root,lab\n"

static void every_form(void **unused) {
  static const struct {
    const char *text;
    uint32_t uid, gid, groups;
    const char *home;
  } rows[] = {
      {"", 0, 0, 0, "/root"},
      {"root", 0, 0, 3, "/root"},
      {"lab", 1000, 1001, 3, "/home/lab"},
      {"1000", 1000, 1001, 3, "/home/lab"}, /* the first line with that uid */
      {"twin", 1000, 7, 1, "/"},
      {"homeless", 1002, 1002, 1, "/"},
      {"77", 77, 0, 0, "/"},
      {"77:88", 77, 88, 0, "/"},
      {"lab:disk", 1000, 6, 0, "/home/lab"},
      {"lab:0", 1000, 0, 0, "/home/lab"},
      {"1000:video", 1000, 44, 0, "/home/lab"},
      {"4294967294:4294967294", 4294967294u, 4294967294u, 0, "/"},
  };

  (void)unused;
  put_both(PASSWD, GROUP);
  for (piece = 1; piece <= 4096; piece *= 64)
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
      if (find(rows[i].text) != 0) fail_msg("'%s' is not found", rows[i].text);
      assert_int_equal(user.uid, rows[i].uid);
      assert_int_equal(user.gid, rows[i].gid);
      assert_int_equal(user.group_count, rows[i].groups);
      assert_string_equal(user.home, rows[i].home);
    }
  piece = 4096;
}

static void nobody(void **unused) {
  static const char *const texts[] = {
      "who", "lab:who", "who:lab", "77:who", "lab:", ":lab",       ":",           " lab",
      "LAB", "-1",      "+1",      "0x10",   "1 ",   "4294967295", "99999999999", "lab:4294967295",
  };

  (void)unused;
  put_both(PASSWD, GROUP);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (find(texts[i]) == 0) fail_msg("'%s' is %u:%u", texts[i], user.uid, user.gid);
}

static void no_files(void **unused) {
  (void)unused;
  put_both(NULL, NULL);
  assert_int_equal(find(""), 0);
  assert_int_equal(user.uid, 0);
  assert_int_equal(find("5:6"), 0);
  assert_int_equal(user.gid, 6);
  assert_int_equal(find("root"), -1);
}

static void broken_lines(void **unused) {
  (void)unused;
  put_both("\n:::::::\nlab\nlab:x:1\nlab:x:one:1::/:\nlab:x:-1:1::/:\nlab:x:4294967295:1::/:\n"
           "lab:x:1:99999999999::/:\nlab:x:5:6::/here:/bin/sh:more:fields",
           "lab:x\nlab:x:seven\nlab:x:8");
  assert_int_equal(find("lab:lab"), 0);
  assert_int_equal(user.uid, 5);
  assert_int_equal(user.gid, 8);
  assert_string_equal(user.home, "/here");
}

/* Into the middle of a text: without a NUL. */
static void lay(char *at, const char *text) {
  while (*text != '\0') *at++ = *text++;
}

static void long_lines_are_skipped(void **unused) {
  static char text[3 * USER_LINE_MAX];
  const char *last = "\nlab:x:1:2::/last:\n";

  (void)unused;
  memset(text, 'a', sizeof text);
  lay(text, "lab:x:9:9::/");
  memcpy(text + sizeof text - strlen(last) - 1, last, strlen(last) + 1);
  put_both(text, NULL);
  assert_int_equal(find("lab"), 0);
  assert_int_equal(user.uid, 1);
}

static void a_name_that_is_too_long(void **unused) {
  static char name[USER_LINE_MAX + 1];

  (void)unused;
  memset(name, 'a', USER_LINE_MAX);
  put_both(PASSWD, GROUP);
  assert_int_equal(find(name), -1);
}

/* An endless file ends after 1 MiB. */
static void endless_files_end(void **unused) {
  size_t size = 4u << 20;
  char *text = malloc(size + 64);

  (void)unused;
  assert_non_null(text);
  for (size_t i = 0; i < size; i += 8) lay(text + i, "a:b:c:d\n");
  strcpy(text + size, "lab:x:1:2::/:\n");
  put_both(text, text);
  assert_int_equal(find("lab"), -1);
  assert_in_range(disk[0].at, 1u << 20, (1u << 20) + 4096);
  free(text);
}

static void groups_are_bounded(void **unused) {
  static char text[100 * 16];
  size_t at = 0;

  (void)unused;
  for (int i = 100; i < 200; i++) {
    lay(text + at, "g:x:000:lab\n");
    text[at + 4] = (char)('0' + i / 100);
    text[at + 5] = (char)('0' + i / 10 % 10);
    text[at + 6] = (char)('0' + i % 10);
    at += 12;
  }
  put_both(PASSWD, text);
  assert_int_equal(find("lab"), 0);
  assert_int_equal(user.group_count, USER_GROUPS_MAX);
  assert_int_equal(user.groups[0], 1001);
  assert_int_equal(user.groups[1], 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_form),
      cmocka_unit_test(nobody),
      cmocka_unit_test(no_files),
      cmocka_unit_test(broken_lines),
      cmocka_unit_test(long_lines_are_skipped),
      cmocka_unit_test(a_name_that_is_too_long),
      cmocka_unit_test(endless_files_end),
      cmocka_unit_test(groups_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
