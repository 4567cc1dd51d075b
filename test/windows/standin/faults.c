/* faults.c - rules and settings, as StandinTell() was given them. */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

#include "complaints.h"

#define DELAY_MIN_MS 0
#define DELAY_MAX_MS 3

/* What a rule selects by; all else are fields that settings have, too. */
static const char *const selectors[] = {"On", "Id", "Skip", "Times", NULL};
static const char *const fields[] = {
    "Status",         "Carry",  "Result",       "DelayMs",    "Block",          "Synchronous",
    "Ignore",         "Notify", "NotifyStatus", "NotifyData", "NotifyDelayMs",  "FailureFlag",
    "Broadcast",      "Exit",   "ExitStatus",   "ExitType",   "ExitData",       "ProcessExitsLate",
    "Document",       "Pipes",  "NobodyReads",  "EarlyEofMs", "StdInByRequest", "BlankState",
    "Documents",      "Twins",  "DelayMinMs",   "DelayMaxMs", "ShutdownMs",     "CallbackLimitMs",
    "LastWaitResult", NULL,
};

static SRWLOCK lock = SRWLOCK_INIT;
static json_t *rules, *settings;

static int is_among(const char *const *names, const char *name) {
  for (; *names != NULL; names++) {
    if (strcmp(*names, name) == 0) return 1;
  }
  return 0;
}

static int check(const json_t *object, int is_rule) {
  const char *name;
  json_t *value;
  if (!json_is_object(object)) {
    complain("StandinTell: a rule or setting is an object");
    return -1;
  }
  json_object_foreach((json_t *)object, name, value) {
    if (is_among(fields, name) || (is_rule && is_among(selectors, name))) continue;
    complain("StandinTell: unknown field '%s'", name);
    return -1;
  }
  return 0;
}

int faults_add(const json_t *rule) {
  if (check(rule, 1) != 0) return -1;
  AcquireSRWLockExclusive(&lock);
  if (rules == NULL) rules = json_array();
  (void)json_array_append_new(rules, json_deep_copy(rule));
  ReleaseSRWLockExclusive(&lock);
  return 0;
}

int faults_set(const json_t *object) {
  if (check(object, 0) != 0) return -1;
  AcquireSRWLockExclusive(&lock);
  json_t *merged = settings != NULL ? json_copy(settings) : json_object();
  (void)json_object_update(merged, (json_t *)object);
  json_decref(settings);
  settings = merged;
  ReleaseSRWLockExclusive(&lock);
  return 0;
}

void faults_clear(void) {
  AcquireSRWLockExclusive(&lock);
  json_decref(rules);
  json_decref(settings);
  rules = settings = NULL;
  ReleaseSRWLockExclusive(&lock);
}

/* ---- choosing ------------------------------------------------------------------------------------ */

static int is_same(const json_t *rule, const char *field, const char *value) {
  const char *wanted = fault_text(rule, field);
  return value != NULL && wanted != NULL && strcmp(wanted, value) == 0;
}

static int counts_down(json_t *rule, const char *field) {
  json_t *number = json_object_get(rule, field);
  if (!json_is_integer(number) || json_integer_value(number) <= 0) return 0;
  (void)json_integer_set(number, json_integer_value(number) - 1);
  return 1;
}

static int is_used_up(const json_t *rule) {
  const json_t *times = json_object_get(rule, "Times");
  return json_is_integer(times) && json_integer_value(times) <= 0;
}

static json_t *choose(const char *on, const char *id) {
  size_t i;
  json_t *rule;
  json_array_foreach(rules, i, rule) {
    if (!is_same(rule, "On", on) || is_used_up(rule)) continue;
    if (json_object_get(rule, "Id") != NULL && !is_same(rule, "Id", id)) continue;
    if (counts_down(rule, "Skip")) continue;
    (void)counts_down(rule, "Times");
    return rule;
  }
  return NULL;
}

json_t *fault_take(const char *on, const char *id) {
  AcquireSRWLockExclusive(&lock);
  json_t *fault = settings != NULL ? json_copy(settings) : json_object();
  json_t *rule = choose(on, id);
  if (rule != NULL) (void)json_object_update(fault, rule);
  ReleaseSRWLockExclusive(&lock);
  return fault;
}

/* ---- reading ------------------------------------------------------------------------------------- */

const char *fault_text(const json_t *fault, const char *name) {
  return json_string_value(json_object_get(fault, name));
}

int fault_is(const json_t *fault, const char *name) {
  return json_is_true(json_object_get(fault, name));
}

int fault_number(const json_t *fault, const char *name, int otherwise) {
  const json_t *value = json_object_get(fault, name);
  return json_is_integer(value) ? (int)json_integer_value(value) : otherwise;
}

int fault_status(const json_t *fault, const char *name, HRESULT *status) {
  const json_t *value = json_object_get(fault, name);
  if (json_is_integer(value)) {
    *status = (HRESULT)json_integer_value(value);
  } else if (json_is_string(value)) {
    *status = (HRESULT)strtoul(json_string_value(value), NULL, 0);
  } else {
    return 0;
  }
  return 1;
}

char *fault_document(const json_t *fault, const char *name) {
  const json_t *value = json_object_get(fault, name);
  if (value == NULL || json_is_null(value)) return NULL;
  if (json_is_string(value)) return strdup(json_string_value(value));
  return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

int fault_delay_us(const json_t *fault) {
  static volatile LONG seed = 12345;
  int least = fault_number(fault, "DelayMinMs", DELAY_MIN_MS) * 1000;
  int most = fault_number(fault, "DelayMaxMs", DELAY_MAX_MS) * 1000;
  /* Knuth's linear congruence; any will do. */
  unsigned random = (unsigned)InterlockedExchangeAdd(&seed, 40503) * 2654435761U;
  return most > least ? least + (int)((random >> 8) % (unsigned)(most - least + 1)) : least;
}
