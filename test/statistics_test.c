/*
 * statistics_test.c - Statistics and ProcessList out of folders that look like control groups of each
 * layout; times as texts; and every allocation failing once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "hcs/linux/fd.h"
#include "hcs/linux/group_counters.h"
#include "hcs/linux/network_counters.h"
#include "hcs/linux/proc_text.h"
#include "hcs/linux/process_list.h"
#include "hcs/linux/process_stat.h"
#include "hcs/linux/result.h"
#include "hcs/linux/statistics.h"
#include "hcs/linux/wall_clock.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS 1000000ll

static hcs_error *err;
static char root[64];
static hcs_group_paths groups;
static hcs_status_page page;

/* A container whose guest is this process, and whose groups of all controllers are one folder. */
static int setup(void **state) {
  char work[96];
  (void)state;
  err = hcs_error_new();
  snprintf(root, sizeof root, "/tmp/hcs-statistics.XXXXXX");
  if (err == NULL || mkdtemp(root) == NULL) return -1;
  snprintf(work, sizeof work, "%s/work", root);
  memset(&groups, 0, sizeof groups);
  memset(&page, 0, sizeof page);
  for (int i = 0; i < HCS_CONTROLLERS; i++) groups.container[i] = root;
  page.guest = getpid();
  atomic_init(&page.started_ns, hcs_boot_clock_ns());
  if (hcs_process_start_get(page.guest, &page.guest_start, err) != 0) return -1;
  return mkdir(work, 0700);
}

static int teardown(void **state) {
  char command[96];
  (void)state;
  hcs_error_free(err);
  snprintf(command, sizeof command, "rm -r '%s'", root);
  return system(command);
}

static void put(const char *file, const char *text) {
  char path[256];
  FILE *stream;
  snprintf(path, sizeof path, "%s/work/%s", root, file);
  stream = fopen(path, "w");
  assert_non_null(stream);
  assert_true(fputs(text, stream) >= 0);
  assert_int_equal(fclose(stream), 0);
}

static void put_v1(void) {
  put("cpuacct.stat", "user 12\nsystem 34\n");
  put("cpuacct.usage", "470000099\n");
  put("memory.usage_in_bytes", "1000\n");
  put("memory.max_usage_in_bytes", "2000\n");
  put("memory.stat", "cache 1\nrss 2\ntotal_cache 3\ntotal_rss 400\n");
  put("blkio.throttle.io_serviced", "254:0 Read 3\n254:0 Write 4\n254:0 Sync 7\n254:0 Total 7\n"
                                    "7:0 Read 10\n7:0 Write 20\nTotal 37\n");
  put("blkio.throttle.io_service_bytes", "254:0 Read 300\n254:0 Write 400\n254:0 Total 700\n"
                                         "7:0 Read 1000\nTotal 1700\n");
}

static void put_v2(void) {
  put("cpu.stat", "usage_usec 1000\nuser_usec 600\nsystem_usec 399\nnice_usec 0\n");
  put("memory.current", "1000\n");
  put("memory.peak", "2000\n");
  put("memory.stat", "anon 400\nfile 5\ninactive_anon 6\n");
  put("io.stat", "254:0 rbytes=300 wbytes=400 rios=3 wios=4 dbytes=50 dios=6\n"
                 "7:0 rbytes=1000 wbytes=100 rios=1 wios=100 dbytes=0 dios=0\n"
                 "259:1 \n8:16 rbytes=1 wios=1\n");
}

/* ---- control groups --------------------------------------------------------------------------------- */

static hcs_group_counters read_counters(hcs_cgroup_layout layout) {
  hcs_group_counters counters;
  groups.layout = layout;
  if (hcs_group_counters_read(&groups, &counters, err) != 0) fail_msg("%s", hcs_error_message(err));
  return counters;
}

static void v2_counts_in_one_tree(void **state) {
  hcs_group_counters counters;
  (void)state;
  put_v2();
  counters = read_counters(HCS_CGROUP_V2);
  assert_int_equal(counters.user_100ns, 6000);
  assert_int_equal(counters.kernel_100ns, 3990);
  assert_int_equal(counters.runtime_100ns, 9990);
  assert_int_equal(counters.memory_bytes, 1000);
  assert_int_equal(counters.memory_peak_bytes, 2000);
  assert_int_equal(counters.anonymous_bytes, 400);
  assert_int_equal(counters.read_bytes, 1000); /* the loop device's, which is more */
  assert_int_equal(counters.written_bytes, 400);
  assert_int_equal(counters.reads, 3);
  assert_int_equal(counters.writes, 100);
}

