/*
 * library.c - what belongs to no handle: the clock, the list of all systems, cleaning up.
 */
#include <stdlib.h>

#include "handle.h"
#include "thread_pointer.h"

int64_t hcs_clock_ns(void) { return hcs_platform_get()->clock_ns(); }

/* Of each thread its own: a Lua state asks for itself only. */
HCS_THREAD_POINTER(interrupt_check)
HCS_THREAD_POINTER(interrupt_context)

void hcs_interrupt_check(int (*check)(void *context), void *context) {
  interrupt_check_set((void *)check);
  interrupt_context_set(context);
}

int hcs_interrupt_checked(void) { return interrupt_check_get() != NULL; }

int hcs_interrupt_due(void) {
  int (*check)(void *context) = (int (*)(void *))interrupt_check_get();

  return check != NULL && check(interrupt_context_get());
}

void hcs_string_free(char *text) { free(text); }

const char *hcs_backend(void) { return hcs_platform_get()->name; }

int64_t hcs_output_delay_ns(void) { return hcs_platform_get()->output_delay_ns; }

/* With both documents checked; NULL with `err` filled. */
static char *enumerate(const char *query, const char *property_query, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  char *list = NULL;
  hcs_document *filter;
  hcs_document *types = NULL;

  filter = hcs_document_parse("ComputeSystemQuery", "query", query != NULL ? query : "{}", NULL,
                              platform->support, err);
  if (filter == NULL) return NULL;
  if (property_query != NULL)
    types =
        hcs_document_parse("PropertyQuery", "query", property_query, NULL, platform->support, err);
  if (property_query == NULL || types != NULL) list = platform->enumerate(filter, types, err);
  hcs_document_free(types);
  hcs_document_free(filter);
  return list;
}

char *hcs_enumerate(const char *query, const char *property_query, hcs_error *err) {
  char *list = NULL;

  if (hcs_platform_get()->enumerate == NULL)
    hcs_fail_missing(err);
  else
    list = enumerate(query, property_query, err);
  if (list == NULL) hcs_error_at(err, "hcs::GetComputeSystems", NULL, 0);
  return list;
}

int hcs_gc(int *cleaned, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (platform->gc == NULL)
    hcs_fail_missing(err);
  else if (platform->gc(cleaned, err) == 0)
    return 0;
  return hcs_error_at(err, "hcs::CollectGarbage", NULL, 0);
}
