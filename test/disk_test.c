/*
 * disk_test.c - disks on the host: what is checked before one is mapped, what the record remembers, which
 * one a request means, and what is said when the kernel refuses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hcs/linux/disk.h"
#include "hcs/linux/disk_record.h"

static hcs_error *err;
static hcs_record record;
static char folder[] = "/tmp/hcs-disk-test.XXXXXX";

static int setup(void **state) {
  (void)state;
  memset(&record, 0, sizeof record);
  err = hcs_error_new();
  return err != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  json_decref(record.mapped);
  hcs_error_free(err);
  return 0;
}

static void says(uint64_t code, const char *text) {
  assert_int_equal(hcs_error_kind(err), code);
  if (strstr(hcs_error_message(err), text) == NULL)
    fail_msg("'%s' does not say '%s'", hcs_error_message(err), text);
}

static json_t *parse(const char *text) {
  char copy[512], *at;
  snprintf(copy, sizeof copy, "%s", text);
  for (at = copy; *at != '\0'; at++)
    if (*at == '\'') *at = '"';
  json_t *value = json_loads(copy, 0, NULL);
  assert_non_null(value);
  return value;
}

/* Puts a disk into the record as a mapping would be. */
static void remember(uint32_t lun, const char *text) {
  json_t *document = parse(text);
  hcs_mapping mapping = {.kind = HCS_MOUNT_DISK,
                         .list = "MappedVirtualDisks",
                         .document = document,
                         .mount = 100 + lun,
                         .disk = {.lun = lun, .loop = lun + 1, .device = 7, .inode = 9}};
  assert_int_equal(hcs_record_map(&record, &mapping, err), 0);
  json_decref(document);
}

/* ---- the record ---------------------------------------------------------------------------------- */

static void luns_are_the_lowest_that_are_free(void **state) {
  (void)state;
  assert_int_equal(hcs_disk_lun_free(&record, "request", err), 0);
  remember(1, "{}");
  remember(0, "{}");
  remember(3, "{}");
  assert_int_equal(hcs_disk_lun_free(&record, "request", err), 2);
  for (uint32_t lun = 2; lun < HCS_DISKS_MAX; lun++)
    if (lun != 3) remember(lun, "{}");
  assert_int_equal(hcs_disk_lun_free(&record, "request", err), -1);
  says(HCS_E_BUSY, "request: 64 disks are mapped already");
}

static void a_disk_is_recalled(void **state) {
  (void)state;
  remember(5, "{'HostPath':'/i','ContainerPath':'/c','ReadOnly':true,'AttachOnly':true}");
  hcs_mapping mapping = {.kind = HCS_MOUNT_NONE};
  hcs_disk_recall(&mapping, json_array_get(hcs_record_mapped(&record, HCS_MOUNT_DISK), 0));
  assert_int_equal(mapping.kind, HCS_MOUNT_DISK);
  assert_int_equal(mapping.flags, HCS_MOUNT_READ_ONLY | HCS_MOUNT_ATTACH_ONLY);
  assert_int_equal(mapping.disk.lun, 5);
  assert_int_equal(mapping.disk.loop, 6);
  assert_int_equal(mapping.disk.device, 7);
  assert_int_equal(mapping.disk.inode, 9);
}

static void controllers_have_what_was_given(void **state) {
  (void)state;
  json_t *told = hcs_disk_controllers(&record);
  assert_int_equal(json_object_size(told), 0);
  json_decref(told);
  remember(2, "{'HostPath':'/i','ContainerPath':'/c','ReadOnly':true}");
  told = hcs_disk_controllers(&record);
  json_t *expected = parse("{'0':{'MappedVirtualDisks':{'2':"
                           "{'HostPath':'/i','ContainerPath':'/c','ReadOnly':true}}}}");
  assert_true(json_equal(told, expected));
  json_decref(told);
  json_decref(expected);
}

static void target(const char *settings, const char *expected) {
  json_t *document = parse(settings);
  char *found = hcs_disk_target(&record, document, "request.Settings", err);
  if (expected == NULL)
    assert_null(found);
  else
    assert_string_equal(found, expected);
  free(found);
  json_decref(document);
}

