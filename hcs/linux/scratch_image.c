/*
 * scratch_image.c - the ext4 image in a scratch folder: what is to be done about it.
 *
 * Only looks; setup does it, with e2fsprogs. What the folder holds is ours alone (mode 0700, our uid,
 * locked), but it may have been copied, cut off or filled by somebody's hand.
 */
#include "scratch_image.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "disk_image.h"
#include "fd.h"

#define MIB (1024ull * 1024)
#define IMAGE HCS_SCRATCH_IMAGE_NAME
#define FIELD "config.LayerFolderPath"
#define LIMIT_BYTES (8ull << 40) /* files on ext4 end at 16 TiB; one bit for growing */

/*
 * What setup's mke2fs takes: an inode of 256 bytes for every 16 KiB, bitmaps and descriptors (together
 * a 32nd), the journal (a 64th, between 4 and 64 MiB); what the kernel keeps back for itself: a 50th, at
 * most 16 MiB (ext4_calculate_resv_clusters). Never below what a journal wants: 2048 blocks of 4 KiB.
 */
uint64_t hcs_scratch_image_bytes(uint64_t bytes) {
  uint64_t mib = bytes / MIB + (bytes % MIB != 0);
  uint64_t journal = mib / 64 + 4, reserve = mib / 50 + 1;
  if (mib < 4) mib = 4;
  return (mib + mib / 32 + (journal < 64 ? journal : 64) + (reserve < 17 ? reserve : 17) + 1) * MIB;
}

