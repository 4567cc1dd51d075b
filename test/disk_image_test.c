/*
 * disk_image_test.c - what is made of the bytes of a disk image: the file systems and fixed VHDs are
 * found, everything else is refused with a reason, and no bytes whatever are read past their end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/linux/disk_image.h"

#define FILE_BYTES (1u << 20)

static hcs_error *err;
static unsigned char *file;
static hcs_disk_image image;

static int setup(void **state) {
  (void)state;
  err = hcs_error_new();
  file = calloc(1, FILE_BYTES);
  return err != NULL && file != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  free(file);
  hcs_error_free(err);
  return 0;
}

/* Copies what is to be looked at into blocks of just that size: the sanitizer sees every byte beyond. */
static int parse_some(size_t head_size, int with_footer, int attach_only) {
  unsigned char *head = malloc(head_size + 1), *footer = malloc(HCS_DISK_SECTOR_BYTES);
  hcs_disk_bytes bytes = {head + 1, head_size, with_footer ? footer : NULL, FILE_BYTES};
  int r;
  assert_non_null(head);
  assert_non_null(footer);
  memcpy(head + 1, file, head_size);
  memcpy(footer, file + FILE_BYTES - HCS_DISK_SECTOR_BYTES, HCS_DISK_SECTOR_BYTES);
  r = hcs_disk_image_parse(&image, &bytes, attach_only, err);
  hcs_disk_ext4_bytes(&bytes);
  hcs_disk_ext4_has_errors(&bytes);
  free(head);
  free(footer);
  return r;
}

static int parse(void) { return parse_some(HCS_DISK_HEAD_BYTES, 1, 0); }

static void refused(uint64_t code, const char *text) {
  assert_int_equal(parse(), -1);
  assert_int_equal(hcs_error_kind(err), code);
  if (strstr(hcs_error_message(err), text) == NULL)
    fail_msg("'%s' does not say '%s'", hcs_error_message(err), text);
}

static void put(size_t offset, const char *bytes, size_t size) {
  memcpy(file + offset, bytes, size);
}

static void put_little(size_t offset, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) file[offset + i] = (unsigned char)(value >> 8 * i);
}

static void put_big(unsigned char *at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) at[i] = (unsigned char)(value >> 8 * (size - 1 - i));
}

static void put_ext4(void) {
  put(1080, "\x53\xef", 2);
  put_little(1024 + 0x18, 2, 4);   /* 4 KiB */
  put_little(1024 + 0x04, 256, 4); /* 1 MiB */
  put_little(1024 + 0x5C, 4, 4);   /* has_journal */
  put_little(1024 + 0xE0, 8, 4);   /* in inode 8 */
}

static void put_vhd(uint32_t type, uint64_t size) {
  unsigned char *footer = file + FILE_BYTES - HCS_DISK_SECTOR_BYTES;
  uint32_t sum = 0;
  memset(footer, 0, HCS_DISK_SECTOR_BYTES);
  static const char cookie[8] = "conectix"; /* without its NUL */
  memcpy(footer, cookie, sizeof cookie);
  put_big(footer + 8, 2, 4);
  put_big(footer + 12, 0x00010000, 4);
  put_big(footer + 16, UINT64_MAX, 8);
  put_big(footer + 48, size, 8);
  put_big(footer + 60, type, 4);
  for (size_t i = 0; i < HCS_DISK_SECTOR_BYTES; i++) sum += footer[i];
  put_big(footer + 64, ~sum, 4);
}

