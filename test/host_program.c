/*
 * host_program.c - a host program with habits of its own, and the module in it; spec/linux/host_spec.lua runs it.
 *
 *   host_program threads SCRIPT ROUNDS [ignore]
 *                                          threads that run SCRIPT, each in its own Lua state, while the
 *                                          program has children, a SIGCHLD handler and a waitpid(-1) loop
 *                                          (with "ignore": SIGCHLD is ignored, and it has neither)
 *   host_program run SCRIPT                SCRIPT with fork, wait_for, leave, children(), inheritable() and room()
 *   host_program alarmed SCRIPT            the same, with a timer whose signal interrupts system calls
 *   host_program reload SCRIPT ROUNDS      a Lua state that is made, runs SCRIPT and is closed, again and again
 *
 * Says on standard error what is wrong, and ends with 1; with 0 and "ok" when nothing is.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define WORKERS 4
#define FD_LIMIT 512      /* descriptors that are looked at */
#define ALARM_US 100      /* from one signal of the timer to the next */
#define PID_LIMIT 4194304 /* proc(5), pid_max */
#define OWN_ERRNO 12345

/* A leak of 8 KB in each of a hundred rounds; the sanitizers keep what is freed. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* which also keeps what is unloaded, to name it in its reports */
#define GROWTH_LIMIT_KB LONG_MAX
#else
#define SANITIZED 0
#define GROWTH_LIMIT_KB 640
#endif

extern char **environ;

static atomic_int problems;

__attribute__((format(printf, 1, 2))) static void problem(const char *format, ...) {
  va_list arguments;
  atomic_fetch_add(&problems, 1);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
}

static void milliseconds(long n) {
  const struct timespec time = {n / 1000, n % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* ---- Lua ---------------------------------------------------------------------------------------- */

static int lua_fork(lua_State *L) {
  fflush(NULL);
  lua_pushinteger(L, fork());
  return 1;
}

/* Ends a forked child at once: nothing of the parent's is flushed or closed. */
static int lua_leave(lua_State *L) {
  fflush(NULL);
  _exit((int)luaL_checkinteger(L, 1));
}

static int lua_wait_for(lua_State *L) {
  int status;
  if (waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0) < 0) return luaL_error(L, "waitpid");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 1;
}

/* Whether waitpid(-1) finds a child, running or ended. */
static int lua_children(lua_State *L) {
  lua_pushboolean(L, waitpid(-1, NULL, WNOHANG) >= 0);
  return 1;
}

/* How many descriptors from 3 on a program that was started now would inherit. */
static int lua_inheritable(lua_State *L) {
  int fd, count = 0;
  for (fd = 3; fd < FD_LIMIT; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) count++;
  }
  lua_pushinteger(L, count);
  return 1;
}

/* room(n) leaves the program room for n more descriptors, room() as many as it had. */
static int lua_room(lua_State *L) {
  static rlim_t before;
  struct rlimit limit;
  lua_Integer room = luaL_optinteger(L, 1, -1);
  int fd;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (before == 0) before = limit.rlim_cur;
  for (fd = 0; room > 0; fd++)
    if (fcntl(fd, F_GETFD) < 0) room--;
  while (fcntl(fd, F_GETFD) >= 0) fd++;
  limit.rlim_cur = room < 0 ? before : (rlim_t)fd;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return luaL_error(L, "setrlimit");
  return 0;
}

static lua_State *state_open(void) {
  lua_State *L = luaL_newstate();
  if (L == NULL) abort();
  luaL_openlibs(L);
  lua_register(L, "fork", lua_fork);
  lua_register(L, "leave", lua_leave);
  lua_register(L, "wait_for", lua_wait_for);
  lua_register(L, "children", lua_children);
  lua_register(L, "inheritable", lua_inheritable);
  lua_register(L, "room", lua_room);
  return L;
}

static void script_run(lua_State *L, const char *script) {
  if (luaL_dofile(L, script) != LUA_OK) problem("%s", lua_tostring(L, -1));
  lua_settop(L, 0);
}

