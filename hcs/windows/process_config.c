/*
 * process_config.c - a ProcessConfig as the service takes it: Windows has one command line.
 */
#include "process_config.h"

#include <stdlib.h>

#include "../marshal.h"
#include "command_line.h"
#include "wide.h"

/* CommandArgs are for Linux containers only (hcs-contract §2.2). */
static int join_arguments(json_t *config, hcs_error *err) {
  const json_t *arguments = json_object_get(config, "CommandArgs");
  char *line;
  int result;

  if (json_array_size(arguments) == 0) return 0;
  line = hcs_windows_command_line(arguments, err);
  if (line == NULL) return -1;
  result = json_object_set_new(config, "CommandLine", json_string(line));
  free(line);
  if (result != 0) return hcs_fail_memory(err);
  json_object_del(config, "CommandArgs");
  return 0;
}

PWSTR hcs_process_config_text(const hcs_document *config, int is_windows, hcs_error *err) {
  json_t *copy = json_copy(config->root);
  char *text = NULL;
  PWSTR wide = NULL;

  if (copy == NULL) hcs_fail_memory(err);
  if (copy != NULL && (!is_windows || join_arguments(copy, err) == 0))
    text = hcs_marshal(hcs_schema_find("ProcessConfig"), copy, err);
  if (text != NULL) wide = hcs_wide_new(text, "config", err);
  free(text);
  json_decref(copy);
  return wide;
}
