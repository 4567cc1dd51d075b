/*
 * terminal.c - the caller's terminal while it is joined to a console.
 *
 * Only the call that made it has it, so there is nothing to close but by leaving. In a forked child that
 * gives back what belongs to the child; the modes are the parent's business.
 */
#include <stdlib.h>
#include <string.h>

#include "handle.h"

struct hcs_terminal {
  hcs_handle handle;
  hcs_platform_terminal *native;
  uint32_t pid; /* of the process in the container, for errors */
  char id[65];
};

static const char operation[] = "hcs::Process::Interact";

static int fail_at(const hcs_terminal *terminal, hcs_error *err) {
  return hcs_error_at(err, operation, terminal->id, terminal->pid);
}

static void terminal_destroy(hcs_handle *handle, int whole) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_terminal *terminal = (hcs_terminal *)handle;

  if (terminal->native != NULL && hcs_handle_foreign(handle))
    platform->terminal_free(terminal->native);
  else if (terminal->native != NULL)
    platform->terminal_leave(terminal->native);
  terminal->native = NULL;
  if (whole) free(terminal);
}

static hcs_terminal *terminal_new(const hcs_process *process, hcs_error *err) {
  hcs_terminal *terminal = calloc(1, sizeof *terminal);

  if (terminal == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  hcs_handle_init(&terminal->handle, terminal_destroy, NULL);
  terminal->pid = hcs_process_pid(process);
  strncpy(terminal->id, hcs_process_system_id(process),
          sizeof terminal->id - 1); /* the rest is 0 */
  return terminal;
}

hcs_terminal *hcs_terminal_enter(hcs_process *process, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_terminal *terminal;

  if (hcs_process_check_console(process, operation, err) != 0) return NULL;
  if ((terminal = terminal_new(process, err)) == NULL) return NULL;
  if (platform->terminal_enter == NULL)
    hcs_fail_missing(err);
  else
    terminal->native = platform->terminal_enter(err);
  if (terminal->native != NULL) return terminal;
  fail_at(terminal, err);
  hcs_handle_drop(&terminal->handle);
  return NULL;
}

void hcs_terminal_leave(hcs_terminal *terminal) {
  if (terminal != NULL) hcs_handle_drop(&terminal->handle);
}

static int begin(hcs_terminal *terminal, hcs_error *err) {
  return hcs_handle_visit(&terminal->handle, err) == 0 ? 0 : fail_at(terminal, err);
}

static int finish(hcs_terminal *terminal, int result, hcs_error *err) {
  if (result < 0) fail_at(terminal, err);
  hcs_handle_leave(&terminal->handle);
  return result;
}

int hcs_terminal_size(hcs_terminal *terminal, uint16_t *width, uint16_t *height, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (begin(terminal, err) != 0) return -1;
  return finish(terminal, platform->terminal_size(terminal->native, width, height, err), err);
}

int hcs_terminal_read(hcs_terminal *terminal, void *data, size_t capacity, size_t *size,
                      hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (begin(terminal, err) != 0) return -1;
  return finish(terminal, platform->terminal_read(terminal->native, data, capacity, size, err),
                err);
}

int hcs_terminal_write(hcs_terminal *terminal, const void *data, size_t size, size_t *written,
                       hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (begin(terminal, err) != 0) return -1;
  return finish(terminal, platform->terminal_write(terminal->native, data, size, written, err),
                err);
}

/* ---- poll ------------------------------------------------------------------------------------- */

int hcs_terminal_watch(hcs_terminal *terminal, hcs_platform_poll_item *item, hcs_error *err) {
  if (begin(terminal, err) != 0) return -1;
  item->terminal = terminal->native;
  return 0;
}

int hcs_terminal_unwatch(hcs_terminal *terminal, const hcs_platform_poll_item *item,
                         hcs_error *err) {
  (void)item;
  return finish(terminal, 0, err);
}
