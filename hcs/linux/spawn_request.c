/*
 * spawn_request.c - a ProcessConfig as the request that a guest understands.
 */
#include "spawn_request.h"

#include <stdlib.h>
#include <string.h>

#include "../guest/protocol.h"
#include "command_line.h"

typedef struct text_block {
  char *data;
  size_t used, capacity;
  int failed;
} text_block;

static void put(text_block *block, const void *data, size_t size) {
  if (block->used + size > block->capacity && !block->failed) {
    size_t capacity = (block->used + size) * 2;
    char *larger = realloc(block->data, capacity);
    if (larger == NULL)
      block->failed = 1;
    else
      block->data = larger, block->capacity = capacity;
  }
  if (block->failed) return;
  memcpy(block->data + block->used, data, size);
  block->used += size;
}

static void put_text(text_block *block, const char *text) { put(block, text, strlen(text) + 1); }

/* One of CommandArgs and CommandLine is there; `*name` gets a copy of the first argument if it is NULL. */
static int put_arguments(text_block *block, const json_t *root, uint32_t *count, char **name,
                         hcs_error *err) {
  const json_t *list = json_object_get(root, "CommandArgs");
  const char *line = hcs_document_string(root, "CommandLine");
  char **words = line[0] != '\0' ? hcs_command_line_split(line, err) : NULL;
  size_t i, size = json_array_size(list);
  if (line[0] != '\0' && words == NULL) return -1;
  for (i = 0; words != NULL ? words[i] != NULL : i < size; i++) {
    const char *word = words != NULL ? words[i] : json_string_value(json_array_get(list, i));
    if (*name == NULL) *name = strdup(word);
    put_text(block, word);
    ++*count;
  }
  hcs_command_line_free(words);
  return 0;
}

static uint32_t stream_flags(const json_t *root) {
  if (hcs_document_bool(root, "EmulateConsole")) return HCS_SPAWN_CONSOLE;
  return (hcs_document_bool(root, "CreateStdInPipe") ? HCS_SPAWN_STDIN : 0) |
         (hcs_document_bool(root, "CreateStdOutPipe") ? HCS_SPAWN_STDOUT : 0) |
         (hcs_document_bool(root, "CreateStdErrPipe") ? HCS_SPAWN_STDERR : 0);
}

/* {height, width}, or nothing at all */
static hcs_console_size console_size(const json_t *root) {
  const json_t *pair = json_object_get(root, "ConsoleSize");
  return (hcs_console_size){.height = (uint16_t)json_integer_value(json_array_get(pair, 0)),
                            .width = (uint16_t)json_integer_value(json_array_get(pair, 1))};
}

/* An empty value is passed on: that is what was said. */
static void put_environment(text_block *block, json_t *map, uint32_t flags, uint32_t *count) {
  const char *name;
  json_t *value;
  if (flags == HCS_SPAWN_CONSOLE && json_object_get(map, "TERM") == NULL) {
    put_text(block, "TERM=xterm");
    ++*count;
  }
  json_object_foreach(map, name, value) {
    put(block, name, strlen(name));
    put(block, "=", 1);
    put_text(block, json_string_value(value));
    ++*count;
  }
}

int hcs_spawn_request_make(hcs_spawn_request *request, const hcs_document *config, hcs_error *err) {
  const json_t *root = config->root;
  const char *file = hcs_document_string(root, "ApplicationName");
  hcs_spawn head = {.flags = stream_flags(root)};
  text_block block = {0};
  int r;
  memset(request, 0, sizeof *request);
  request->flags = head.flags;
  request->console_size = console_size(root);
  request->user = hcs_document_string(root, "User");
  request->directory = hcs_document_string(root, "WorkingDirectory");
  if (file[0] != '\0') request->command = strdup(file);
  put(&block, &head, sizeof head);
  put_text(&block, request->user);
  put_text(&block, request->directory);
  put_text(&block, file);
  r = put_arguments(&block, root, &head.argc, &request->command, err);
  put_environment(&block, json_object_get(root, "Environment"), head.flags, &head.envc);
  request->payload = block.data;
  request->size = block.used;
  if (r != 0) return -1;
  if (block.failed || request->command == NULL) return hcs_fail_memory(err);
  memcpy(block.data, &head, sizeof head);
  return 0;
}

void hcs_spawn_request_clear(hcs_spawn_request *request) {
  free(request->payload);
  free(request->command);
  memset(request, 0, sizeof *request);
}
