/*
 * state.h - what the host remembers of a container: one directory each, below one state directory.
 *
 *   <root>/<id>/record   JSON: every name that was made, so that anybody can clean up after a crash.
 *                        Written before anything is made (an intent), again when it stands (committed).
 *   <root>/<id>/status   one small page that handles map: state and how the end came about
 *   <root>/<id>/s        the guest's socket
 *
 * Who changes anything here holds flock on the container's directory, and looks again after taking it.
 */
#ifndef HCS_LINUX_STATE_H
#define HCS_LINUX_STATE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "../error.h"
#include "storage_device.h"

#define HCS_NONCE_SIZE 17 /* 16 hexadecimal digits and a NUL */
#define HCS_BOOT_ID_SIZE 40
#define HCS_ID_SIZE 65
#define HCS_GROUPS_MAX 64 /* directories that one record names */
#define HCS_SOCKET_NAME "s"

/* Bits of hcs_status_page.storage */
#define HCS_STORAGE_IOPS 1u /* limits that are set */
#define HCS_STORAGE_BANDWIDTH 2u
#define HCS_STORAGE_LIMITED (HCS_STORAGE_IOPS | HCS_STORAGE_BANDWIDTH)
#define HCS_STORAGE_DIRECT_ONLY 4u /* they do not hold for what goes through the page cache */

/* Shared memory: nobody but root can reach it, and readers believe no more than these bytes say. */
typedef struct hcs_status_page {
  uint32_t magic;
  _Atomic uint32_t state;   /* hcs_state, but for Stopped: that is asked of the kernel */
  _Atomic uint32_t exit;    /* hcs_exit_type, 0 while nobody knows */
  int32_t guest;            /* pid of the guest as the host sees it */
  uint64_t guest_start;     /* its start time in ticks (proc(5), stat field 22) */
  _Atomic uint32_t storage; /* HCS_STORAGE_… */
  uint32_t reserved;
  _Atomic uint64_t oom_kills;    /* events.c */
  _Atomic uint64_t oom_limit_mb; /* 0: none */
  /* When it was started, by hcs_boot_clock_ns(): noted before the guest is asked, again when it has. */
  _Atomic int64_t started_ns;
} hcs_status_page;

typedef struct hcs_record {
  char id[HCS_ID_SIZE];
  char nonce[HCS_NONCE_SIZE]; /* tells this container from an earlier one of the same id */
  char boot_id[HCS_BOOT_ID_SIZE];
  char *name, *owner; /* owned */
  int committed;
  int protocol;
  int64_t created_s;            /* UNIX time */
  char device[HCS_DEVICE_SIZE]; /* hcs_storage_device() of what the container writes */
  char *groups[HCS_GROUPS_MAX]; /* cgroup directories, innermost first; owned */
  size_t group_count;
  char *network; /* hcs_network.path; owned */
  /*
   * What is mapped into it, by the lists of a ContainerConfig ("MappedDirectories", …), each document as it was
   * given, with the id of its mount as "Mount" (see mapped_record.h); owned.
   */
  json_t *mapped;
} hcs_record;

void hcs_record_clear(hcs_record *record);
int hcs_record_add_group(hcs_record *record, const char *path);

/* This boot's identity: records of another boot name nothing that still exists. */
int hcs_boot_id_get(char boot_id[HCS_BOOT_ID_SIZE], hcs_error *err);

/* The state directory, made when missing (mode 0700, ours, or it is refused). A descriptor. */
int hcs_state_root_open(hcs_error *err);

/*
 * The directory of a new container, made and locked. If the id is taken by something dead, that is
 * cleaned up first; if it is alive: 0xC037010F. A descriptor that holds the lock.
 */
int hcs_state_make(int root, const char *id, int64_t deadline_ns, hcs_error *err);
/*
 * Opens the directory of an existing container without a lock; 0xC037010E when there is none.
 */
int hcs_state_open(int root, const char *id, hcs_error *err);
/*
 * Takes the lock. 1: have it; 0: the directory is no longer that of the id; -1, and a Timeout says that
 * somebody else has it. With HCS_LOCK_TRY, which does not wait, that is 0; with HCS_LOCK_SIGNALS also -2
 * when a signal arrived while waiting.
 */
typedef enum hcs_lock_mode { HCS_LOCK_WAIT, HCS_LOCK_TRY, HCS_LOCK_SIGNALS } hcs_lock_mode;
int hcs_state_lock(int root, int dir, const char *id, hcs_lock_mode mode, int64_t deadline_ns,
                   hcs_error *err);
/*
 * Closes a directory, and unlocks it first: a child that some thread of the host program forked
 * meanwhile shares the lock and would keep it for as long as it lives.
 */
#define HCS_AUTO_LOCKED __attribute__((cleanup(hcs_state_unlock))) int
void hcs_state_unlock(int *dir);

/*
 * Locks the directory of the container `id` that has this nonce, and reads its record: 1, and both are
 * the caller's to give back; 0: the container is gone (cleaned up, or a successor has its id); -1; -2 as
 * hcs_state_lock() has it.
 */
int hcs_state_take(const char *id, const char *nonce, hcs_lock_mode mode, int64_t deadline_ns,
                   int *dir, hcs_record *record, hcs_error *err);

int hcs_record_write(int dir, const hcs_record *record, hcs_error *err);
/* 1: read; 0: there is none (yet); -1: it cannot be read, and nothing is known of the container. */
int hcs_record_read(int dir, hcs_record *record, hcs_error *err);

/* A new status page, or the existing one, mapped; NULL on failure. */
hcs_status_page *hcs_status_make(int dir, hcs_error *err);
hcs_status_page *hcs_status_map(int dir, hcs_error *err);
void hcs_status_unmap(hcs_status_page *page);

/* Removes the files, with the lock held and all that the record names gone; then the directory. */
int hcs_state_empty(int dir, const char *id, hcs_error *err);
int hcs_state_remove(int root, const char *id, hcs_error *err);

#endif
