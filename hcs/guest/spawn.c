/*
 * spawn.c - starting a process, the child's side of it.
 *
 * From here on everything may wait as long as it likes: file systems that hang and a frozen group
 * stop this child alone. It has a copy of all the guest's memory and descriptors, so those go first.
 */
#include "spawn.h"

#include "kernel.h"
#include "sys.h"
#include "users.h"

#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>

#define NOFILE_SOFT 1024 /* what programs with select(2) can take */
#define UMASK 022
#define PATH_BYTES 4096 /* PATH_MAX */
#define EXIT_NOT_STARTED 127

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static _Noreturn void fail(int result, uint32_t stage, long error) {
  spawn_failure failure = {stage, (int32_t)-error};
  sys_write(result, &failure, sizeof failure);
  sys_exit(EXIT_NOT_STARTED);
}

/* ---- groups, streams and limits -------------------------------------------------------------------- */

/* By itself: that takes a tenth of the time that moving another process does. */
static long join_groups(const service_setup *setup) {
  uint32_t i;
  for (i = 0; i < setup->tasks_count; i++) {
    long r = sys_write(setup->tasks[i], "0", 1);
    if (r < 0) return r;
  }
  return 0;
}

/* Out of the way of the numbers that the streams are to have. */
static long above_streams(int *fd) {
  long moved;
  if (*fd < 0 || *fd >= SPAWN_STREAMS) return 0;
  moved = SYS3(__NR_fcntl, *fd, F_DUPFD_CLOEXEC, SPAWN_STREAMS);
  *fd = (int)moved;
  return moved;
}

static long place_streams(spawn_request *r) {
  int i;
  long error = above_streams(&r->result);
  for (i = 0; i < SPAWN_STREAMS && error >= 0; i++) error = above_streams(&r->streams[i]);
  for (i = 0; i < SPAWN_STREAMS && error >= 0; i++)
    if (r->streams[i] >= 0) error = SYS3(__NR_dup3, r->streams[i], i, 0);
  return error;
}

/* Now and not by exec, which may be long in coming: clients wait for the end of what we have here. */
static void close_others(int result) {
  SYS3(__NR_close_range, SPAWN_STREAMS, result - 1, 0);
  SYS3(__NR_close_range, result + 1, ~0u, 0);
}

static long fill_streams(const spawn_request *r) {
  long i, null = -1;
  for (i = 0; i < SPAWN_STREAMS; i++) {
    long error;
    if (r->streams[i] >= 0) continue;
    /* The descriptor in this place is one of the guest's. */
    sys_close((int)i);
    null = sys_openat(SYS_AT_FDCWD, "/dev/null", SYS_O_RDWR, 0);
    if (null < 0 || null == i)
      error = null;
    else
      error = SYS3(__NR_dup3, null, i, 0);
    if (error < 0) return error;
    if (null != i) sys_close((int)null);
  }
  return 0;
}

/* So that the process may open its /dev/stdout again. A client's own files and devices stay its own. */
static void give_pipes(const spawn_request *r, uint32_t uid) {
  int i;
  for (i = 0; i < SPAWN_STREAMS; i++)
    if (r->streams[i] >= 0 && descriptor_type(i) == S_IFIFO) SYS3(__NR_fchown, i, uid, -1);
}

/*
 * The session was made for it. Its mode and group are those that devpts gives, as a login would have
 * it: the user's own, and others may write to it if they are in the group tty.
 */
static long take_console(uint32_t uid) {
  long error = SYS3(__NR_ioctl, 0, TIOCSCTTY, 0);
  if (error == 0) error = SYS3(__NR_fchown, 0, uid, -1);
  return error;
}

/* Lowering is always allowed. The guest has the others already as they are to be. */
static void set_limits(uint64_t nofile_hard) {
  struct rlimit64 files = {0, 0}, core = {0, 0};
  if (SYS4(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &files) == 0) {
    if (nofile_hard < files.rlim_max) files.rlim_max = nofile_hard;
    files.rlim_cur = files.rlim_max < NOFILE_SOFT ? files.rlim_max : NOFILE_SOFT;
    SYS4(__NR_prlimit64, 0, RLIMIT_NOFILE, &files, 0);
  }
  SYS4(__NR_prlimit64, 0, RLIMIT_CORE, &core, 0);
}

/* ---- who and where --------------------------------------------------------------------------------- */

static long become(const user_identity *user) {
  long r = SYS2(__NR_setgroups, user->group_count, user->groups);
  /* Where a user namespace forbids setgroups, nobody can have other groups than the guest's. */
  if (r == -EPERM && user->group_count == 0) r = 0;
  if (r == 0) r = SYS3(__NR_setresgid, user->gid, user->gid, user->gid);
  if (r == 0) r = SYS3(__NR_setresuid, user->uid, user->uid, user->uid);
  /* still a copy of the guest until exec; fs.suid_dumpable=1 would open it to the user's processes */
  SYS5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  return r;
}

static long enter_directory(const char *directory) {
  return SYS1(__NR_chdir, *directory == '\0' ? "/" : directory);
}

/* ---- arguments and environment --------------------------------------------------------------------- */

typedef struct program {
  char **arguments;
  char **environment;
  const char *path; /* the environment's PATH */
} program;