static void a_request_means_one_disk(void **state) {
  (void)state;
  remember(0, "{'HostPath':'/one','ContainerPath':'/a//b/'}");
  remember(1, "{'HostPath':'/two','ContainerPath':'/c'}");
  remember(2, "{'HostPath':'/two','ContainerPath':'/d'}");
  target("{'HostPath':'/one'}", "/a/b");
  target("{'ContainerPath':'/a/b'}", "/a/b");
  target("{'HostPath':'/two','ContainerPath':'/d'}", "/d");
  target("{'ContainerPath':'/nowhere'}", "/nowhere"); /* whoever removes it finds nothing there */
  target("{'HostPath':'/two'}", NULL);
  says(HCS_E_INVALID_PARAMETER, "request.Settings.HostPath: say the ContainerPath, too");
  target("{'HostPath':'/three'}", NULL);
  says(HCS_E_ELEMENT_NOT_FOUND, "no disk is mapped from '/three'");
  target("{'HostPath':'/one','ContainerPath':'/c'}", NULL);
  says(HCS_E_ELEMENT_NOT_FOUND, "another disk is mapped to that ContainerPath");
  target("{}", NULL);
  says(HCS_E_INVALID_PARAMETER, "request.Settings.ContainerPath: missing");
}

/* ---- the check ----------------------------------------------------------------------------------- */

static int check(hcs_mapping *mapping, const char *name, const char *settings) {
  struct stat info;
  json_t *document = parse(settings);
  char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  *mapping = (hcs_mapping){.kind = HCS_MOUNT_DISK, .source = path, .document = document};
  assert_int_equal(stat(path, &info), 0);
  int r = hcs_disk_check(mapping, "field", &info, err);
  mapping->source = NULL;
  mapping->document = NULL;
  json_decref(document);
  return r;
}

static void put(const char *name, size_t offset, const char *bytes, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "r+b");
  if (file == NULL) file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static void clear(const char *name) {
  char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(unlink(path), 0);
}

static void an_image_tells_what_it_is(void **state) {
  (void)state;
  hcs_mapping mapping;
  assert_non_null(mkdtemp(folder));
  put("short", 0, "hsqs", 4);
  assert_int_equal(check(&mapping, "short", "{}"), 0);
  assert_string_equal(mapping.disk.file_system, "squashfs");
  assert_int_equal(mapping.flags, HCS_MOUNT_READ_ONLY);
  assert_true(mapping.disk.inode != 0);
  assert_int_equal(check(&mapping, "short", "{'AttachOnly':true}"), 0);
  assert_null(mapping.disk.file_system);
  assert_int_equal(mapping.flags, HCS_MOUNT_ATTACH_ONLY);
  put("last", 65600, "_BHRfS_M", 8);
  assert_int_equal(check(&mapping, "last", "{'ReadOnly':true}"), 0);
  assert_string_equal(mapping.disk.file_system, "btrfs");
  assert_int_equal(mapping.flags, HCS_MOUNT_READ_ONLY);
  put("empty", 0, "", 0);
  assert_int_equal(check(&mapping, "empty", "{}"), -1);
  says(HCS_E_NOT_SUPPORTED, "field: '/tmp/hcs-disk-test.");
  assert_int_equal(check(&mapping, ".", "{}"), -1);
  says(HCS_E_INVALID_PARAMETER, "is not a disk image");
  clear("short");
  clear("last");
  clear("empty");
  assert_int_equal(rmdir(folder), 0);
}

static void the_kernels_refusals_are_explained(void **state) {
  static const struct {
    uint32_t stage;
    int32_t error;
    uint64_t code;
    const char *text;
  } rows[] = {
      {HCS_STAGE_DISK_BUSY, EAGAIN, HCS_E_BUSY, "'/image' is in use"},
      {HCS_STAGE_DISK_LOOP, ENOENT, HCS_E_FILE_NOT_FOUND, "modprobe loop"},
      {HCS_STAGE_DISK_MOUNT, ENODEV, HCS_E_NOT_SUPPORTED, "does not know the file system erofs"},
      {HCS_STAGE_DISK_MOUNT, EROFS, HCS_E_GEN_FAILURE, "map it once without ReadOnly"},
      {HCS_STAGE_DISK_MOUNT, EEXIST, HCS_E_GEN_FAILURE, "with the same UUID"},
      {HCS_STAGE_DISK_MOUNT, EINVAL, HCS_E_GEN_FAILURE, "refuses the erofs in '/image'"},
      {HCS_STAGE_DISK_MOUNT, -7, HCS_E_GEN_FAILURE, "(EIO)"},
      {HCS_STAGE_DISK_LOOP, 1 << 20, HCS_E_GEN_FAILURE, "(EIO)"},
  };
  const hcs_mapping mapping = {
      .kind = HCS_MOUNT_DISK, .source = "/image", .disk = {.file_system = "erofs"}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(hcs_disk_fail(&mapping, rows[i].stage, rows[i].error, err), -1);
    says(rows[i].code, rows[i].text);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(luns_are_the_lowest_that_are_free), TEST(a_disk_is_recalled),
      TEST(controllers_have_what_was_given),   TEST(a_request_means_one_disk),
      TEST(an_image_tells_what_it_is),         TEST(the_kernels_refusals_are_explained),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
