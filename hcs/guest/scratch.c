/*
 * scratch.c - the ext4 image in a scratch folder: made, grown, checked, and attached.
 *
 * Making and growing is what e2fsprogs is for. The host has decided what is to be done, and holds the
 * folder's lock; a killed creation leaves a half-made image under another name, which the next one
 * makes anew, or one that was being grown, which the next one checks and grows again.
 */
#include "scratch.h"

#include "boot.h"
#include "loop.h"
#include "mount.h"
#include "plan.h"
#include "program.h"
#include "service.h"
#include "sys.h"

#define IMAGE HCS_SCRATCH_IMAGE_NAME
#define KIB 1024u
#define MIB (1024u * 1024u)

/* mke2fs(8): the journal's size, a 64th of the whole, and no less than 1024 blocks */
#define JOURNAL_MIN_MIB 4u

/* An array, for one literal made of two looks like a forgotten comma in a list. */
static const char new_image[] = IMAGE ".new";
#define JOURNAL_MAX_MIB 64u
/* e2fsck(8): what it found is mended; from 2 on it is not, or the system must be restarted */
#define E2FSCK_MENDED 1

static loop_device device = {-1, 0, 0, 0, ""};

static long check(long r, uint32_t step) {
  if (r < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_SCRATCH_IMAGE, r, step);
  return r;
}

static void run(int folder, const char *const *argv, int good, uint32_t step) {
  hcs_boot report = {HCS_STAGE_SCRATCH_IMAGE, 0, step, 0, 0, 0};
  long status = check(program_run(folder, argv), step);
  if (status <= good) return;
  report.error = status == PROGRAM_MISSING ? ENOENT : 0;
  report.pid = (int32_t)status;
  boot_report(HCS_FD_BOOT, HCS_BOOT_FAILED, &report);
  sys_exit(1);
}

static void number_put(char *to, uint64_t number, const char *unit) {
  size_t n = string_decimal(to, number);
  memcpy(to + n, unit, string_length(unit) + 1);
}

static uint64_t journal_mib(uint64_t image_bytes) {
  uint64_t mib = image_bytes / MIB / 64;
  if (mib < JOURNAL_MIN_MIB) return JOURNAL_MIN_MIB;
  return mib > JOURNAL_MAX_MIB ? JOURNAL_MAX_MIB : mib;
}

/* What the size holds is computed from these: see hcs/linux/scratch_image.c. */
static void make(int folder, uint64_t bytes) {
  char journal[32] = "size=", size[32];
  const char *const argv[] = {"mke2fs",
                              "-q",
                              "-F",
                              "-t",
                              "ext4",
                              "-b",
                              "4096",
                              "-I",
                              "256",
                              "-i",
                              "16384",
                              "-m",
                              "0",
                              "-J",
                              journal,
                              "-E",
                              "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
                              new_image,
                              size,
                              NULL};
  number_put(journal + 5, journal_mib(bytes), "");
  number_put(size, bytes / KIB, "k");
  SYS3(__NR_unlinkat, folder, new_image, 0);
  run(folder, argv, 0, HCS_SCRATCH_STEP_MKE2FS);
  check(SYS5(__NR_renameat2, folder, new_image, folder, IMAGE, 0), HCS_SCRATCH_STEP_FILE);
}

static void inspect(int folder) {
  static const char *const argv[] = {"e2fsck", "-f", "-p", IMAGE, NULL};
  run(folder, argv, E2FSCK_MENDED, HCS_SCRATCH_STEP_E2FSCK);
}

static void grow(int folder, uint64_t bytes) {
  static const char *const argv[] = {"resize2fs", IMAGE, NULL};
  long image;
  inspect(folder);
  image = check(sys_openat(folder, IMAGE, SYS_O_WRONLY | SYS_O_CLOEXEC | SYS_O_NOFOLLOW, 0),
                HCS_SCRATCH_STEP_FILE);
  check(SYS2(__NR_ftruncate, image, bytes), HCS_SCRATCH_STEP_FILE);
  sys_close((int)image);
  run(folder, argv, 0, HCS_SCRATCH_STEP_RESIZE2FS);
}

static void attach(const char *folder) {
  char path[HCS_PATH_BYTES];
  size_t n = string_length(folder);
  loop_step step;
  long r;
  if (n + sizeof "/" IMAGE > sizeof path) check(-ENAMETOOLONG, HCS_SCRATCH_STEP_FILE);
  memcpy(path, folder, n);
  memcpy(path + n, "/" IMAGE, sizeof "/" IMAGE);
  r = loop_attach(path, 0, 0, &device, &step);
  check(r, step == LOOP_IMAGE || step == LOOP_LOCK ? HCS_SCRATCH_STEP_FILE : HCS_SCRATCH_STEP_LOOP);
}

void scratch_prepare(const hcs_plan *plan) {
  const char *path = plan_string(plan, plan->scratch);
  int folder;
  if (plan->image == HCS_SCRATCH_FOLDER) return;
  folder =
      (int)check(sys_openat(SYS_AT_FDCWD, path, SYS_O_RDONLY | SYS_O_DIRECTORY | SYS_O_CLOEXEC, 0),
                 HCS_SCRATCH_STEP_FILE);
  switch (plan->image) {
  case HCS_SCRATCH_MAKE: make(folder, plan->image_bytes); break;
  case HCS_SCRATCH_GROW: grow(folder, plan->image_bytes); break;
  case HCS_SCRATCH_CHECK: inspect(folder); break;
  default: break;
  }
  sys_close(folder);
  attach(path);
}

void scratch_device(uint32_t *major, uint32_t *minor) {
  *major = device.major;
  *minor = device.minor;
}

void scratch_mount(const char *name) {
  const mount_option options[] = {
      {"source", device.path},
      /* what the image itself asks for could be to stop the whole host */
      {"errors", "remount-ro"},
      /* a sparse image's inode tables are zeros already */
      {"noinit_itable", NULL},
      {NULL, NULL}};
  long mount = check(mount_new("ext4", options, MOUNT_ATTR_NODEV), HCS_SCRATCH_STEP_MOUNT);
  check(SYS5(__NR_move_mount, mount, "", SYS_AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH),
        HCS_SCRATCH_STEP_MOUNT);
  sys_close((int)mount);
  sys_close(device.fd);
}