static void script_run_alone(const char *script) {
  lua_State *L = state_open();
  script_run(L, script);
  lua_close(L);
}

static void on_alarm(int number) { (void)number; }

static void script_run_alarmed(const char *script) {
  static const struct itimerval often = {{0, ALARM_US}, {0, ALARM_US}}, never;
  struct sigaction action = {0};
  action.sa_handler = on_alarm; /* without SA_RESTART */
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &often, NULL);
  script_run_alone(script);
  setitimer(ITIMER_REAL, &never, NULL);
}

/* ---- what must not change ------------------------------------------------------------------------ */

typedef struct text {
  char bytes[65536];
  size_t length;
} text;

__attribute__((format(printf, 2, 3))) static void put(text *to, const char *format, ...) {
  va_list arguments;
  int n;
  va_start(arguments, format);
  n = vsnprintf(to->bytes + to->length, sizeof to->bytes - to->length, format, arguments);
  va_end(arguments);
  if (n < 0 || (size_t)n >= sizeof to->bytes - to->length) abort();
  to->length += (size_t)n;
}

static void put_signals(text *to) {
  sigset_t mask;
  int number;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  for (number = 1; number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) continue;
    put(to, "signal %d: %p %x %s\n", number, (void *)(size_t)action.sa_sigaction,
        (unsigned)action.sa_flags, sigismember(&mask, number) ? "blocked" : "");
  }
}

static void put_limits(text *to) {
  int limit;
  for (limit = 0; limit < (int)RLIM_NLIMITS; limit++) {
    struct rlimit value;
    if (getrlimit((__rlimit_resource_t)limit, &value) == 0)
      put(to, "limit %d: %llu %llu\n", limit, (unsigned long long)value.rlim_cur,
          (unsigned long long)value.rlim_max);
  }
}

static void put_file(text *to, const char *path) {
  char bytes[8192];
  FILE *file = fopen(path, "re");
  size_t n = file != NULL ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
  bytes[n] = '\0';
  put(to, "%s: %s\n", path, bytes);
  if (file != NULL) fclose(file);
}

static void put_link(text *to, const char *path) {
  char target[4096];
  ssize_t n = readlink(path, target, sizeof target - 1);
  target[n < 0 ? 0 : n] = '\0';
  put(to, "%s -> %s\n", path, target);
}

static void put_flags(text *to) {
  mode_t mask = umask(0);
  int subreaper = 0, death = 0;
  umask(mask);
  prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0);
  prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
  put(to, "umask %o, dumpable %d, subreaper %d, death signal %d, no_new_privs %d, nice %d\n", mask,
      prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), subreaper, death, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
      getpriority(PRIO_PROCESS, 0));
  put(to, "pid %d, parent %d, group %d, session %d, uid %d\n", getpid(), getppid(), getpgrp(),
      getsid(0), getuid());
}

static void snapshot(text *to) {
  static const char *const links[] = {"/proc/self/cwd",       "/proc/self/root",
                                      "/proc/self/exe",       "/proc/self/ns/mnt",
                                      "/proc/self/ns/pid",    "/proc/self/ns/net",
                                      "/proc/self/ns/ipc",    "/proc/self/ns/uts",
                                      "/proc/self/ns/cgroup", "/proc/self/ns/pid_for_children"};
  static const char *const files[] = {"/proc/self/oom_score_adj", "/proc/self/cgroup",
                                      "/proc/self/comm", "/proc/self/timerslack_ns"};
  size_t i;
  char **variable;
  to->length = 0;
  put_signals(to);
  put_limits(to);
  put_flags(to);
  for (i = 0; i < sizeof links / sizeof *links; i++) put_link(to, links[i]);
  for (i = 0; i < sizeof files / sizeof *files; i++) put_file(to, files[i]);
  for (variable = environ; *variable != NULL; variable++) put(to, "%s\n", *variable);
}