static void hybrid_counts_processors_in_v2_and_the_rest_in_v1(void **state) {
  hcs_group_counters counters;
  (void)state;
  put_v2();
  put_v1();
  put("memory.current", "77\n");
  put("io.stat", "254:0 rbytes=77\n");
  put("cpuacct.usage", "77\n");
  counters = read_counters(HCS_CGROUP_HYBRID);
  assert_int_equal(counters.runtime_100ns, 9990);
  assert_int_equal(counters.memory_bytes, 1000);
  assert_int_equal(counters.anonymous_bytes, 400);
  assert_int_equal(counters.read_bytes, 1300); /* v1 does not pass the loop device's on */
  assert_int_equal(counters.written_bytes, 400);
  assert_int_equal(counters.reads, 13);
  assert_int_equal(counters.writes, 24);
}

static void v1_keeps_the_exact_total(void **state) {
  hcs_group_counters counters;
  (void)state;
  put_v1();
  counters = read_counters(HCS_CGROUP_V1);
  assert_int_equal(counters.user_100ns, 1200000);
  assert_int_equal(counters.kernel_100ns, 3400000);
  assert_int_equal(counters.runtime_100ns, 4700000);
  assert_int_equal(counters.memory_peak_bytes, 2000);
}

static void what_is_not_counted_is_zero(void **state) {
  hcs_group_counters counters;
  (void)state;
  put("cpu.stat", "usage_usec 1000\n");
  put("memory.current", "1000\n");
  put("memory.stat", "");
  counters =
      read_counters(HCS_CGROUP_V2); /* 6.1 has no memory.peak without its controller, nor io.stat */
  assert_int_equal(counters.runtime_100ns + counters.memory_peak_bytes + counters.reads, 0);
  put_v1();
  groups.container[HCS_CONTROLLER_IO] = groups.container[HCS_CONTROLLER_CPUACCT] = NULL;
  counters = read_counters(HCS_CGROUP_V1);
  assert_int_equal(counters.runtime_100ns + counters.reads + counters.read_bytes, 0);
  assert_int_equal(counters.memory_bytes, 1000);
}

static void a_missing_file_is_named(void **state) {
  hcs_group_counters counters;
  (void)state;
  put("cpu.stat", "");
  groups.layout = HCS_CGROUP_V2;
  assert_int_equal(hcs_group_counters_read(&groups, &counters, err), -1);
  assert_non_null(strstr(hcs_error_message(err), "memory.current"));
  put("memory.current", "max\n");
  assert_int_equal(hcs_group_counters_read(&groups, &counters, err), -1);
  assert_non_null(strstr(hcs_error_message(err), "memory.current"));
}

static void storage_lines_of_any_shape(void **state) {
  static const char *const v1[] = {
      "",  "Total 9",        "254:0",  "254:0 ", "254:0 Read", "254:0 Reads 9", "254:0 Async 9",
      " ", "254:0 Write -9", "Read 9", "Write 9"};
  static const char *const v2[] = {"",
                                   "254:0",
                                   "254:0 rbytes=",
                                   "254:0 rbytes",
                                   "rbytes=9",
                                   "254:0 xrbytes=9",
                                   "254:0 dbytes=9 dios=9",
                                   "=",
                                   "254:0 rbytes=-9"};
  hcs_group_counters counters = {0};
  uint64_t read = 0, written = 0;
  (void)state;
  for (size_t i = 0; i < COUNT(v1); i++) hcs_storage_add_v1(v1[i], &read, &written);
  for (size_t i = 0; i < COUNT(v2); i++) hcs_storage_add_v2(v2[i], &counters);
  assert_int_equal(read + written, 0);
  assert_int_equal(counters.read_bytes + counters.reads + counters.written_bytes, 0);
}

/* ---- network ----------------------------------------------------------------------------------------- */

#define COLUMNS "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"

