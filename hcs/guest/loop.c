/*
 * loop.c - an image file as a block device, given back by the kernel itself.
 *
 * LO_FLAGS_AUTOCLEAR detaches the image when the last one who has the device open, or a file system on
 * it mounted, lets go: nobody has to live on to clean up. The flock belongs to the open file that the
 * loop driver keeps, so it lasts as long as the device is attached.
 */
#include "loop.h"

#include <linux/loop.h>
#include <linux/sched.h>

#include "kernel.h"
#include "sys.h"

#define FLOCK_SHARED 1 /* flock(2) */
#define FLOCK_EXCLUSIVE 2
#define FLOCK_DO_NOT_WAIT 4
/* Somebody else may take the free device first; not so often. */
#define TRIES_MAX 64

/*
 * Waits for the lock for as long as somebody who looks at every new device (udev) or who is just
 * ending may hold it. flock(2) knows no deadline, so a child waits on the same open file.
 */
static long lock_await(int image, int operation) {
  static const struct __kernel_timespec patience = {0, 500000000};
  struct pollfd child = {-1, POLLIN, 0};
  struct clone_args args = {0};
  long pid;
  args.flags = CLONE_PIDFD;
  args.pidfd = (uint64_t)(uintptr_t)&child.fd;
  pid = SYS2(__NR_clone3, &args, sizeof args);
  if (pid == 0) {
    SYS2(__NR_flock, image, operation);
    sys_exit(0);
  }
  if (pid < 0) return pid;
  SYS5(__NR_ppoll, &child, 1, &patience, 0, 0);
  SYS4(__NR_pidfd_send_signal, child.fd, 9 /* SIGKILL */, 0, 0);
  SYS4(__NR_wait4, pid, 0, 0x40000000 /* __WALL */, 0);
  sys_close(child.fd);
  return SYS2(__NR_flock, image, operation | FLOCK_DO_NOT_WAIT);
}

static long lock(int image, int read_only) {
  int operation = read_only ? FLOCK_SHARED : FLOCK_EXCLUSIVE;
  long r = SYS2(__NR_flock, image, operation | FLOCK_DO_NOT_WAIT);
  return r == -EAGAIN ? lock_await(image, operation) : r;
}

static long image_open(const char *path, int read_only, loop_step *step) {
  int access = read_only ? SYS_O_RDONLY : SYS_O_RDWR;
  long image, r;
  *step = LOOP_IMAGE;
  /* a FIFO would be waited for */
  image = sys_openat(SYS_AT_FDCWD, path, access | SYS_O_CLOEXEC | SYS_O_NONBLOCK, 0);
  if (image < 0) return image;
  *step = LOOP_LOCK;
  r = lock((int)image, read_only);
  if (r >= 0) return image;
  sys_close((int)image);
  return r;
}

static void device_path(char path[LOOP_PATH_BYTES], long number) {
  static const char prefix[] = "/dev/loop";
  memcpy(path, prefix, sizeof prefix - 1);
  string_decimal(path + sizeof prefix - 1, (uint64_t)number);
}

static long identify(loop_device *device) {
  struct statx status = {0};
  long r = SYS5(__NR_statx, device->fd, "", SYS_AT_EMPTY_PATH, STATX_TYPE, &status);
  device->major = status.stx_rdev_major;
  device->minor = status.stx_rdev_minor;
  return r;
}

/* One try with one free device; -EBUSY when somebody else was faster. */
static long attach_one(int control, struct loop_config *config, loop_device *device,
                       loop_step *step) {
  long r, number = SYS2(__NR_ioctl, control, LOOP_CTL_GET_FREE);
  *step = LOOP_CONTROL;
  if (number < 0) return number;
  *step = LOOP_DEVICE;
  device->number = (uint32_t)number;
  device_path(device->path, number);
  r = sys_openat(SYS_AT_FDCWD, device->path, SYS_O_RDWR | SYS_O_CLOEXEC, 0);
  if (r < 0) return r;
  device->fd = (int)r;
  r = identify(device);
  if (r >= 0) r = SYS3(__NR_ioctl, device->fd, LOOP_CONFIGURE, config);
  if (r < 0) sys_close(device->fd);
  return r;
}

static long attach(int control, struct loop_config *config, loop_device *device, loop_step *step) {
  int tries = 0;
  long r;
  do r = attach_one(control, config, device, step);
  while (r == -EBUSY && ++tries < TRIES_MAX);
  return r;
}

long loop_attach(const char *path, int read_only, uint64_t size_limit, loop_device *device,
                 loop_step *step) {
  struct loop_config config = {0};
  long control, image = image_open(path, read_only, step), r;
  if (image < 0) return image;
  config.fd = (uint32_t)image;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0);
  config.info.lo_sizelimit = size_limit;
  *step = LOOP_CONTROL;
  control = sys_openat(SYS_AT_FDCWD, "/dev/loop-control", SYS_O_RDWR | SYS_O_CLOEXEC, 0);
  r = control < 0 ? control : attach((int)control, &config, device, step);
  if (control >= 0) sys_close((int)control);
  sys_close((int)image);
  return r < 0 ? r : 0;
}