static void compare(text *before, const char *when) {
  static text after;
  char *was = before->bytes, *is = after.bytes;
  snapshot(&after);
  while (*was != '\0' || *is != '\0') {
    size_t was_length = strcspn(was, "\n"), is_length = strcspn(is, "\n");
    if (was_length != is_length || memcmp(was, is, was_length) != 0)
      problem("%s: '%.*s' has become '%.*s'", when, (int)was_length, was, (int)is_length, is);
    was += was_length + (was[was_length] != '\0');
    is += is_length + (is[is_length] != '\0');
  }
}

/* ---- the program's own children ------------------------------------------------------------------- */

/* 1: ours and running; 2: waited for */
static atomic_uchar children[PID_LIMIT];
static atomic_int foreign_signals, signals, pipe_signals, born, buried;
static atomic_int quiet;    /* no child of ours ends now */
static atomic_int stopping; /* the threads below are to end */
static atomic_int spawning;

static void on_child(int number, siginfo_t *info, void *context) {
  int saved = errno;
  (void)number, (void)context;
  atomic_fetch_add(&signals, 1);
  if (atomic_load(&quiet) || info->si_pid <= 0 || info->si_pid >= PID_LIMIT ||
      atomic_load(&children[info->si_pid]) == 0)
    atomic_fetch_add(&foreign_signals, 1);
  errno = saved;
}

static void on_pipe(int number) {
  (void)number;
  atomic_fetch_add(&pipe_signals, 1);
}

/* The mark comes before the child's end: the child waits for it at the pipe. */
static pid_t child_start(int seconds) {
  int ends[2];
  char byte = 0;
  pid_t pid;
  if (pipe2(ends, O_CLOEXEC) != 0) abort();
  pid = fork();
  if (pid < 0) abort();
  if (pid == 0) {
    close(ends[1]);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR) continue;
    if (seconds > 0) sleep((unsigned)seconds);
    _exit(5);
  }
  atomic_store(&children[pid], 1);
  atomic_fetch_add(&born, 1);
  close(ends[0]);
  close(ends[1]);
  return pid;
}

/* waitpid(-1) in a loop, as a supervisor has it: sees the program's own children and nobody else. */
static void *bury(void *unused) {
  (void)unused;
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return NULL; /* none left */
    if (pid >= PID_LIMIT || atomic_load(&children[pid]) != 1)
      problem("waitpid(-1) has found %d, which is no child of this program", pid);
    else
      atomic_store(&children[pid], 2);
    atomic_fetch_add(&buried, 1);
  }
}

static void *beget(void *unused) {
  (void)unused;
  while (!atomic_load(&stopping)) {
    if (atomic_load(&spawning)) child_start(0);
    milliseconds(2);
  }
  return NULL;
}

/* ---- bystanders ------------------------------------------------------------------------------------ */

static void *watch_errno(void *unused) {
  (void)unused;
  errno = OWN_ERRNO;
  while (!atomic_load(&stopping))
    if (errno != OWN_ERRNO) {
      problem("errno of another thread has become %d", errno);
      break;
    }
  return NULL;
}

/*
 * Lua's own loader opens without close-on-exec. What has been closed before its name could be read is
 * taken for that: a descriptor of ours would still be there.
 */
static int is_lua_source(int fd, char name[PATH_MAX]) {
  char link[32];
  ssize_t n;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink(link, name, PATH_MAX - 1);
  name[n < 0 ? 0 : n] = '\0';
  return n < 4 || memcmp(name + n - 4, ".lua", 4) == 0;
}

/* No descriptor may be without close-on-exec even for a moment: this thread would start programs. */
static void *watch_descriptors(void *unused) {
  char inherited[FD_LIMIT], name[PATH_MAX];
  int fd;
  (void)unused;
  for (fd = 0; fd < FD_LIMIT; fd++) inherited[fd] = fcntl(fd, F_GETFD) >= 0;
  while (!atomic_load(&stopping))
    for (fd = 0; fd < FD_LIMIT; fd++) {
      int flags = inherited[fd] ? -1 : fcntl(fd, F_GETFD);
      if (flags < 0 || (flags & FD_CLOEXEC) != 0 || is_lua_source(fd, name)) continue;
      problem("descriptor %d, %s, would be inherited by other programs", fd, name);
      return NULL;
    }
  return NULL;
}

