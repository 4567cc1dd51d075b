/*
 * limit_memory.c - MemoryMaximumInMB: a hard limit, swap included.
 *
 * v1 counts memory, and memory with swap. v2 counts the two apart, so a container with a limit gets no
 * swap. Under a lower limit v1 makes room or refuses; v2 would kill, so room is made here first.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "fd.h"
#include "group_file.h"
#include "limits.h"

#define FIELD "MemoryMaximumInMB"
#define MB (1ull << 20)

static int host_has_swap(void) {
  struct sysinfo info;
  return sysinfo(&info) != 0 || info.totalswap > 0;
}

static int fail_swap(const char *where, const char *file, hcs_error *err) {
  return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                  "%s." FIELD ": this kernel does not count swap (there is no %s), so the limit "
                  "could be evaded: boot with swapaccount=1, or take the swap away (swapoff -a)",
                  where, file);
}

static int fail_in_use(const char *where, uint64_t limit, long long used, hcs_error *err) {
  return hcs_fail_errno(err, EBUSY,
                        "%s." FIELD ": cannot lower the limit to %llu MB: %llu KB are in use and "
                        "cannot be reclaimed; end processes, or take a larger limit",
                        where, (unsigned long long)(limit / MB), (unsigned long long)used / 1024);
}

static void text_of(char text[HCS_GROUP_TEXT_SIZE], uint64_t bytes, const char *unlimited) {
  if (bytes == 0)
    snprintf(text, HCS_GROUP_TEXT_SIZE, "%s", unlimited);
  else
    snprintf(text, HCS_GROUP_TEXT_SIZE, "%llu", (unsigned long long)bytes);
}

/* ---- v1 ------------------------------------------------------------------------------------------ */

#define V1_MEMORY "memory.limit_in_bytes"
#define V1_WITH_SWAP "memory.memsw.limit_in_bytes"

/* Memory alone may never exceed memory with swap: the larger one goes first on the way up. */
static int put_v1(const hcs_group_paths *groups, int work, uint64_t bytes, const char *where,
                  hcs_error *err) {
  hcs_group_file files[2] = {{work, V1_MEMORY, "", NULL}, {work, V1_WITH_SWAP, "", NULL}};
  int has_swap_file = faccessat(work, V1_WITH_SWAP, W_OK, 0) == 0;
  int is_raised = bytes == 0 || (long long)bytes > hcs_group_number_get(work, V1_MEMORY);
  const hcs_group_file *failed;
  if (bytes != 0 && !has_swap_file && host_has_swap()) return fail_swap(where, V1_WITH_SWAP, err);
  if (has_swap_file && is_raised) {
    files[0].name = V1_WITH_SWAP;
    files[1].name = V1_MEMORY;
  }
  text_of(files[0].text, bytes, "-1");
  text_of(files[1].text, bytes, "-1");
  if (hcs_group_files_put(files, has_swap_file ? 2 : 1, &failed) == 0) return 0;
  if (errno == EBUSY)
    return fail_in_use(where, bytes, hcs_group_number_get(work, "memory.usage_in_bytes"), err);
  return hcs_limit_fail(groups, failed->name, where, FIELD, err);
}

/* ---- v2 ------------------------------------------------------------------------------------------ */

static long long used_v2(int work) {
  long long memory = hcs_group_number_get(work, "memory.current");
  long long swap = hcs_group_number_get(work, "memory.swap.current");
  return memory + (swap > 0 ? swap : 0);
}

/*
 * Reclaims down to the limit and slows down who goes on allocating, without killing anybody. 0 when there
 * is room; the group stays slowed down until room_end().
 */
static int room_begin(int work, const char *limit, uint64_t bytes) {
  if (used_v2(work) <= (long long)bytes) return 0;
  hcs_file_put(work, "memory.high", limit);
  return used_v2(work) <= (long long)bytes ? 0 : -1;
}

static void room_end(int work) { hcs_file_put(work, "memory.high", "max"); }

static int put_v2(const hcs_group_paths *groups, int work, uint64_t bytes, const char *where,
                  hcs_error *err) {
  hcs_group_file files[2] = {{work, "memory.swap.max", "", NULL}, {work, "memory.max", "", NULL}};
  int has_swap_file = faccessat(work, "memory.swap.max", W_OK, 0) == 0;
  const hcs_group_file *failed = NULL;
  int r = 0;
  if (bytes != 0 && !has_swap_file && host_has_swap())
    return fail_swap(where, "memory.swap.max", err);
  snprintf(files[0].text, sizeof files[0].text, "%s", bytes != 0 ? "0" : "max");
  text_of(files[1].text, bytes, "max");
  if (bytes != 0) r = room_begin(work, files[1].text, bytes);
  if (r != 0) {
    fail_in_use(where, bytes, used_v2(work), err);
  } else {
    r = hcs_group_files_put(files + !has_swap_file, has_swap_file ? 2 : 1, &failed);
    if (r != 0) hcs_limit_fail(groups, failed->name, where, FIELD, err);
  }
  if (bytes != 0) room_end(work);
  return r;
}

int hcs_limit_memory(const hcs_group_paths *groups, const hcs_limits *limits, const char *where,
                     hcs_error *err) {
  HCS_AUTO_FD work = hcs_group_work_open(groups, HCS_CONTROLLER_MEMORY, err);
  if (work < 0) return hcs_error_wrap(err, "%s." FIELD, where);
  if (groups->layout == HCS_CGROUP_V2)
    return put_v2(groups, work, limits->memory_bytes, where, err);
  return put_v1(groups, work, limits->memory_bytes, where, err);
}
