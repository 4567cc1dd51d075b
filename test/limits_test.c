/*
 * limits_test.c - limits as documents say them, the disk that they are for, and writing several control
 * files as one. The control files here are plain files in a folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "hcs/linux/fd.h"
#include "hcs/linux/group_file.h"
#include "hcs/linux/limits.h"
#include "hcs/linux/storage_device.h"

static hcs_limits read_limits(const char *json) {
  hcs_limits limits;
  json_t *object = json_loads(json, 0, NULL);
  assert_non_null(object);
  hcs_limits_read(&limits, object);
  json_decref(object);
  return limits;
}

/* ---- documents ----------------------------------------------------------------------------------- */

static void an_absent_limit_is_none(void **state) {
  (void)state;
  static const char *const documents[] = {
      "{}", "{\"MemoryMaximumInMB\":0,\"ProcessorCount\":0,\"ProcessorWeight\":0,"
            "\"ProcessorMaximum\":0,\"StorageIOPSMaximum\":0,\"StorageBandwidthMaximum\":0}"};
  for (size_t i = 0; i < 2; i++) {
    hcs_limits limits = read_limits(documents[i]);
    assert_int_equal(limits.memory_bytes, 0);
    assert_int_equal(limits.processor, HCS_PROCESSOR_UNLIMITED);
    assert_int_equal(limits.iops, 0);
    assert_int_equal(limits.bandwidth_bytes_per_s, 0);
  }
}

static void a_limit_is_what_its_field_says(void **state) {
  (void)state;
  static const struct {
    const char *json;
    hcs_processor_limit kind;
    uint32_t value;
  } rows[] = {
      {"{\"ProcessorCount\":4294967295}", HCS_PROCESSOR_COUNT, UINT32_MAX},
      {"{\"ProcessorMaximum\":10000,\"ProcessorCount\":0}", HCS_PROCESSOR_MAXIMUM, 10000},
      {"{\"ProcessorWeight\":1}", HCS_PROCESSOR_WEIGHT, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    hcs_limits limits = read_limits(rows[i].json);
    assert_int_equal(limits.processor, rows[i].kind);
    assert_int_equal(limits.processor_value, rows[i].value);
  }
  hcs_limits limits = read_limits("{\"StorageIOPSMaximum\":7,\"StorageBandwidthMaximum\":8}");
  assert_int_equal(limits.iops, 7);
  assert_int_equal(limits.bandwidth_bytes_per_s, 8);
}

/* More than any machine has is no limit to any machine, and no overflow. */
static void memory_is_counted_in_megabytes(void **state) {
  (void)state;
  assert_int_equal(read_limits("{\"MemoryMaximumInMB\":64}").memory_bytes, 64 << 20);
  uint64_t most = read_limits("{\"MemoryMaximumInMB\":9223372036854775807}").memory_bytes;
  assert_int_equal(most, (uint64_t)INT64_MAX >> 20 << 20);
}

/* ---- disks --------------------------------------------------------------------------------------- */

static void what_has_no_disk_says_why(void **state) {
  (void)state;
  static const struct {
    const char *folder;
    int is_volatile;
    const char *reason;
  } rows[] = {
      {NULL, 0, "config.Field: cannot be enforced: the scratch is a tmpfs"},
      {"/", 1, "config.Field: cannot be enforced: nothing waits for the disk"},
      {"/proc", 0, "config.Field: cannot be enforced: the scratch folder is on no block device"},
      {"/proc/missing", 0, "config.Field: cannot be enforced: the scratch folder is on no block"},
  };
  hcs_error *err = hcs_error_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char device[HCS_DEVICE_SIZE];
    hcs_storage_device(rows[i].folder, rows[i].is_volatile, device);
    assert_int_equal(hcs_storage_device_check(device, "config", "Field", err), -1);
    assert_int_equal(hcs_error_kind(err), HCS_E_NOT_SUPPORTED);
    if (strncmp(hcs_error_message(err), rows[i].reason, strlen(rows[i].reason)) != 0)
      fail_msg("%s", hcs_error_message(err));
  }
  assert_int_equal(hcs_storage_device_check("8:0", "config", "Field", err), 0);
  assert_false(hcs_storage_counts_buffered("/proc"));
  assert_false(hcs_storage_counts_buffered("/proc/missing"));
  hcs_error_free(err);
}

/* ---- control files ------------------------------------------------------------------------------- */

static char folder[] = "/tmp/hcs-limits-test.XXXXXX";
static int group = -1;

static int setup(void **state) {
  (void)state;
  strcpy(folder + sizeof folder - 7, "XXXXXX");
  if (mkdtemp(folder) == NULL) return -1;
  group = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return group >= 0 ? 0 : -1;
}

static int teardown(void **state) {
  char command[sizeof folder + 16];
  (void)state;
  close(group);
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

static void file_make(const char *name, const char *text) {
  int fd = openat(group, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

/* A plain file keeps what a shorter text does not overwrite: only the beginning counts. */
static void file_begins(const char *name, const char *text) {
  char content[256];
  assert_true(hcs_file_get(group, name, content, sizeof content) >= 0);
  if (strncmp(content, text, strlen(text)) != 0) fail_msg("%s: %s", name, content);
}

static void files_are_written_in_their_order(void **state) {
  (void)state;
  const hcs_group_file files[] = {{group, "a", "1", NULL}, {group, "b", "8:0 5", "8:0"}};
  const hcs_group_file *failed = NULL;
  file_make("a", "0\n");
  file_make("b", "");
  assert_int_equal(hcs_group_files_put(files, 2, &failed), 0);
  assert_null(failed);
  file_begins("a", "1");
  file_begins("b", "8:0 5");
}

static void a_failed_file_gives_back_the_others(void **state) {
  (void)state;
  const hcs_group_file files[] = {{group, "a", "100", NULL},
                                  {group, "b", "8:0 5", "8:0"},
                                  {group, "c", "8:0 5", "8:0"},
                                  {group, "missing", "x", NULL}};
  const hcs_group_file *failed = NULL;
  file_make("a", "777\n");
  file_make("b", "18:0 3\n8:01 4\n8:0 123456\n");
  file_make("c", "18:0 3\n");
  errno = 0;
  assert_int_equal(hcs_group_files_put(files, 4, &failed), -1);
  assert_int_equal(errno, ENOENT);
  assert_ptr_equal(failed, &files[3]);
  file_begins("a", "777");
  file_begins("b", "8:0 123456"); /* the kernel's file would have the one line changed */
  file_begins("c", "8:0 0");
}

static void numbers_are_read(void **state) {
  (void)state;
  file_make("n", "67108864\n");
  assert_int_equal(hcs_group_number_get(group, "n"), 67108864);
  file_make("n", "max\n");
  assert_true(hcs_group_number_get(group, "n") == LLONG_MAX);
  assert_int_equal(hcs_group_number_get(group, "missing"), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_absent_limit_is_none),
      cmocka_unit_test(a_limit_is_what_its_field_says),
      cmocka_unit_test(memory_is_counted_in_megabytes),
      cmocka_unit_test(what_has_no_disk_says_why),
      cmocka_unit_test_setup_teardown(files_are_written_in_their_order, setup, teardown),
      cmocka_unit_test_setup_teardown(a_failed_file_gives_back_the_others, setup, teardown),
      cmocka_unit_test_setup_teardown(numbers_are_read, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