/* ---- threads --------------------------------------------------------------------------------------- */

/*
 * Made before anybody watches: Lua opens its own files without close-on-exec. Each holds the script as a
 * function, and the module.
 */
static lua_State *worker_states[WORKERS];
static int worker_rounds; /* how often each runs the script */

static void states_open(const char *script) {
  int i;
  for (i = 0; i < WORKERS; i++) {
    lua_State *L = worker_states[i] = state_open();
    if (luaL_dostring(L, "require 'hcs'") != LUA_OK || luaL_loadfile(L, script) != LUA_OK)
      problem("%s", lua_tostring(L, -1));
  }
}

static void states_close(void) {
  int i;
  for (i = 0; i < WORKERS; i++) lua_close(worker_states[i]);
}

static void *work_run(void *argument) {
  lua_State *L = argument;
  sigset_t before, after;
  int i, number;
  pthread_sigmask(SIG_BLOCK, NULL, &before);
  for (i = 0; i < worker_rounds; i++) {
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) problem("%s", lua_tostring(L, -1));
    lua_settop(L, 1);
  }
  pthread_sigmask(SIG_BLOCK, NULL, &after);
  for (number = 1; number < NSIG; number++)
    if (sigismember(&before, number) != sigismember(&after, number))
      problem("signal %d of a thread's mask has changed", number);
  return NULL;
}

static void workers_run(void) {
  pthread_t workers[WORKERS];
  int i;
  for (i = 0; i < WORKERS; i++)
    if (pthread_create(&workers[i], NULL, work_run, worker_states[i]) != 0) abort();
  for (i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
}

static void signals_install(int ignore) {
  struct sigaction child = {0}, pipe_action = {0};
  sigset_t some;
  child.sa_flags = SA_SIGINFO | SA_RESTART;
  child.sa_sigaction = on_child;
  if (ignore) {
    child.sa_flags = 0;
    child.sa_handler = SIG_IGN;
  }
  pipe_action.sa_handler = on_pipe;
  sigaction(SIGCHLD, &child, NULL);
  sigaction(SIGPIPE, &pipe_action, NULL);
  sigemptyset(&some);
  sigaddset(&some, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &some, NULL);
}

/* While `quiet`, the one child lives on: not one SIGCHLD, and waitpid(-1) finds nobody. */
static void quiet_part(text *before) {
  atomic_store(&quiet, 1);
  workers_run();
  compare(before, "after containers");
  if (atomic_load(&signals) != 0) problem("%d times SIGCHLD for nothing", atomic_load(&signals));
  if (atomic_load(&buried) != 0) problem("waitpid(-1) has found %d children", atomic_load(&buried));
  atomic_store(&quiet, 0);
}

static void busy_part(text *before) {
  atomic_store(&spawning, 1);
  workers_run();
  atomic_store(&spawning, 0);
  compare(before, "after containers among the program's children");
}

static void threads_start(pthread_t *threads, size_t count) {
  static void *(*const bodies[])(void *) = {watch_errno, watch_descriptors, beget};
  size_t i;
  for (i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, bodies[i], NULL) != 0) abort();
}

