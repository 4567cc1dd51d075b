/*
 * guest_disk_test.c - the block devices that the guest holds.
 */
#include <fcntl.h>

#include "test/guest_fixture.h"

static uint32_t hold(const guest *g, uint32_t lun, const int *fd) {
  const hcs_held held = {lun, 0};
  return call(g->boot, fd != NULL ? HCS_HOLD : HCS_LET_GO, &held, sizeof held, fd, fd != NULL)
      .status;
}

/* Some block device of this machine; loop0 is there where loop devices are. */
static int block_device_open(void) {
  static const char *const paths[] = {"/dev/loop0", "/dev/vda", "/dev/sda"};
  int fd = -1;
  for (size_t i = 0; i < sizeof paths / sizeof *paths && fd < 0; i++)
    fd = open(paths[i], O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  return fd;
}

static void holds_devices(void **state) {
  (void)state;
  guest g;
  guest_start(&g, &(options){0});
  int fds = guest_fds(&g), device = block_device_open();
  assert_int_equal(hold(&g, 0, &device), HCS_STATUS_OK);
  assert_int_equal(hold(&g, HCS_DISKS_MAX - 1, &device), HCS_STATUS_OK);
  assert_fds(&g, fds + 2);
  assert_int_equal(hold(&g, 0, &device), HCS_STATUS_OK); /* instead of the other */
  assert_fds(&g, fds + 2);
  assert_int_equal(hold(&g, 0, NULL), HCS_STATUS_OK);
  assert_int_equal(hold(&g, 0, NULL), HCS_STATUS_OK);
  assert_fds(&g, fds + 1);
  assert_int_equal(hold(&g, HCS_DISKS_MAX - 1, NULL), HCS_STATUS_OK);
  assert_fds(&g, fds);
  close(device);
  guest_end(&g);
}

static void holds_nothing_else(void **state) {
  (void)state;
  guest g;
  guest_start(&g, &(options){0});
  int fds = guest_fds(&g), device = block_device_open(), file = open("/dev/null", O_RDONLY);
  const hcs_held held = {0, 0};
  const int both[] = {device, device};
  assert_int_equal(hold(&g, 0, &file), HCS_STATUS_MALFORMED);
  assert_int_equal(hold(&g, HCS_DISKS_MAX, &device), HCS_STATUS_MALFORMED);
  assert_int_equal(hold(&g, UINT32_MAX, NULL), HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_HOLD, &held, sizeof held, NULL, 0).status,
                   HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_HOLD, &held, sizeof held, both, 2).status,
                   HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_HOLD, NULL, 0, &device, 1).status, HCS_STATUS_MALFORMED);
  assert_int_equal(call(g.boot, HCS_LET_GO, &held, sizeof held, &device, 1).status,
                   HCS_STATUS_MALFORMED);
  assert_fds(&g, fds);
  close(device);
  close(file);
  guest_end(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      TEST(holds_devices),
      TEST(holds_nothing_else),
  };
  return RUN(argc, argv, tests);
}