static void the_five_file_systems_are_found(void **state) {
  static const struct {
    const char *name;
    size_t offset;
    const char *magic;
    size_t size;
    int is_read_only;
  } rows[] = {
      {"xfs", 0, "XFSB", 4, 0},
      {"squashfs", 0, "hsqs", 4, 1},
      {"erofs", 1024, "\xe2\xe1\xf5\xe0", 4, 1},
      {"btrfs", 65600, "_BHRfS_M", 8, 0},
      {"ext4", 1080, "\x53\xef", 2, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    memset(file, 0, FILE_BYTES);
    put(rows[i].offset, rows[i].magic, rows[i].size);
    assert_int_equal(parse(), 0);
    assert_string_equal(image.file_system, rows[i].name);
    assert_int_equal(image.is_read_only, rows[i].is_read_only);
    assert_int_equal(image.size_limit, 0);
  }
}

static void a_fixed_vhd_ends_before_its_footer(void **state) {
  (void)state;
  put_ext4();
  put_vhd(2, FILE_BYTES - 1024);
  assert_int_equal(parse(), 0);
  assert_string_equal(image.file_system, "ext4");
  assert_int_equal(image.size_limit, FILE_BYTES - 1024);
}

/* What lies behind the disk's end in the file is not looked at. */
static void nothing_behind_the_end_of_a_vhd_counts(void **state) {
  (void)state;
  put(65600, "_BHRfS_M", 8);
  put_vhd(2, 65536);
  refused(HCS_E_NOT_SUPPORTED, "holds no file system");
}

static void other_vhds_are_refused(void **state) {
  (void)state;
  put_ext4();
  put_vhd(3, FILE_BYTES - 512);
  refused(HCS_E_NOT_SUPPORTED, "qemu-img convert -f vpc -O raw");
  put_vhd(4, FILE_BYTES - 512);
  refused(HCS_E_NOT_SUPPORTED, "dynamic or differencing");
}

static void damaged_vhds_are_refused(void **state) {
  (void)state;
  static const uint64_t sizes[] = {0, 1, 513, FILE_BYTES, FILE_BYTES - 511, UINT64_MAX, 1ull << 63};
  put_ext4();
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    put_vhd(2, sizes[i]);
    refused(HCS_E_INVALID_PARAMETER, "footer speaks of a disk");
  }
  put_vhd(2, FILE_BYTES - 512);
  file[FILE_BYTES - 1] ^= 1;
  refused(HCS_E_INVALID_PARAMETER, "wrong checksum");
}

