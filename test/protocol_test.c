/*
 * protocol_test.c - what the host side writes for setup and guest, and what it makes of their answers.
 *
 * The guest is not trusted: a reply or an exit record has exactly one form, and anything else must
 * end in an error, never in a wait without end.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hcs/document.h"
#include "hcs/guest/protocol.h"
#include "hcs/linux/channel.h"
#include "hcs/linux/exits.h"
#include "hcs/linux/plan.h"
#include "hcs/linux/socket.h"
#include "hcs/linux/spawn_request.h"
#include "hcs/linux/wait.h"
#include "hcs/schema.h"
#include "test/error_fixture.h"

#define PATIENCE_NS 50000000 /* 50 ms: long enough for a socket pair, short enough for a test */

/* ---- the plan ------------------------------------------------------------------------------------ */

static const char *text_at(const hcs_plan *plan, uint32_t offset) {
  assert_in_range(offset, 1, plan->size - 1);
  return (const char *)plan + offset;
}

static void a_plan_says_what_the_config_says(void **state) {
  (void)state;
  const char *layers[] = {"/top,:\\layer", "/base"};
  hcs_config config = {.host_name = "web",
                       .scratch = "/scratch",
                       .layers = layers,
                       .layer_count = 2,
                       .scratch_bytes = 12345,
                       .is_volatile = 1};
  hcs_cgroup group = {.container = -1, .guest = 50, .work = 51, .freezer = 52, .hierarchies = 1};
  const hcs_scratch_plan scratch = {HCS_SCRATCH_GROW, 1u << 20};
  const hcs_plan_parts parts = {.workspace = "/run/hcs/web",
                                .resolv = "nameserver ::1",
                                .boot = 40,
                                .control = 41,
                                .lock = 42,
                                .network = 43};
  hcs_plan_descriptors descriptors;
  struct stat info;
  group.container_tasks[0] = 60;
  group.guest_tasks[0] = 61;
  group.work_tasks[0] = 62;
  assert_int_equal(hcs_plan_make(&descriptors, &config, &scratch, &group, &parts, err), 0);
  int fd = descriptors.list[HCS_FD_PLAN];
  assert_int_equal(fstat(fd, &info), 0);
  const hcs_plan *plan = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  assert_true(plan != MAP_FAILED);

  assert_int_equal(plan->magic, HCS_PLAN_MAGIC);
  assert_int_equal(plan->size, info.st_size);
  assert_int_equal(((const char *)plan)[plan->size - 1], 0);
  assert_int_equal(plan->flags, HCS_PLAN_VOLATILE);
  assert_int_equal(plan->scratch_bytes, 12345);
  assert_int_equal(plan->image, HCS_SCRATCH_GROW);
  assert_int_equal(plan->image_bytes, 1u << 20);
  assert_string_equal(text_at(plan, plan->host_name), "web");
  assert_string_equal(text_at(plan, plan->scratch), "/scratch");
  assert_string_equal(text_at(plan, plan->workspace), "/run/hcs/web");
  assert_string_equal(text_at(plan, plan->resolv), "nameserver ::1");
  assert_int_equal(plan->volume, 0);
  assert_int_equal(plan->layer_count, 2);
  const uint32_t *offsets = (const uint32_t *)(const void *)((const char *)plan + plan->layers);
  for (uint32_t i = 0; i < 2; i++) assert_string_equal(text_at(plan, offsets[i]), layers[i]);

  /* the plan names descriptors by the numbers that setup will find them under */
  assert_int_equal(descriptors.list[HCS_FD_BOOT], 40);
  assert_int_equal(descriptors.list[HCS_FD_CONTROL], 41);
  assert_int_equal(descriptors.list[plan->lock], 42);
  assert_int_equal(descriptors.list[plan->network], 43);
  assert_int_equal(descriptors.list[plan->guest_group], 50);
  assert_int_equal(descriptors.list[plan->work_group], 51);
  assert_int_equal(descriptors.list[plan->freezer], 52);
  assert_int_equal(descriptors.list[plan->container_tasks[0]], 60);
  assert_int_equal(descriptors.list[plan->guest_tasks[0]], 61);
  assert_int_equal(descriptors.list[plan->work_tasks[0]], 62);
  assert_int_equal(fcntl(fd, F_GET_SEALS) & (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW),
                   F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
  munmap((void *)(uintptr_t)plan, (size_t)info.st_size);
  close(fd);
}

/* ---- a process ------------------------------------------------------------------------------------ */

static void a_process_config_becomes_a_request(void **state) {
  (void)state;
  static const char json[] =
      "{\"CommandLine\":\"sh -c 'a b'\",\"ApplicationName\":\"/bin/sh\","
      "\"User\":\"lab\",\"WorkingDirectory\":\"/srv\",\"CreateStdInPipe\":"
      "true,\"CreateStdErrPipe\":true,\"Environment\":{\"A\":\"\",\"B\":\"x=y\"}}";
  static const char strings[] = "lab\0/srv\0/bin/sh\0sh\0-c\0a b\0A=\0B=x=y";
  hcs_document *config =
      hcs_document_parse("ProcessConfig", "config", json, NULL, HCS_SUPPORT_LINUX, err);
  hcs_spawn_request request;
  assert_non_null(config);
  assert_int_equal(hcs_spawn_request_make(&request, config, err), 0);
  const hcs_spawn *head = request.payload;
  assert_int_equal(head->flags, HCS_SPAWN_STDIN | HCS_SPAWN_STDERR);
  assert_int_equal(request.flags, head->flags);
  assert_int_equal(head->argc, 3);
  assert_int_equal(head->envc, 2);
  assert_int_equal(request.size, sizeof *head + sizeof strings);
  assert_memory_equal(head + 1, strings, sizeof strings);
  assert_string_equal(request.command, "/bin/sh");
  hcs_spawn_request_clear(&request);
  hcs_document_free(config);
}

static void a_console_replaces_the_streams(void **state) {
  (void)state;
  static const struct {
    const char *json, *strings;
    size_t size;
    uint16_t width, height;
  } cases[] = {
#define STRINGS(text) text, sizeof text
      {"{\"CommandLine\":\"sh\",\"EmulateConsole\":true,\"CreateStdErrPipe\":true,"
       "\"ConsoleSize\":[40,100]}",
       STRINGS("\0\0\0sh\0TERM=xterm"), 100, 40},
      {"{\"CommandLine\":\"sh\",\"EmulateConsole\":true,\"Environment\":{\"A\":\"b\"}}",
       STRINGS("\0\0\0sh\0TERM=xterm\0A=b"), 0, 0},
      {"{\"CommandLine\":\"sh\",\"EmulateConsole\":true,\"Environment\":{\"TERM\":\"\"},"
       "\"ConsoleSize\":[]}",
       STRINGS("\0\0\0sh\0TERM="), 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hcs_document *config =
        hcs_document_parse("ProcessConfig", "config", cases[i].json, NULL, HCS_SUPPORT_LINUX, err);
    hcs_spawn_request request;
    assert_non_null(config);
    assert_int_equal(hcs_spawn_request_make(&request, config, err), 0);
    assert_int_equal(request.flags, HCS_SPAWN_CONSOLE);
    assert_int_equal(((const hcs_spawn *)request.payload)->flags, HCS_SPAWN_CONSOLE);
    assert_int_equal(request.console_size.width, cases[i].width);
    assert_int_equal(request.console_size.height, cases[i].height);
    assert_int_equal(request.size, sizeof(hcs_spawn) + cases[i].size);
    assert_memory_equal((const hcs_spawn *)request.payload + 1, cases[i].strings, cases[i].size);
    hcs_spawn_request_clear(&request);
    hcs_document_free(config);
  }
}

/* ---- replies -------------------------------------------------------------------------------------- */

typedef struct reply_message {
  hcs_frame frame;
  hcs_reply reply;
  char more[8];
} reply_message;

static reply_message good_reply(uint32_t request) {
  reply_message message = {
      .frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_REPLY, request, sizeof(hcs_reply)}};
  message.reply.pid = 7;
  return message;
}

#define REPLY_SIZE offsetof(reply_message, more)

/* Sends START on a new channel whose guest has said `size` bytes of `message` already. */
static int call(const reply_message *message, size_t size, hcs_reply *reply) {
  int pair[2], r;
  hcs_channel channel;
  assert_int_equal(hcs_socket_pair(pair, err), 0);
  hcs_channel_init(&channel, pair[0]);
  if (message != NULL) assert_int_equal(send(pair[1], message, size, 0), (ssize_t)size);
  r = hcs_channel_call(&channel, HCS_START, NULL, 0, NULL, 0, hcs_clock_ns() + PATIENCE_NS, reply,
                       err);
  hcs_channel_clear(&channel);
  close(pair[1]);
  return r;
}

static void a_reply_is_taken(void **state) {
  (void)state;
  reply_message message = good_reply(1);
  hcs_reply reply;
  assert_int_equal(call(&message, REPLY_SIZE, &reply), 0);
  assert_int_equal(reply.pid, 7);
}

static void what_is_no_reply_is_refused(void **state) {
  (void)state;
  hcs_reply reply;
  reply_message bad[7];
  size_t sizes[7], i;
  for (i = 0; i < 7; i++) bad[i] = good_reply(1), sizes[i] = REPLY_SIZE;
  bad[0].frame.magic++;
  bad[1].frame.version = HCS_PROTOCOL_VERSION + 1;
  bad[2].frame.type = HCS_START;
  bad[3].frame.length = 4;
  sizes[4] = REPLY_SIZE - 1;
  sizes[5] = REPLY_SIZE + 8;
  sizes[6] = 3;
  for (i = 0; i < 7; i++) {
    assert_int_equal(call(&bad[i], sizes[i], &reply), -1);
    assert_int_equal(hcs_error_kind(err), HCS_E_UNEXPECTED_PROCESS_ABORT);
  }
}

static void no_answer_is_a_timeout(void **state) {
  (void)state;
  hcs_reply reply;
  assert_int_equal(call(NULL, 0, &reply), -1);
  assert_int_equal(hcs_error_kind(err), HCS_E_TIMEOUT);
}

/* Of a request that was given up, or of another one altogether. */
static void a_reply_to_something_else_is_passed_over(void **state) {
  (void)state;
  reply_message message = good_reply(99);
  hcs_reply reply;
  assert_int_equal(call(&message, REPLY_SIZE, &reply), -1);
  assert_int_equal(hcs_error_kind(err), HCS_E_TIMEOUT);
}

static void a_lost_guest_is_told(void **state) {
  (void)state;
  int pair[2];
  hcs_channel channel;
  hcs_reply reply;
  assert_int_equal(hcs_socket_pair(pair, err), 0);
  hcs_channel_init(&channel, pair[0]);
  close(pair[1]);
  assert_int_equal(
      hcs_channel_call(&channel, HCS_START, NULL, 0, NULL, 0, HCS_FOREVER, &reply, err), -1);
  assert_int_equal(hcs_error_kind(err), HCS_E_UNEXPECTED_PROCESS_ABORT);
  hcs_channel_clear(&channel);
}

static void long_payloads_travel_in_a_sealed_memfd(void **state) {
  (void)state;
  const size_t size = HCS_INLINE_MAX + 1;
  char *payload = malloc(size), control[CMSG_SPACE(sizeof(int))];
  hcs_frame frame;
  struct iovec part = {&frame, sizeof frame};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int pair[2], memfd;
  struct stat info;
  hcs_channel channel;
  hcs_reply reply;
  assert_non_null(payload);
  memset(payload, 'x', size);
  assert_int_equal(hcs_socket_pair(pair, err), 0);
  hcs_channel_init(&channel, pair[0]);
  /* nobody answers: what was sent is of interest */
  assert_int_equal(hcs_channel_call(&channel, HCS_SPAWN, payload, size, NULL, 0,
                                    hcs_clock_ns() + PATIENCE_NS, &reply, err),
                   -1);
  assert_int_equal(recvmsg(pair[1], &message, 0), sizeof frame);
  assert_int_equal(frame.length, size);
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  assert_non_null(header);
  if (header == NULL) return; /* for who does not know the line above */
  memcpy(&memfd, CMSG_DATA(header), sizeof memfd);
  assert_int_equal(fstat(memfd, &info), 0);
  assert_int_equal(info.st_size, size);
  assert_true((fcntl(memfd, F_GET_SEALS) & (F_SEAL_WRITE | F_SEAL_SHRINK)) ==
              (F_SEAL_WRITE | F_SEAL_SHRINK));
  close(memfd);
  assert_int_equal(
      hcs_channel_call(&channel, HCS_SPAWN, payload, HCS_PAYLOAD_MAX + 1, NULL, 0, 0, &reply, err),
      -1);
  assert_int_equal(hcs_error_kind(err), HCS_E_INVALID_PARAMETER);
  hcs_channel_clear(&channel);
  close(pair[1]);
  free(payload);
}

/* ---- exit records --------------------------------------------------------------------------------- */

static hcs_exit_look look(const void *bytes, size_t size, hcs_exit_kind kind) {
  int pair[2];
  hcs_exit_record record;
  hcs_exit_look first, again;
  assert_int_equal(hcs_socket_pair(pair, err), 0);
  if (bytes != NULL) assert_int_equal(send(pair[1], bytes, size, 0), (ssize_t)size);
  if (size > 0) close(pair[1]);
  first = hcs_exit_peek(pair[0], kind, &record);
  again = hcs_exit_peek(pair[0], kind, &record);
  assert_int_equal(first, again); /* looking takes nothing */
  if (size == 0) close(pair[1]);
  close(pair[0]);
  return first;
}

static void an_exit_record_has_one_form(void **state) {
  (void)state;
  const hcs_exit_record good = {HCS_EXIT_MAGIC, HCS_PROTOCOL_VERSION, HCS_EXIT_PROCESS, 3, 0, 1, 0};
  hcs_exit_record bad = good;
  char longer[sizeof good + 1] = {0};
  memcpy(longer, &good, sizeof good);
  assert_int_equal(look(&good, sizeof good, HCS_EXIT_PROCESS), HCS_EXIT_KNOWN);
  assert_int_equal(look(&good, sizeof good, HCS_EXIT_SYSTEM), HCS_EXIT_LOST);
  assert_int_equal(look(&good, sizeof good - 1, HCS_EXIT_PROCESS), HCS_EXIT_LOST);
  assert_int_equal(look(longer, sizeof longer, HCS_EXIT_PROCESS), HCS_EXIT_LOST);
  assert_int_equal(look(NULL, 1, HCS_EXIT_PROCESS), HCS_EXIT_LOST);
  assert_int_equal(look(NULL, 0, HCS_EXIT_PROCESS), HCS_EXIT_PENDING);
  bad.magic++;
  assert_int_equal(look(&bad, sizeof bad, HCS_EXIT_PROCESS), HCS_EXIT_LOST);
  bad = good, bad.version = HCS_PROTOCOL_VERSION + 1;
  assert_int_equal(look(&bad, sizeof bad, HCS_EXIT_PROCESS), HCS_EXIT_LOST);
}

static void an_exit_code_is_one_that_a_process_can_have(void **state) {
  (void)state;
  static const struct {
    uint32_t code, signal;
    hcs_exit_look look;
  } rows[] = {
      {0, 0, HCS_EXIT_KNOWN},    {255, 0, HCS_EXIT_KNOWN},        {137, 9, HCS_EXIT_KNOWN},
      {192, 64, HCS_EXIT_KNOWN}, {256, 0, HCS_EXIT_LOST},         {UINT32_MAX, 0, HCS_EXIT_LOST},
      {7, 9, HCS_EXIT_LOST},     {128 + 200, 200, HCS_EXIT_LOST},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const hcs_exit_record record = {
        HCS_EXIT_MAGIC, HCS_PROTOCOL_VERSION, HCS_EXIT_PROCESS, rows[i].code, rows[i].signal, 1, 0};
    assert_int_equal(look(&record, sizeof record, HCS_EXIT_PROCESS), rows[i].look);
  }
}

/* ---- waiting --------------------------------------------------------------------------------------- */

static int always(void *context) { return context != NULL; }

/* A signal between the caller's last look and the sleep: the question finds it, with signals held back. */
static void a_wait_that_is_due_does_not_sleep(void **state) {
  (void)state;
  int pair[2], due = 1;
  assert_int_equal(hcs_socket_pair(pair, err), 0);
  assert_int_equal(hcs_wait_fd(pair[0], POLLIN, hcs_clock_ns() + PATIENCE_NS), HCS_WAIT_TIMEOUT);
  hcs_interrupt_check(always, &due);
  assert_int_equal(hcs_wait_fd(pair[0], POLLIN, hcs_clock_ns() + 100 * (int64_t)PATIENCE_NS),
                   HCS_WAIT_INTERRUPTED);
  /* what is not the caller's to leave goes on, and what is ready or over stays so */
  assert_int_equal(hcs_wait_fd_uninterrupted(pair[0], POLLIN, hcs_clock_ns() + PATIENCE_NS),
                   HCS_WAIT_TIMEOUT);
  assert_int_equal(hcs_wait_fd(pair[0], POLLIN, 0), HCS_WAIT_TIMEOUT);
  assert_int_equal(send(pair[1], "x", 1, 0), 1);
  assert_int_equal(hcs_wait_fd(pair[0], POLLIN, HCS_FOREVER), HCS_WAIT_READY);
  hcs_interrupt_check(NULL, NULL);
  close(pair[0]);
  close(pair[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_plan_says_what_the_config_says),
      TEST(a_process_config_becomes_a_request),
      TEST(a_console_replaces_the_streams),
      TEST(a_reply_is_taken),
      TEST(what_is_no_reply_is_refused),
      TEST(no_answer_is_a_timeout),
      TEST(a_reply_to_something_else_is_passed_over),
      TEST(a_lost_guest_is_told),
      TEST(long_payloads_travel_in_a_sealed_memfd),
      TEST(an_exit_record_has_one_form),
      TEST(an_exit_code_is_one_that_a_process_can_have),
      TEST(a_wait_that_is_due_does_not_sleep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
