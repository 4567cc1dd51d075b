/*
 * guest_fixture.h - a guest, and what its clients say to it: for the tests of the guest's service.
 *
 * The guest runs as PID 1 of a new pid namespace on the host's root (HCS_GUEST_HARNESS names the
 * program, guest_harness.c is its source); so these tests need root. An argument is a filter of test names.
 */
#ifndef GUEST_FIXTURE_H
#define GUEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hcs/guest/protocol.h"

#define PATIENCE_MS 10000 /* for what must happen */
#define MOMENT_MS 50      /* for what must not */
#define BIG 65536

#define ARGUMENTS(...)                                                                             \
  (const char *const[]) { __VA_ARGS__, NULL }

#define TEST(name) cmocka_unit_test_teardown(name, clean_up)
#define RUN(argc, argv, tests)                                                                     \
  (guest_prepare(argc, argv) != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL))

/* The program of the test itself. */
extern char guest_test_path[4096];
/* Is all there that the tests need? 0 or -1 */
int guest_prepare(int argc, char **argv);

/* ---- a guest ------------------------------------------------------------------------------------- */

typedef struct guest {
  pid_t pid;
  int boot;   /* the creator's connection */
  int ending; /* the creator's exit socket */
  char directory[32];
  char path[64]; /* of the control socket */
} guest;

typedef struct options {
  const char *arguments[4];
  int group; /* descriptors for the guest; 0: none */
  int tasks;
  rlim_t nofile; /* 0: as it is */
  const char *passwd;
  const char *files_group;
} options;

void write_file(const char *path, const char *text);
int wait_readable(int fd, int timeout_ms);
/* Up to its BOOT_READY. */
void guest_boot(guest *g, const options *o);
void guest_commit(guest *g);
/* All the way to a container that runs; NULL: no options. */
void guest_start(guest *g, const options *o);
/* The guest's exit status when it is gone, within the patience. */
int guest_wait(guest *g);
/* Terminates the container. */
void guest_end(guest *g);
/* What a test that failed leaves. */
int clean_up(void **state);
int guest_fds(const guest *g);
/* The guest closes what is no longer used a moment after its clients do. */
void assert_fds(const guest *g, int expected);

/* ---- frames -------------------------------------------------------------------------------------- */

void send_raw(int fd, const void *data, size_t size, const int *fds, size_t fd_count);
uint32_t send_frame(int fd, uint16_t type, const void *payload, uint32_t length, const int *fds,
                    size_t fd_count);
/* The next reply; its request id is in *request. */
hcs_reply receive_reply(int fd, uint32_t *request);
hcs_reply call(int fd, uint16_t type, const void *payload, uint32_t length, const int *fds,
               size_t fd_count);
uint32_t ask(int fd, uint16_t type);
int is_at_end(int fd);
void exit_pair(int ends[2]);
int has_exit(int fd, int timeout_ms, hcs_exit_record *record);
hcs_exit_record exit_of(int fd);
void assert_exit(int fd, uint32_t code, uint32_t signal);
void assert_ended(int fd, uint32_t how);
/* A new connection; one that has said HELLO; one more handle of it: its exit socket. */
int client_connect(const guest *g);
int client_open(const guest *g);
int client_acquire(int fd);

/* ---- processes ----------------------------------------------------------------------------------- */

typedef struct process {
  uint64_t spawn;
  uint32_t pid;
  int exit; /* our end of its exit socket */
} process;

typedef struct command {
  const char *user, *directory, *file;
  const char *const *arguments, *const *environment;
  int streams[3]; /* 0: none */
  int console;    /* 0: none */
} command;

extern const command sleeper;
/* The request that put_command() made last. */
extern char command_bytes[HCS_PAYLOAD_MAX + 4096];
extern size_t command_size;

void put_command(const command *c);
int sealed_payload(int seals);
/* Sends the request; the exit socket's end is in p->exit. */
uint32_t spawn_send(int fd, const command *c, process *p);
hcs_reply spawn_try(int fd, const command *c, process *p);
process spawn(int fd, const command *c);
process shell(int fd, const char *script);
void assert_failed(int fd, const command *c, uint32_t stage, int error);
/* What the command writes, and its exit code. */
const char *output_of(int fd, command c, uint32_t code);
const char *shell_output(int fd, const char *user, const char *script);
hcs_reply open_try(int fd, uint32_t pid, process *p);
process open_pid(int fd, uint32_t pid);
uint32_t open_status(int fd, uint32_t pid);
uint32_t send_signal(int fd, uint64_t spawn_id, int signal, uint32_t group);

/* The two sides of a new terminal, which does not repeat what is typed. */
void terminal_pair(int ends[2]);

#endif