static void threads_end(const pthread_t *threads, size_t count) {
  size_t i;
  atomic_store(&stopping, 1);
  for (i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static void run_with_children(void) {
  static text before;
  pthread_t threads[3], burying;
  pid_t long_lived = child_start(3600);
  snapshot(&before);
  threads_start(threads, 3);
  if (pthread_create(&burying, NULL, bury, NULL) != 0) abort();
  quiet_part(&before);
  busy_part(&before);
  threads_end(threads, 3);
  kill(long_lived, SIGKILL);
  pthread_join(burying, NULL);
  if (atomic_load(&born) != atomic_load(&buried))
    problem("%d children born, %d buried", atomic_load(&born), atomic_load(&buried));
  if (atomic_load(&born) < 10) problem("only %d children of its own", atomic_load(&born));
  if (atomic_load(&signals) == 0) problem("no SIGCHLD of the program's own children");
  if (atomic_load(&foreign_signals) != 0)
    problem("%d times SIGCHLD of somebody else", atomic_load(&foreign_signals));
}

static void run_without_children(void) {
  static text before;
  pthread_t threads[2];
  snapshot(&before);
  threads_start(threads, 2);
  workers_run();
  threads_end(threads, 2);
  compare(&before, "after containers");
  if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) problem("there is a child");
}

static void threads_part(const char *script, int rounds, int ignore) {
  worker_rounds = rounds;
  signals_install(ignore);
  umask(027);
  if (chdir("/tmp") != 0) abort();
  states_open(script);
  if (ignore)
    run_without_children();
  else
    run_with_children();
  states_close();
  if (atomic_load(&pipe_signals) != 0) problem("%d times SIGPIPE", atomic_load(&pipe_signals));
}

/* ---- loading and unloading -------------------------------------------------------------------------- */

static int entries(const char *path) {
  DIR *stream = opendir(path);
  int count = 0;
  if (stream == NULL) abort();
  while (readdir(stream) != NULL) count++;
  closedir(stream);
  return count;
}

static long resident_pages(void) {
  long size, resident = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2) abort();
  fclose(file);
  return resident;
}

static int is_loaded(void) {
  char line[4096];
  int found = 0;
  FILE *file = fopen("/proc/self/maps", "re");
  if (file == NULL) abort();
  while (fgets(line, sizeof line, file) != NULL) found |= strstr(line, "hcs/core.so") != NULL;
  fclose(file);
  return found;
}

static void reload_part(const char *script, int rounds) {
  static text before;
  int i, descriptors = 0, threads = 0, warm_up = rounds / 5 + 1;
  long resident = 0, grown;
  snapshot(&before);
  for (i = 0; i < rounds && atomic_load(&problems) == 0; i++) {
    if (i == warm_up) {
      descriptors = entries("/proc/self/fd");
      threads = entries("/proc/self/task");
      resident = resident_pages();
    }
    script_run_alone(script);
    if (!SANITIZED && is_loaded()) problem("round %d: the module is still loaded", i);
  }
  if (descriptors != entries("/proc/self/fd"))
    problem("descriptors: %d, then %d", descriptors, entries("/proc/self/fd"));
  if (threads != entries("/proc/self/task"))
    problem("threads: %d, then %d", threads, entries("/proc/self/task"));
  grown = (resident_pages() - resident) * (sysconf(_SC_PAGESIZE) / 1024);
  if (grown > GROWTH_LIMIT_KB) problem("memory has grown by %ld KB", grown);
  compare(&before, "after reloading");
}

/* What the shell has left open is not what this is about. */
static void inherited_hide(void) {
  int fd;
  for (fd = 3; fd < FD_LIMIT; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int main(int argc, char **argv) {
  inherited_hide();
  if (argc >= 4 && strcmp(argv[1], "threads") == 0)
    threads_part(argv[2], atoi(argv[3]), argc > 4);
  else if (argc == 3 && strcmp(argv[1], "run") == 0)
    script_run_alone(argv[2]);
  else if (argc == 3 && strcmp(argv[1], "alarmed") == 0)
    script_run_alarmed(argv[2]);
  else if (argc == 4 && strcmp(argv[1], "reload") == 0)
    reload_part(argv[2], atoi(argv[3]));
  else
    problem("usage: host_program threads|run|alarmed|reload SCRIPT [ROUNDS [ignore]]");
  if (atomic_load(&problems) != 0) return 1;
  puts("ok");
  return 0;
}
