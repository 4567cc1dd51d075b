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

/* The argument vector, from the one of CommandArgs and CommandLine that is there; owned. */
static char **arguments_get(const json_t *root, hcs_error *err) {
  const json_t *list = json_object_get(root, "CommandArgs");
  const char *line = hcs_document_string(root, "CommandLine");
  size_t count = json_array_size(list), i;
  char **arguments;
  if (line[0] != '\0') return hcs_command_line_split(line, err);
  arguments = calloc(count + 1, sizeof *arguments);
  for (i = 0; arguments != NULL && i < count; i++) {
    arguments[i] = strdup(json_string_value(json_array_get(list, i)));
    if (arguments[i] == NULL) {
      hcs_command_line_free(arguments);
      arguments = NULL;
    }
  }
  if (arguments == NULL) hcs_fail_memory(err);
  return arguments;
}

static uint32_t stream_flags(const json_t *root) {
  return (hcs_document_bool(root, "CreateStdInPipe") ? HCS_SPAWN_STDIN : 0) |
         (hcs_document_bool(root, "CreateStdOutPipe") ? HCS_SPAWN_STDOUT : 0) |
         (hcs_document_bool(root, "CreateStdErrPipe") ? HCS_SPAWN_STDERR : 0);
}

/* An empty value is passed on: that is what was said. */
static void put_environment(text_block *block, json_t *map, uint32_t *count) {
  const char *name;
  json_t *value;
  json_object_foreach(map, name, value) {
    put(block, name, strlen(name));
    put(block, "=", 1);
    put_text(block, json_string_value(value));
    ++*count;
  }
}

static int payload_make(hcs_spawn_request *request, const json_t *root, char **arguments,
                        hcs_error *err) {
  const char *file = hcs_document_string(root, "ApplicationName");
  hcs_spawn head = {.flags = request->flags};
  text_block block = {0};
  put(&block, &head, sizeof head);
  put_text(&block, request->user);
  put_text(&block, request->directory);
  put_text(&block, file);
  for (; arguments[head.argc] != NULL; head.argc++) put_text(&block, arguments[head.argc]);
  put_environment(&block, json_object_get(root, "Environment"), &head.envc);
  request->payload = block.data;
  request->size = block.used;
  request->command = strdup(file[0] != '\0' ? file : arguments[0]);
  if (block.failed || request->command == NULL) return hcs_fail_memory(err);
  memcpy(block.data, &head, sizeof head);
  return 0;
}

int hcs_spawn_request_make(hcs_spawn_request *request, const hcs_document *config, hcs_error *err) {
  char **arguments;
  int r;
  memset(request, 0, sizeof *request);
  request->flags = stream_flags(config->root);
  request->user = hcs_document_string(config->root, "User");
  request->directory = hcs_document_string(config->root, "WorkingDirectory");
  arguments = arguments_get(config->root, err);
  if (arguments == NULL) return -1;
  r = payload_make(request, config->root, arguments, err);
  hcs_command_line_free(arguments);
  return r;
}

void hcs_spawn_request_clear(hcs_spawn_request *request) {
  free(request->payload);
  free(request->command);
  memset(request, 0, sizeof *request);
}
