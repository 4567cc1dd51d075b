/*
 * result.c - HRESULTs and result documents as errors of the core (hcs-contract §3).
 */
#include "result.h"

#include <jansson.h>
#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error_codes.h"
#include "../text.h"
#include "wide.h"

/* winerror.h's FACILITY_WIN32, as hcsshim tells it: whatever the severity, without the N and X bits. */
#define WIN32_MASK 0x1FFF0000U
#define WIN32_BITS 0x00070000U

uint64_t hcs_service_code(HRESULT status) {
  uint32_t bits = (uint32_t)status;

  return (bits & WIN32_MASK) == WIN32_BITS ? bits & 0xFFFF : bits;
}

/* What mingw's winerror.h does not have: "performed in the background", in both generations' words. */
static int is_pending(HRESULT status) {
  switch ((uint32_t)status) {
  case 0xC0370103:
  case 0x80370103:
  case 0x80370117: return 1;
  default: return 0;
  }
}

/* ---- texts ----------------------------------------------------------------------------------------- */

/* Windows' own text for a code, in one line; "" if it has none. */
static void system_text(uint64_t code, char *text, size_t capacity) {
  wchar_t wide[512];
  DWORD size = FormatMessageW(
      FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK,
      NULL, (DWORD)code, 0, wide, (DWORD)(sizeof wide / sizeof wide[0]), NULL);
  int used = 0;

  if (size > 0)
    used = WideCharToMultiByte(CP_UTF8, 0, wide, (int)size, text, (int)capacity - 1, NULL, NULL);
  while (used > 0 && (unsigned char)text[used - 1] <= ' ') used--;
  text[used] = '\0';
}

/* The core's texts are the same in every language and release; Windows' stand in where it has none. */
static void code_text(uint64_t code, char *text, size_t capacity) {
  uint64_t range = code & ~0x400000FFULL; /* 0xC03701xx and 0x803701xx */

  text[0] = '\0';
  if (hcs_code_name(code) == NULL && range != 0x80370100ULL) system_text(code, text, capacity);
  if (text[0] == '\0') hcs_text_copy(text, capacity, hcs_code_text(code));
}

int hcs_fail_windows(hcs_error *err, DWORD error, const char *format, ...) {
  char what[1024], text[768];
  va_list arguments;

  if (error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_OUTOFMEMORY) return hcs_fail_memory(err);
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  code_text(error, text, sizeof text);
  return hcs_fail(err, error, "%s: %s", what, text);
}

/* ---- result documents -------------------------------------------------------------------------------- */

/* NULL for what is no JSON object. `err` is about to be overwritten anyway. */
static json_t *document_read(PCWSTR document, hcs_error *err) {
  char *text =
      document != NULL && *document != L'\0' ? hcs_utf8_new(document, "result", err) : NULL;
  json_t *root = text != NULL ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;

  free(text);
  if (json_is_object(root)) return root;
  json_decref(root);
  return NULL;
}

/* Who or what was to blame (the service's newer releases say it), in the shape of an ErrorEvent. */
static json_t *attribution_event(const json_t *attribution) {
  char *text = json_dumps(attribution, JSON_COMPACT);
  json_t *event = NULL;

  if (text != NULL) event = json_pack("{s:s, s:s}", "Message", text, "Source", "Attribution");
  free(text);
  return event;
}

/* Events are an addition: what cannot be read, or kept for want of memory, is left out. */
static void events_attach(const json_t *document, hcs_error *err) {
  const json_t *told = json_object_get(document, "ErrorEvents");
  const json_t *blamed = json_object_get(document, "Attribution");
  json_t *events = json_array();
  char *text = NULL;

  for (size_t i = 0; i < json_array_size(told); i++)
    if (json_is_object(json_array_get(told, i))) json_array_append(events, json_array_get(told, i));
  for (size_t i = 0; i < json_array_size(blamed); i++)
    json_array_append_new(events, attribution_event(json_array_get(blamed, i)));
  if (json_array_size(events) > 0) text = json_dumps(events, JSON_COMPACT);
  if (text != NULL) hcs_error_events_set(err, text);
  free(text);
  json_decref(events);
}

/* The service's message says more than its code does: which file was not found. */
static int fail_service(uint64_t code, PCWSTR document, hcs_error *err) {
  json_t *root = document_read(document, err);
  const char *message = json_string_value(json_object_get(root, "ErrorMessage"));
  char text[768];

  code_text(code, text, sizeof text);
  if (message != NULL && message[0] != '\0' && strcmp(message, text) != 0)
    hcs_fail(err, code, "%s", message);
  else
    hcs_fail(err, code, "%s", text);
  events_attach(root, err);
  json_decref(root);
  return -1;
}

int hcs_service_notified(HRESULT status, PCWSTR document, hcs_error *err) {
  if (is_pending(status)) return HCS_CALL_PENDING;
  if (SUCCEEDED(status)) return 0;
  return fail_service(hcs_service_code(status), document, err);
}

int hcs_service_result(HRESULT status, PWSTR document, hcs_error *err) {
  int result = hcs_service_notified(status, document, err);

  CoTaskMemFree(document);
  return result;
}

void hcs_service_explain(uint64_t code, PCWSTR document, hcs_error *err) {
  fail_service(code, document, err);
}