/* What follows the '=' if the entry sets the variable. */
static const char *value_of(const char *entry, const char *name) {
  size_t length = string_length(name);
  size_t i;
  for (i = 0; i < length; i++)
    if (entry[i] != name[i]) return NULL;
  return entry[length] == '=' ? entry + length + 1 : NULL;
}

/* Lists the strings that start at `text`; returns where they end. */
static char *list(char **to, char *text, uint32_t count) {
  uint32_t i;
  for (i = 0; i < count; i++) {
    to[i] = text;
    text += string_length(text) + 1;
  }
  return text;
}

static char *home_entry(const user_identity *user) {
  static const char name[] = "HOME=";
  static char entry[sizeof name + USER_LINE_MAX];
  memcpy(entry, name, sizeof name);
  memcpy(entry + sizeof name - 1, user->home, string_length(user->home) + 1);
  return entry;
}

static void complete_environment(program *p, uint32_t count, const user_identity *user) {
  const char *home = NULL;
  uint32_t i;
  p->path = NULL;
  for (i = 0; i < count; i++) {
    if (p->path == NULL) p->path = value_of(p->environment[i], "PATH");
    if (home == NULL) home = value_of(p->environment[i], "HOME");
  }
  if (home == NULL) p->environment[count++] = home_entry(user);
  if (p->path == NULL) {
    static char path[] = DEFAULT_PATH;
    p->environment[count++] = path;
    p->path = value_of(path, "PATH");
  }
}

static long build(program *p, const spawn_request *r, const user_identity *user) {
  /* Both lists end with a NULL, which fresh memory is; PATH and HOME may join. */
  size_t slots = (size_t)r->argc + 1 + r->envc + 2 + 1;
  long memory = sys_call(__NR_mmap, 0, (long)(slots * sizeof(char *)), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *text;
  if (memory <= 0) return -ENOMEM;
  p->arguments = (char **)memory;
  p->environment = p->arguments + r->argc + 1;
  text = list(p->arguments, (char *)r->strings, r->argc);
  list(p->environment, text, r->envc);
  complete_environment(p, r->envc, user);
  return 0;
}

/* ---- exec ------------------------------------------------------------------------------------------ */

static long execute(const char *file, const program *p) {
  return SYS3(__NR_execve, file, p->arguments, p->environment);
}

static int has_slash(const char *text) {
  while (*text != '\0' && *text != '/') text++;
  return *text == '/';
}

/* `directory` is the first `length` bytes of a PATH; none at all mean the working directory. */
static const char *candidate(const char *directory, size_t length, const char *file) {
  static char path[PATH_BYTES];
  size_t name = string_length(file);
  if (length + 1 + name + 1 > sizeof path) return NULL;
  memcpy(path, directory, length);
  if (length > 0) path[length++] = '/';
  memcpy(path + length, file, name + 1);
  return path;
}

/* As execvp(3) does, without its try with a shell: what is found but not allowed is said at last. */
static long search(const char *file, const program *p) {
  const char *at = p->path;
  long worst = -ENOENT;
  for (;;) {
    size_t length = 0;
    const char *path;
    long r = -ENOENT;
    while (at[length] != '\0' && at[length] != ':') length++;
    path = candidate(at, length, file);
    if (path != NULL) r = execute(path, p);
    if (r == -EACCES)
      worst = r;
    else if (r != -ENOENT && r != -ENOTDIR)
      return r;
    if (at[length] == '\0') return worst;
    at += length + 1;
  }
}

static long run(const spawn_request *r, const program *p) {
  const char *file = *r->file != '\0' ? r->file : p->arguments[0];
  if (*file == '\0') return -ENOENT;
  return has_slash(file) ? execute(file, p) : search(file, p);
}

/* ---- the whole ------------------------------------------------------------------------------------- */

/* A signal that came meanwhile acts now; the guest has set every disposition to its default. */
static void unblock_signals(void) {
  uint64_t none = 0;
  SYS4(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
}

_Noreturn void spawn_child(const spawn_request *request) {
  static user_identity user;
  spawn_request r = *request;
  program p;
  long error;
  SYS0(__NR_setsid);
  if ((error = join_groups(r.setup)) < 0) fail(r.result, HCS_STAGE_PROCESS_CGROUP, error);
  if ((error = place_streams(&r)) < 0) fail(r.result, HCS_STAGE_STREAMS, error);
  close_others(r.result);
  if ((error = fill_streams(&r)) < 0) fail(r.result, HCS_STAGE_STREAMS, error);
  if (user_find(r.user, &user) != 0) fail(r.result, HCS_STAGE_USER_LOOKUP, 0);
  give_pipes(&r, user.uid);
  if (r.has_console && (error = take_console(user.uid)) < 0)
    fail(r.result, HCS_STAGE_CONSOLE, error);
  set_limits(r.setup->nofile_hard);
  SYS1(__NR_umask, UMASK);
  if ((error = become(&user)) < 0) fail(r.result, HCS_STAGE_USER, error);
  if ((error = enter_directory(r.directory)) < 0) fail(r.result, HCS_STAGE_DIRECTORY, error);
  if ((error = build(&p, &r, &user)) < 0) fail(r.result, HCS_STAGE_EXEC, error);
  unblock_signals();
  fail(r.result, HCS_STAGE_EXEC, run(&r, &p));
}
