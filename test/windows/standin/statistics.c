/* statistics.c - what Windows counts for the processes of a container's job. */
#include "statistics.h"

#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define PROCESSES 256 /* of a job */

typedef struct svc_counters {
  uint64_t user_100ns, kernel_100ns, commit_bytes, commit_peak_bytes, private_bytes;
  uint64_t reads, read_bytes, writes, written_bytes;
  FILETIME created;
} svc_counters;

static uint64_t file_time(FILETIME time) {
  return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static void put_counter(json_t *object, const char *name, uint64_t value) {
  if (value != 0) (void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

/* RFC 3339, seven digits of a second. */
static void put_time(json_t *object, const char *name, FILETIME time) {
  SYSTEMTIME parts;
  (void)FileTimeToSystemTime(&time, &parts);
  char *text = text_format("%04u-%02u-%02uT%02u:%02u:%02u.%07uZ", parts.wYear, parts.wMonth,
                           parts.wDay, parts.wHour, parts.wMinute, parts.wSecond,
                           (unsigned)(file_time(time) % 10000000));
  if (text != NULL) (void)json_object_set_new(object, name, json_string(text));
  free(text);
}

/* ---- one process --------------------------------------------------------------------------------- */

static int read_counters(HANDLE process, svc_counters *counters) {
  FILETIME exited, kernel, user;
  PROCESS_MEMORY_COUNTERS_EX memory;
  IO_COUNTERS io;
  memset(counters, 0, sizeof *counters);
  memset(&memory, 0, sizeof memory);
  memset(&io, 0, sizeof io);
  if (!GetProcessTimes(process, &counters->created, &exited, &kernel, &user)) return 0;
  (void)GetProcessMemoryInfo(process, (PROCESS_MEMORY_COUNTERS *)&memory, sizeof memory);
  (void)GetProcessIoCounters(process, &io);
  counters->kernel_100ns = file_time(kernel);
  counters->user_100ns = file_time(user);
  counters->commit_bytes = memory.PagefileUsage;
  counters->commit_peak_bytes = memory.PeakPagefileUsage;
  counters->private_bytes = memory.WorkingSetSize;
  counters->reads = io.ReadOperationCount;
  counters->read_bytes = io.ReadTransferCount;
  counters->writes = io.WriteOperationCount;
  counters->written_bytes = io.WriteTransferCount;
  return 1;
}

static void put_image(json_t *item, HANDLE process) {
  WCHAR path[MAX_PATH];
  DWORD length = MAX_PATH;
  if (!QueryFullProcessImageNameW(process, 0, path, &length)) return;
  const WCHAR *name = wcsrchr(path, L'\\');
  char *utf8 = text_utf8(name != NULL ? name + 1 : path);
  if (utf8 != NULL) (void)json_object_set_new(item, "ImageName", json_string(utf8));
  free(utf8);
}

/* In the service's order, which is the alphabet's. */
static json_t *child_item(DWORD pid, HANDLE process) {
  svc_counters counters;
  json_t *item = json_object();
  if (!read_counters(process, &counters)) return item;
  put_time(item, "CreateTimestamp", counters.created);
  put_image(item, process);
  put_counter(item, "KernelTime100ns", counters.kernel_100ns);
  put_counter(item, "MemoryCommitBytes", counters.commit_bytes);
  put_counter(item, "MemoryWorkingSetPrivateBytes", counters.private_bytes);
  put_counter(item, "ProcessId", pid);
  put_counter(item, "UserTime100ns", counters.user_100ns);
  return item;
}

static json_t *script_item(const svc_process *process) {
  json_t *item = json_object();
  put_time(item, "CreateTimestamp", process->created);
  (void)json_object_set_new(item, "ImageName", json_string("standin.exe"));
  put_counter(item, "ProcessId", process->pid);
  return item;
}

/* ---- all of them --------------------------------------------------------------------------------- */

typedef void (*process_visitor)(DWORD pid, HANDLE process, void *context);

/* Also those that a process of the container has started. */
static void visit_job(const svc_container *container, process_visitor visit, void *context) {
  union {
    JOBOBJECT_BASIC_PROCESS_ID_LIST list;
    char space[sizeof(JOBOBJECT_BASIC_PROCESS_ID_LIST) + PROCESSES * sizeof(ULONG_PTR)];
  } buffer;
  memset(&buffer, 0, sizeof buffer);
  (void)QueryInformationJobObject(container->job, JobObjectBasicProcessIdList, &buffer,
                                  sizeof buffer, NULL);
  for (DWORD i = 0; i < buffer.list.NumberOfProcessIdsInList; i++) {
    DWORD pid = (DWORD)buffer.list.ProcessIdList[i];
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, pid);
    if (process == NULL) continue;
    visit(pid, process, context);
    (void)CloseHandle(process);
  }
}

static void append_child(DWORD pid, HANDLE process, void *context) {
  (void)json_array_append_new(context, child_item(pid, process));
}

json_t *process_list_of(svc_container *container) {
  json_t *list = json_array();
  visit_job(container, append_child, list);
  for (svc_process *at = container->processes; at != NULL; at = at->next) {
    if (at->child == NULL) (void)json_array_append_new(list, script_item(at));
  }
  return list;
}

static void add_child(DWORD pid, HANDLE process, void *context) {
  svc_counters *sum = context, one;
  (void)pid;
  if (!read_counters(process, &one)) return;
  sum->user_100ns += one.user_100ns;
  sum->kernel_100ns += one.kernel_100ns;
  sum->commit_bytes += one.commit_bytes;
  sum->commit_peak_bytes += one.commit_peak_bytes;
  sum->private_bytes += one.private_bytes;
  sum->reads += one.reads;
  sum->read_bytes += one.read_bytes;
  sum->writes += one.writes;
  sum->written_bytes += one.written_bytes;
}

static json_t *memory_of(const svc_counters *sum) {
  json_t *memory = json_object();
  put_counter(memory, "MemoryUsageCommitBytes", sum->commit_bytes);
  put_counter(memory, "MemoryUsageCommitPeakBytes", sum->commit_peak_bytes);
  put_counter(memory, "MemoryUsagePrivateWorkingSetBytes", sum->private_bytes);
  return memory;
}

/* Hyper-V isolation knows the sum alone (hcs-contract §2.3). */
static json_t *processor_of(const svc_container *container, const svc_counters *sum) {
  json_t *processor = json_object();
  uint64_t user = sum->user_100ns + container->ended_user_100ns;
  uint64_t kernel = sum->kernel_100ns + container->ended_kernel_100ns;
  put_counter(processor, "TotalRuntime100ns", user + kernel);
  if (json_is_true(json_object_get(container->config, "HvPartition"))) return processor;
  put_counter(processor, "RuntimeUser100ns", user);
  put_counter(processor, "RuntimeKernel100ns", kernel);
  return processor;
}

static json_t *storage_of(const svc_counters *sum) {
  json_t *storage = json_object();
  put_counter(storage, "ReadCountNormalized", sum->reads);
  put_counter(storage, "ReadSizeBytes", sum->read_bytes);
  put_counter(storage, "WriteCountNormalized", sum->writes);
  put_counter(storage, "WriteSizeBytes", sum->written_bytes);
  return storage;
}

/* A row for each endpoint; nothing has gone over it. */
static json_t *network_of(const svc_container *container) {
  json_t *rows = json_array(), *endpoint;
  size_t i;
  json_array_foreach(json_object_get(container->config, "EndpointList"), i, endpoint) {
    (void)json_array_append_new(
        rows, json_pack("{s:O, s:s}", "EndpointId", endpoint, "InstanceId", container->runtime_id));
  }
  return rows;
}

json_t *statistics_of(svc_container *container) {
  svc_counters sum;
  FILETIME now;
  json_t *statistics = json_object();
  memset(&sum, 0, sizeof sum);
  visit_job(container, add_child, &sum);
  GetSystemTimeAsFileTime(&now);
  put_time(statistics, "Timestamp", now);
  put_time(statistics, "ContainerStartTime", container->started);
  put_counter(statistics, "Uptime100ns", file_time(now) - file_time(container->started));
  (void)json_object_set_new(statistics, "Memory", memory_of(&sum));
  (void)json_object_set_new(statistics, "Processor", processor_of(container, &sum));
  (void)json_object_set_new(statistics, "Storage", storage_of(&sum));
  (void)json_object_set_new(statistics, "Network", network_of(container));
  return statistics;
}