static void an_interface_is_a_name_and_sixteen_numbers(void **state) {
  static const struct {
    const char *line, *name;
  } rows[] = {
      {"  eth0: " COLUMNS, "eth0"},
      {"eth0:" COLUMNS, "eth0"},
      {"a23456789012345: " COLUMNS " 17", "a23456789012345"},
      {"    lo:       1       2    3    4    5     6          7         8   9 10 11 12 13 14 15 16",
       "lo"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    hcs_interface_counters counters;
    assert_int_equal(hcs_interface_parse(rows[i].line, &counters), 1);
    assert_string_equal(counters.name, rows[i].name);
    assert_int_equal(counters.received_bytes, 1);
    assert_int_equal(counters.received_packets, 2);
    assert_int_equal(counters.received_dropped, 4);
    assert_int_equal(counters.sent_bytes, 9);
    assert_int_equal(counters.sent_packets, 10);
    assert_int_equal(counters.sent_dropped, 12);
  }
}

static void other_lines_are_no_interfaces(void **state) {
  static const char *const lines[] = {
      "",
      ":",
      " : " COLUMNS,
      "Inter-|   Receive                 |  Transmit",
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets",
      "eth0 " COLUMNS,
      "eth0:",
      "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
      "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 x",
      "eth0: -1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
      "a234567890123456: " COLUMNS, /* a name has 15 bytes at most */
  };
  (void)state;
  for (size_t i = 0; i < COUNT(lines); i++) {
    hcs_interface_counters counters;
    if (hcs_interface_parse(lines[i], &counters)) fail_msg("'%s' is taken", lines[i]);
  }
}

/* ---- documents --------------------------------------------------------------------------------------- */

static void times_are_texts(void **state) {
  static const struct {
    int64_t ns;
    const char *text;
  } rows[] = {
      {0, "1970-01-01T00:00:00.0000000Z"},
      {99, "1970-01-01T00:00:00.0000000Z"},
      {100, "1970-01-01T00:00:00.0000001Z"},
      {951782399999999999, "2000-02-28T23:59:59.9999999Z"},
      {951782400000000000, "2000-02-29T00:00:00.0000000Z"},
      {951868800000000000, "2000-03-01T00:00:00.0000000Z"},
      {1786120781616472512, "2026-08-07T16:39:41.6164725Z"},
      {4107542399000000000, "2100-02-28T23:59:59.0000000Z"},
      {4107542400000000000, "2100-03-01T00:00:00.0000000Z"},
      {INT64_MAX, "2262-04-11T23:47:16.8547758Z"},
      {-1, ""},
      {INT64_MIN, ""},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    char text[HCS_WALL_TEXT_SIZE];
    hcs_wall_text(rows[i].ns, text);
    assert_string_equal(text, rows[i].text);
  }
}

static void interrupted(int number) {
  int64_t end_ns = hcs_boot_clock_ns() + 2 * MS;
  (void)number;
  while (hcs_boot_clock_ns() < end_ns) continue;
}

/* Else a row of the list would have another time of birth each time, on a busy machine. */
static void an_interrupt_between_two_clocks_does_not_show(void **state) {
  const struct itimerval often = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
  struct sigaction catch = {.sa_handler = interrupted}, before;
  int64_t first_ns = hcs_wall_offset_ns(), end_ns = hcs_boot_clock_ns() + 400 * MS;
  int others = 0;
  (void)state;
  assert_int_equal(sigaction(SIGALRM, &catch, &before), 0);
  assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
  while (hcs_boot_clock_ns() < end_ns) others += hcs_wall_offset_ns() != first_ns;
  assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
  assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
  assert_int_equal(others, 0);
}

static void zero_and_empty_are_left_out(void **state) {
  hcs_result result;
  json_t *object;
  char *text;
  (void)state;
  hcs_result_open(&result);
  hcs_result_number(&result, "zero", 0);
  hcs_result_string(&result, "empty", "");
  hcs_result_time(&result, "never", -1);
  hcs_result_number(&result, "most", UINT64_MAX);
  hcs_result_string(&result, "latin", "caf\xe9 \xc3\xa9");
  hcs_result_string(&result, "utf8", "caf\xc3\xa9");
  hcs_result_string(&result, "control", "a\x01\"\n");
  object = hcs_result_take(&result);
  text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
  assert_string_equal(text, "{\"control\":\"a\\u0001\\\"\\n\",\"latin\":\"caf? ??\","
                            "\"most\":9223372036854775807,\"utf8\":\"caf\xc3\xa9\"}");
  free(text);
  json_decref(object);
}

static int64_t number(const json_t *object, const char *name) {
  return json_integer_value(json_object_get(object, name));
}

/* A process that only waits, until it is killed. */
static pid_t child_start(void) {
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid > 0) return pid;
  for (;;) pause();
}