/* The descriptor of the image; -1 with ENOENT as errno when there is none, or with the error filled. */
static int image_open(int dir, const char *folder, struct stat *info, hcs_error *err) {
  HCS_AUTO_FD fd = openat(dir, IMAGE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return -1;
  if (fd < 0 || fstat(fd, info) != 0) {
    hcs_fail_errno(err, errno, FIELD ": cannot use '%s/" IMAGE "'", folder);
  } else if (!S_ISREG(info->st_mode) || info->st_nlink != 1 || info->st_uid != geteuid()) {
    hcs_fail(err, HCS_E_ACCESS_DENIED,
             FIELD ": '%s/" IMAGE "' is not a file of its own: use another folder", folder);
  } else {
    return hcs_fd_take(&fd);
  }
  errno = 0;
  return -1;
}

static int plan_make(hcs_scratch_plan *plan, int dir, const char *folder, uint64_t bytes,
                     hcs_error *err) {
  if (faccessat(dir, "upper", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
    return hcs_fail(
        err, HCS_E_INVALID_PARAMETER,
        "config.StorageSandboxSize: '%s' was used without it, and what is in it would not "
        "be seen in an image of that size: use another folder",
        folder);
  plan->image = HCS_SCRATCH_MAKE;
  plan->image_bytes = hcs_scratch_image_bytes(bytes);
  return 0;
}

static int plan_use(hcs_scratch_plan *plan, int image, const struct stat *info, const char *folder,
                    uint64_t bytes, hcs_error *err) {
  unsigned char head[4096];
  hcs_disk_bytes disk = {head, 0, NULL, (uint64_t)info->st_size};
  ssize_t n = pread(image, head, sizeof head, 0);
  uint64_t found;
  if (n < 0) return hcs_fail_errno(err, errno, FIELD ": cannot read '%s/" IMAGE "'", folder);
  disk.head_size = (size_t)n;
  found = hcs_disk_ext4_bytes(&disk);
  if (found == 0 || found > disk.file_size)
    return hcs_fail(err, HCS_E_GEN_FAILURE,
                    FIELD ": '%s/" IMAGE "' is no ext4 image, or the end of it is missing: use "
                          "another folder, or put the whole image there",
                    folder);
  plan->image_bytes = bytes > 0 ? hcs_scratch_image_bytes(bytes) : 0;
  plan->image = found < plan->image_bytes         ? HCS_SCRATCH_GROW
                : hcs_disk_ext4_has_errors(&disk) ? HCS_SCRATCH_CHECK
                                                  : HCS_SCRATCH_KEEP;
  return 0;
}

int hcs_scratch_image_plan(hcs_scratch_plan *plan, int dir, const char *folder,
                           const hcs_scratch_wanted *wanted, hcs_error *err) {
  struct stat info;
  HCS_AUTO_FD image = image_open(dir, folder, &info, err);
  *plan = (hcs_scratch_plan){HCS_SCRATCH_FOLDER, 0};
  if (image < 0 && errno != ENOENT) return -1;
  if (image < 0 && wanted->bytes == 0) return 0;
  if (wanted->is_volatile)
    return hcs_fail(
        err, HCS_E_INVALID_PARAMETER,
        "config.IgnoreFlushesDuringBoot: the scratch in '%s' is an image, whose flushes "
        "cannot be ignored: leave it out, or use a folder without StorageSandboxSize",
        folder);
  if (wanted->bytes > LIMIT_BYTES)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config.StorageSandboxSize: an image holds at most %llu bytes",
                    (unsigned long long)LIMIT_BYTES);
  if (image < 0) return plan_make(plan, dir, folder, wanted->bytes, err);
  if (hcs_disk_users_check(image, &info, 0, err) != 0)
    return hcs_error_wrap(err, FIELD ": '%s/" IMAGE "'", folder);
  return plan_use(plan, image, &info, folder, wanted->bytes, err);
}

/* ---- failures ------------------------------------------------------------------------------------ */

static const char *program_name(uint32_t step) {
  switch (step) {
  case HCS_SCRATCH_STEP_MKE2FS: return "mke2fs";
  case HCS_SCRATCH_STEP_E2FSCK: return "e2fsck";
  case HCS_SCRATCH_STEP_RESIZE2FS: return "resize2fs";
  default: return NULL;
  }
}

static int fail_program(const char *name, const hcs_boot *report, const char *folder,
                        hcs_error *err) {
  if (report->error == ENOENT)
    return hcs_fail_errno_as(err, HCS_E_NOT_SUPPORTED, ENOENT,
                             "config.StorageSandboxSize: the image in '%s' needs %s of the package "
                             "e2fsprogs, which is not in /usr/sbin or /sbin: install it",
                             folder, name);
  if (report->error != 0)
    return hcs_fail_errno(err, report->error, "config.StorageSandboxSize: cannot run %s", name);
  if (report->pid == 128 + SIGXFSZ) /* what program_run() makes of a signal */
    return hcs_fail_errno(err, EFBIG,
                          "config.StorageSandboxSize: %s may not write an image of that size in "
                          "'%s' (ulimit -H -f)",
                          name, folder);
  return hcs_fail(
      err, HCS_E_GEN_FAILURE,
      "config.StorageSandboxSize: %s failed on the image in '%s' (exit status %d; disk full, "
      "or the image damaged?): run it there to see why",
      name, folder, (int)report->pid);
}

int hcs_scratch_image_fail(const hcs_boot *report, const char *folder, hcs_error *err) {
  int error = report->error < 0 || report->error > 4095 ? EIO : report->error;
  const char *program = program_name(report->index);
  if (program != NULL) return fail_program(program, report, folder, err);
  if (report->index == HCS_SCRATCH_STEP_FILE && error == EAGAIN)
    return hcs_fail(err, HCS_E_BUSY, FIELD ": '%s/" IMAGE "' is attached as a disk elsewhere",
                    folder);
  if (report->index == HCS_SCRATCH_STEP_LOOP)
    return hcs_fail_errno(err, error,
                          "config.StorageSandboxSize: cannot get a loop device for '%s/" IMAGE
                          "' (is there a /dev/loop-control? modprobe loop makes it)",
                          folder);
  return hcs_fail_errno(err, error, FIELD ": cannot use the image '%s/" IMAGE "'", folder);
}