static void formats_of_virtual_machines_are_refused(void **state) {
  (void)state;
  static const struct {
    size_t offset;
    const char *magic;
    size_t size;
    const char *text;
  } rows[] = {
      {0, "vhdxfile", 8,
       "a VHDX image, not a plain disk: convert it with `qemu-img convert -f vhdx"},
      {0, "QFI\xfb", 4, "-f qcow2 -O raw"},
      {0, "KDMV", 4, "-f vmdk -O raw"},
      {64, "\x7f\x10\xda\xbe", 4, "-f vdi -O raw"},
      {0, "conectix", 8, "-f vpc -O raw"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    memset(file, 0, FILE_BYTES);
    put_ext4();
    put(rows[i].offset, rows[i].magic, rows[i].size);
    refused(HCS_E_NOT_SUPPORTED, rows[i].text);
    assert_int_equal(parse_some(HCS_DISK_HEAD_BYTES, 1, 1), -1);
  }
}

static void what_wants_other_devices_is_refused(void **state) {
  (void)state;
  put_ext4();
  put_little(1024 + 0xE0, 0, 4);
  refused(HCS_E_NOT_SUPPORTED, "external journal");
  put_little(1024 + 0xE0, 8, 4);
  put_little(1024 + 0xE4, 0x801, 4);
  refused(HCS_E_NOT_SUPPORTED, "external journal");
  put_little(1024 + 0xE4, 0, 4);
  put_little(1024 + 0x60, 8, 4);
  refused(HCS_E_NOT_SUPPORTED, "the journal of an ext4");

  memset(file, 0, FILE_BYTES);
  put(1024, "\xe2\xe1\xf5\xe0", 4);
  put_little(1024 + 80, 8, 4);
  refused(HCS_E_NOT_SUPPORTED, "device table");
  put_little(1024 + 80, 0, 4);
  put_little(1024 + 86, 1, 2);
  refused(HCS_E_NOT_SUPPORTED, "device table");

  memset(file, 0, FILE_BYTES);
  put(65600, "_BHRfS_M", 8);
  put_little(65536 + 0x88, 2, 8);
  refused(HCS_E_NOT_SUPPORTED, "over several disks");
}

static void no_file_system_is_for_attach_only(void **state) {
  (void)state;
  refused(HCS_E_NOT_SUPPORTED, "ext4, xfs, btrfs, squashfs, erofs); AttachOnly");
  assert_int_equal(parse_some(HCS_DISK_HEAD_BYTES, 1, 1), 0);
  assert_null(image.file_system);
  put(510, "\x55\xaa", 2);
  refused(HCS_E_NOT_SUPPORTED, "divided into partitions");
}

/* AttachOnly hands the bytes over and lets nobody look at them. */
static void attach_only_asks_for_no_file_system(void **state) {
  (void)state;
  put_ext4();
  put_little(1024 + 0xE4, 0x801, 4);
  put_vhd(2, FILE_BYTES - 512);
  assert_int_equal(parse_some(HCS_DISK_HEAD_BYTES, 1, 1), 0);
  assert_null(image.file_system);
  assert_int_equal(image.size_limit, FILE_BYTES - 512);
}

static void the_size_of_an_ext4_is_read(void **state) {
  hcs_disk_bytes bytes = {file, HCS_DISK_HEAD_BYTES, NULL, FILE_BYTES};
  (void)state;
  assert_int_equal(hcs_disk_ext4_bytes(&bytes), 0);
  put_ext4();
  assert_int_equal(hcs_disk_ext4_bytes(&bytes), 1u << 20);
  put_little(1024 + 0x150, 1, 4); /* counts with the 64bit feature alone */
  assert_int_equal(hcs_disk_ext4_bytes(&bytes), 1u << 20);
  put_little(1024 + 0x60, 0x80, 4);
  assert_int_equal(hcs_disk_ext4_bytes(&bytes), (1ull << 44) + (1u << 20));
  put_little(1024 + 0x18, 60, 4);
  assert_int_equal(hcs_disk_ext4_bytes(&bytes), 0);
  assert_false(hcs_disk_ext4_has_errors(&bytes));
  put_little(1024 + 0x3A, 3, 2);
  assert_true(hcs_disk_ext4_has_errors(&bytes));
}

/* A file may end anywhere, and hold anything; the sanitizer looks on. */
static void any_bytes_will_do(void **state) {
  static const size_t sizes[] = {0,     1,     4,     7,
                                 66,    511,   1023,  1028,
                                 1081,  1082,  1112,  1024 + 0x154,
                                 65535, 65600, 65607, HCS_DISK_HEAD_BYTES};
  static const char *const magics[] = {"XFSB", "hsqs", "conectix", "vhdxfile"};
  (void)state;
  srand(1);
  for (int round = 0; round < 200; round++) {
    for (size_t i = 0; i < 70000; i++) file[i] = (unsigned char)rand();
    if (round % 2) put_ext4();
    if (round % 3 == 0) put_vhd((uint32_t)round % 5, (uint64_t)rand() << (round % 32));
    if (round % 5 == 0) put(0, magics[round % 4], strlen(magics[round % 4]));
    if (round % 7 == 0) put(65600, "_BHRfS_M", 8);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      parse_some(sizes[i], round % 4 != 0, round % 11 == 0);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_five_file_systems_are_found),
      TEST(a_fixed_vhd_ends_before_its_footer),
      TEST(nothing_behind_the_end_of_a_vhd_counts),
      TEST(other_vhds_are_refused),
      TEST(damaged_vhds_are_refused),
      TEST(formats_of_virtual_machines_are_refused),
      TEST(what_wants_other_devices_is_refused),
      TEST(no_file_system_is_for_attach_only),
      TEST(attach_only_asks_for_no_file_system),
      TEST(the_size_of_an_ext4_is_read),
      TEST(any_bytes_will_do),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