static void child_end(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

static void put_processes(pid_t child) {
  char text[128];
  /* one that is not there, nobody, nonsense, and numbers beyond all bounds are no processes */
  snprintf(text, sizeof text, "%d\n0\nx\n\n2147483646\n99999999999999999999\n-1\n%d", getpid(),
           child);
  put("cgroup.procs", text);
}

static void processes_are_listed(void **state) {
  pid_t child = child_start();
  json_t *list, *row;
  (void)state;
  put_processes(child);
  groups.layout = HCS_CGROUP_V2;
  list = hcs_process_list_make(&groups, &page, err);
  if (list == NULL) fail_msg("%s", hcs_error_message(err));
  assert_int_equal(json_array_size(list), 2);
  row = json_array_get(list, 1);
  assert_int_equal(number(row, "ProcessId"), child);
  assert_string_equal(json_string_value(json_object_get(row, "ImageName")), "statistics_test");
  assert_true(number(row, "MemoryCommitBytes") >= number(row, "MemoryWorkingSetPrivateBytes"));
  assert_true(number(row, "MemoryWorkingSetPrivateBytes") > 0);
  assert_int_equal(strlen(json_string_value(json_object_get(row, "CreateTimestamp"))), 28);
  json_decref(list);
  child_end(child);
}

static void a_zombie_is_no_process(void **state) {
  pid_t child = child_start();
  siginfo_t info;
  json_t *list;
  (void)state;
  put_processes(child);
  groups.layout = HCS_CGROUP_V1;
  kill(child, SIGKILL);
  assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
  list = hcs_process_list_make(&groups, &page, err);
  assert_non_null(list);
  assert_int_equal(json_array_size(list), 1);
  json_decref(list);
  waitpid(child, NULL, 0);
}

/* Says by a byte that the main thread has become a zombie, and waits. */
static void *survive(void *argument) {
  char text[HCS_PROC_STAT_SIZE];
  hcs_proc_stat stat = {0};
  while (stat.state != 'Z') {
    if (hcs_file_get(AT_FDCWD, "/proc/self/stat", text, sizeof text) <= 0 ||
        hcs_proc_stat_parse(text, &stat) != 0)
      _exit(1);
    sched_yield();
  }
  if (write(*(int *)argument, "", 1) != 1) _exit(1);
  for (;;) pause();
}

static void a_process_lives_on_without_its_main_thread(void **state) {
  int ends[2];
  char byte;
  pid_t child;
  json_t *list;
  (void)state;
  assert_int_equal(pipe(ends), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, survive, &ends[1]) != 0) _exit(1);
    syscall(SYS_exit, 0); /* of this thread alone, and nothing of it is torn down */
  }
  assert_int_equal(read(ends[0], &byte, 1), 1);
  put_processes(child);
  groups.layout = HCS_CGROUP_V2;
  list = hcs_process_list_make(&groups, &page, err);
  assert_int_equal(json_array_size(list), 2);
  assert_int_equal(number(json_array_get(list, 1), "ProcessId"), child);
  assert_int_equal(number(json_array_get(list, 1), "MemoryWorkingSetPrivateBytes"), 0);
  json_decref(list);
  child_end(child);
  close(ends[0]);
  close(ends[1]);
}

static void a_guest_that_is_gone_is_said(void **state) {
  pid_t child = child_start();
  (void)state;
  put_processes(getpid());
  put_v2();
  groups.layout = HCS_CGROUP_V2;
  page.guest_start++; /* somebody else has its pid now */
  assert_null(hcs_statistics_make(&groups, &page, err));
  page.guest = child;
  child_end(child);
  assert_null(hcs_statistics_make(&groups, &page, err));
  assert_null(hcs_process_list_make(&groups, &page, err));
  assert_non_null(strstr(hcs_error_message(err), "guest"));
}

/* ---- memory that runs out ------------------------------------------------------------------------- */

static long allocations_left;
static long objects;

static void *scarce_malloc(size_t size) {
  void *block;
  if (allocations_left-- <= 0) return NULL;
  block = malloc(size);
  if (block != NULL) objects++;
  return block;
}

static void counting_free(void *block) {
  if (block != NULL) objects--;
  free(block);
}

typedef json_t *(*maker)(const hcs_group_paths *, const hcs_status_page *, hcs_error *);

static void sweep(maker make) {
  json_t *made = NULL;
  long budget = 0;
  json_set_alloc_funcs(scarce_malloc, counting_free);
  for (; made == NULL; budget++) {
    allocations_left = budget;
    made = make(&groups, &page, err);
    if (made == NULL) {
      assert_int_equal(hcs_error_kind(err), HCS_E_NOT_ENOUGH_MEMORY);
      assert_int_equal(objects, 0);
    }
  }
  assert_true(budget > 20);
  json_decref(made);
  assert_int_equal(objects, 0);
  json_set_alloc_funcs(malloc, free);
}

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  put_v2();
  put_processes(getpid());
  groups.layout = HCS_CGROUP_V2;
  sweep(hcs_statistics_make);
  sweep(hcs_process_list_make);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(v2_counts_in_one_tree),
      TEST(hybrid_counts_processors_in_v2_and_the_rest_in_v1),
      TEST(v1_keeps_the_exact_total),
      TEST(what_is_not_counted_is_zero),
      TEST(a_missing_file_is_named),
      TEST(storage_lines_of_any_shape),
      TEST(an_interface_is_a_name_and_sixteen_numbers),
      TEST(other_lines_are_no_interfaces),
      TEST(times_are_texts),
      TEST(an_interrupt_between_two_clocks_does_not_show),
      TEST(zero_and_empty_are_left_out),
      TEST(processes_are_listed),
      TEST(a_zombie_is_no_process),
      TEST(a_process_lives_on_without_its_main_thread),
      TEST(a_guest_that_is_gone_is_said),
      TEST(every_failing_allocation_is_an_error),
  };
  return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
