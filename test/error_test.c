/*
 * error_test.c - errors: names, codes, texts, classes, errnos, cutting, hcsshim's format.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/error.h"
#include "hcs/text.h"
#include "test/error_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void assert_text(const char *expected) {
  char *text = hcs_error_text(err);
  assert_non_null(text);
  assert_string_equal(text, expected);
  free(text);
}

/* ---- the tables ------------------------------------------------------------------------------ */

typedef struct known {
  uint64_t code;
  const char *name;
  const char *text; /* NULL: any that is not the general one */
} known;

static const known all_known[] = {
    {0x2, "FileNotFound", NULL},
    {0x4, "TooManyOpenFiles", NULL},
    {0x5, "VmcomputeOperationAccessIsDenied", "Access is denied."},
    {0x6, "InvalidHandle", "The handle is invalid."},
    {0x8, "NotEnoughMemory", NULL},
    {0xD, "InvalidData", "The data is invalid."},
    {0x32, "NotSupported", "The request is not supported."},
    {0x57, "InvalidParameter", NULL},
    {0x70, "DiskFull", NULL},
    {0x7F, "ProcNotFound", "The specified procedure could not be found."},
    {0xAA, "Busy", "The requested resource is in use."},
    {0x10B, "Directory", NULL},
    {0x490, "ElementNotFound", "Element not found."},
    {0x525, "NoSuchUser", NULL},
    {0xC0370103, "VmcomputeOperationPending", NULL},
    {0xC0370105, "VmcomputeOperationInvalidState",
     "The requested virtual machine or container operation is not valid in the current state."},
    {0x80370105, "InvalidState", NULL},
    {0xC0370106, "VmcomputeUnexpectedExit",
     "The virtual machine or container exited unexpectedly."},
    {0xC037010B, "VmcomputeUnknownMessage", NULL},
    {0xC037010D, "VmcomputeInvalidJSON", NULL},
    {0xC037010E, "ComputeSystemDoesNotExist",
     "A virtual machine or container with the specified identifier does not exist."},
    {0xC037010F, "AlreadyExists", NULL},
    {0xC0370110, "VmcomputeAlreadyStopped",
     "The virtual machine or container with the specified identifier is not running."},
    {0x80370110, "VmcomputeSystemAlreadyStopped", NULL},
    {0x8037011F, "ProcessAlreadyStopped", "The process has already exited."},
    {HCS_E_HANDLE_CLOSE, "HandleClose",
     "hcsshim: the handle generating this notification has been closed"},
    {HCS_E_ALREADY_CLOSED, "AlreadyClosed", "hcsshim: the handle has already been closed"},
    {HCS_E_INVALID_NOTIFICATION_TYPE, "InvalidNotificationType",
     "hcsshim: invalid notification type"},
    {HCS_E_INVALID_PROCESS_STATE, "InvalidProcessState",
     "the process is in an invalid state for the attempted operation"},
    {HCS_E_TIMEOUT, "Timeout", "hcsshim: timeout waiting for notification"},
    {HCS_E_UNEXPECTED_CONTAINER_EXIT, "UnexpectedContainerExit", "unexpected container exit"},
    {HCS_E_UNEXPECTED_PROCESS_ABORT, "UnexpectedProcessAbort",
     "lost communication with compute service"},
    {HCS_E_UNEXPECTED_VALUE, "UnexpectedValue", "unexpected value returned from hcs"},
    {HCS_E_OPERATION_DENIED, "OperationDenied", "operation denied"},
    {HCS_E_PLATFORM_NOT_SUPPORTED, "PlatformNotSupported", "unsupported platform request"},
    {HCS_E_PROCESS_FAILED, "ProcessFailed", NULL},
};

static void knows_every_code(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(all_known); i++) {
    const known *row = &all_known[i];
    assert_int_equal(hcs_fail(err, row->code, NULL), -1);
    assert_string_equal(hcs_error_name(err), row->name);
    assert_true(hcs_error_kind(err) == row->code);
    assert_int_equal(hcs_error_code(err), row->code >= HCS_E_TEXT ? 0 : row->code);
    if (row->text != NULL) {
      assert_string_equal(hcs_error_message(err), row->text);
    } else {
      assert_string_not_equal(hcs_error_message(err), "The operation failed.");
      assert_string_not_equal(hcs_error_message(err), "");
    }
  }
}

static void assign_knows_every_name(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(all_known); i++) {
    hcs_error_assign(err, all_known[i].name, "m", NULL, NULL, 0, NULL);
    assert_true(hcs_error_kind(err) == all_known[i].code);
  }
}

static void names_unknown_codes_by_number(void **state) {
  (void)state;
  static const struct {
    uint64_t code;
    const char *name;
  } rows[] = {{0x6BA, "0x6ba"}, {0xC0370109, "0xc0370109"}, {0x8037010E, "0x8037010e"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    hcs_fail(err, rows[i].code, NULL);
    assert_string_equal(hcs_error_name(err), rows[i].name);
    assert_int_equal(hcs_error_code(err), rows[i].code);
    assert_string_not_equal(hcs_error_message(err), "");
  }
}

static void the_twins_share_their_texts(void **state) {
  (void)state;
  char first[256];
  for (uint64_t low = 0; low <= 0x21; low++) {
    hcs_fail(err, 0xC0370100 + low, NULL);
    (void)snprintf(first, sizeof first, "%s", hcs_error_message(err));
    hcs_fail(err, 0x80370100 + low, NULL);
    assert_string_equal(hcs_error_message(err), first);
    assert_string_not_equal(first, "The operation failed.");
  }
  hcs_fail(err, 0xC0370122, NULL);
  assert_string_equal(hcs_error_message(err), "The operation failed.");
}

/* ---- classes --------------------------------------------------------------------------------- */

enum { CLASSES = HCS_IS_ACCESS_DENIED + 1 };

#define NOT_EXIST (1U << HCS_IS_NOT_EXIST)
#define EXISTS (1U << HCS_IS_ALREADY_EXISTS)
#define CLOSED (1U << HCS_IS_ALREADY_CLOSED)
#define PENDING (1U << HCS_IS_PENDING)
#define TIMEOUT (1U << HCS_IS_TIMEOUT)
#define STOPPED (1U << HCS_IS_ALREADY_STOPPED)
#define NOT_SUPPORTED (1U << HCS_IS_NOT_SUPPORTED)
#define STATE (1U << HCS_IS_OPERATION_INVALID_STATE)
#define DENIED (1U << HCS_IS_ACCESS_DENIED)

/* Every code with every class it is in; a code that is not listed is in none. */
static const struct {
  uint64_t code;
  unsigned classes;
} classified[] = {
    {0xC037010E, NOT_EXIST},
    {0x8037010E, NOT_EXIST},
    {0x490, NOT_EXIST | STOPPED},
    {0xC037010F, EXISTS},
    {0x8037010F, EXISTS},
    {HCS_E_ALREADY_CLOSED, CLOSED},
    {0xC0370103, PENDING},
    {0x80370103, PENDING},
    {0x80370117, PENDING},
    {HCS_E_TIMEOUT, TIMEOUT},
    {0xC0370109, TIMEOUT},
    {0x80370109, TIMEOUT},
    {0x80370118, TIMEOUT},
    {0xC0370110, STOPPED},
    {0x80370110, STOPPED},
    {0x8037011F, STOPPED},
    {0xC037010D, NOT_SUPPORTED},
    {0x8037010D, NOT_SUPPORTED},
    {0xD, NOT_SUPPORTED},
    {0x32, NOT_SUPPORTED},
    {0xC037010B, NOT_SUPPORTED},
    {0x8037010B, NOT_SUPPORTED},
    {0xC0370105, STATE},
    {0x80370105, STATE},
    {0x5, DENIED},
    {0x8037011B, DENIED},
    /* In none, though one might think so. */
    {0x57, 0},
    {0x2, 0},
    {0x7F, 0},
    {0xC037011F, 0},
    {0xC0370117, 0},
    {0xC037011B, 0},
    {HCS_E_HANDLE_CLOSE, 0},
    {HCS_E_INVALID_PROCESS_STATE, 0},
    {HCS_E_PLATFORM_NOT_SUPPORTED, 0},
    {HCS_E_PROCESS_FAILED, 0},
};

static void classifies(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(classified); i++) {
    hcs_fail(err, classified[i].code, "x");
    for (int class_ = 0; class_ < CLASSES; class_++) {
      int expected = (classified[i].classes >> class_) & 1;
      if (hcs_error_is(err, (hcs_error_class)class_) != expected) {
        fail_msg("code 0x%llx, class %d: %d expected", (unsigned long long)classified[i].code,
                 class_, expected);
      }
    }
  }
}

static void nothing_is_in_no_class(void **state) {
  (void)state;
  for (int class_ = 0; class_ < CLASSES; class_++) {
    assert_int_equal(hcs_error_is(err, (hcs_error_class)class_), 0);
    assert_int_equal(hcs_error_is(NULL, (hcs_error_class)class_), 0);
  }
}

/* ---- errnos ---------------------------------------------------------------------------------- */

static const struct {
  int value;
  const char *errno_name;
  uint32_t code;
  const char *name;
} errno_rows[] = {
    {ENOENT, "ENOENT", 0x2, "FileNotFound"},
    {EACCES, "EACCES", 0x5, "VmcomputeOperationAccessIsDenied"},
    {EPERM, "EPERM", 0x5, "VmcomputeOperationAccessIsDenied"},
    {EMFILE, "EMFILE", 0x4, "TooManyOpenFiles"},
    {ENOMEM, "ENOMEM", 0x8, "NotEnoughMemory"},
    {ENOSPC, "ENOSPC", 0x70, "DiskFull"},
    {EBUSY, "EBUSY", 0xAA, "Busy"},
    {ENOSYS, "ENOSYS", 0x32, "NotSupported"},
    {EOPNOTSUPP, "EOPNOTSUPP", 0x32, "NotSupported"},
    {EINVAL, "EINVAL", 0x1F, "GenFailure"},
    {EPIPE, "EPIPE", 0x1F, "GenFailure"},
    {EFBIG, "EFBIG", 0x1F, "GenFailure"},
    {ELOOP, "ELOOP", 0x1F, "GenFailure"},
    {ESTALE, "ESTALE", 0x1F, "GenFailure"},
    {99999, "E99999", 0x1F, "GenFailure"},
};

static void translates_errnos(void **state) {
  (void)state;
  char ending[64];
  for (size_t i = 0; i < COUNT(errno_rows); i++) {
    assert_int_equal(hcs_fail_errno(err, errno_rows[i].value, "cannot open %s", "/x"), -1);
    assert_int_equal(hcs_error_code(err), errno_rows[i].code);
    assert_string_equal(hcs_error_name(err), errno_rows[i].name);
    assert_string_equal(hcs_error_errno(err), errno_rows[i].errno_name);
    assert_memory_equal(hcs_error_message(err), "cannot open /x: ", 16);
    int size = snprintf(ending, sizeof ending, " (%s)", errno_rows[i].errno_name);
    const char *message = hcs_error_message(err);
    assert_string_equal(message + strlen(message) - (size_t)size, ending);
  }
}

/* Linux numbers everything up to ELOOP without a gap. */
static void names_every_classic_errno(void **state) {
  (void)state;
  for (int value = 1; value <= ELOOP; value++) {
    char number[16];
    hcs_fail_errno(err, value, "x");
    (void)snprintf(number, sizeof number, "E%d", value);
    if (strcmp(hcs_error_errno(err), number) == 0) fail_msg("errno %d has no name", value);
  }
}

static void an_operation_may_give_errno_its_own_code(void **state) {
  (void)state;
  assert_int_equal(hcs_fail_errno_as(err, HCS_E_DIRECTORY, ENOENT, "no directory '%s'", "/w"), -1);
  assert_int_equal(hcs_error_code(err), 0x10B);
  assert_string_equal(hcs_error_errno(err), "ENOENT");
  assert_string_equal(hcs_error_message(err),
                      "no directory '/w': no such file or directory (ENOENT)");
}

static void out_of_memory_is_an_error(void **state) {
  (void)state;
  assert_int_equal(hcs_fail_memory(err), -1);
  assert_string_equal(hcs_error_name(err), "NotEnoughMemory");
  assert_string_equal(hcs_error_errno(err), "ENOMEM");
}

/* ---- making errors --------------------------------------------------------------------------- */

static void a_new_error_is_empty(void **state) {
  (void)state;
  assert_int_equal(hcs_error_code(err), 0);
  assert_true(hcs_error_kind(err) == 0);
  assert_non_null(hcs_error_name(err));
  assert_string_equal(hcs_error_message(err), "");
  assert_null(hcs_error_operation(err));
  assert_null(hcs_error_id(err));
  assert_null(hcs_error_errno(err));
  assert_null(hcs_error_events(err));
  assert_int_equal(hcs_error_pid(err), 0);
  hcs_error_free(NULL);
}

static void failing_again_forgets_everything(void **state) {
  (void)state;
  hcs_fail_errno(err, ENOENT, "first");
  hcs_error_at(err, "hcs::System::Start", "web", 7);
  hcs_error_events_set(err, "[]");
  hcs_fail(err, HCS_E_BUSY, "second %d", 2);
  assert_string_equal(hcs_error_message(err), "second 2");
  assert_null(hcs_error_operation(err));
  assert_null(hcs_error_id(err));
  assert_null(hcs_error_errno(err));
  assert_null(hcs_error_events(err));
  assert_int_equal(hcs_error_pid(err), 0);
}

static void may_be_made_of_its_own_texts(void **state) {
  (void)state;
  hcs_fail(err, HCS_E_BUSY, "inner");
  hcs_error_at(err, "op", "web", 3);
  hcs_fail(err, HCS_E_DIRECTORY, "%s of %s: %s", hcs_error_operation(err), hcs_error_id(err),
           hcs_error_message(err));
  assert_string_equal(hcs_error_message(err), "op of web: inner");
  hcs_error_at(err, "op", "web", 3);
  hcs_error_assign(err, "Timeout", hcs_error_message(err), hcs_error_operation(err),
                   hcs_error_id(err), hcs_error_pid(err), NULL);
  assert_text("process 3 in container web encountered an error during op: op of web: inner");
}

static void assign_takes_everything(void **state) {
  (void)state;
  hcs_error_events_set(err, "[]");
  hcs_error_assign(err, "GenFailure", "too much", "hcs::Process::Communicate", "web", 9, "EFBIG");
  assert_int_equal(hcs_error_code(err), 0x1F);
  assert_string_equal(hcs_error_message(err), "too much");
  assert_string_equal(hcs_error_operation(err), "hcs::Process::Communicate");
  assert_string_equal(hcs_error_id(err), "web");
  assert_int_equal(hcs_error_pid(err), 9);
  assert_string_equal(hcs_error_errno(err), "EFBIG");
  assert_null(hcs_error_events(err));
  hcs_error_assign(err, "NoSuchName", "x", NULL, NULL, 0, NULL);
  assert_int_equal(hcs_error_code(err), 0x1F);
  hcs_error_assign(err, NULL, "x", NULL, NULL, 0, NULL);
  assert_int_equal(hcs_error_code(err), 0x1F);
  hcs_error_assign(err, "Timeout", NULL, NULL, NULL, 0, NULL);
  assert_string_equal(hcs_error_message(err), "hcsshim: timeout waiting for notification");
  hcs_error_assign(err, "Timeout", "100%s", NULL, NULL, 0, NULL);
  assert_string_equal(hcs_error_message(err), "100%s");
}

static void wrapping_puts_context_in_front(void **state) {
  (void)state;
  hcs_fail_errno(err, EBUSY, "cannot mount %s", "/m");
  hcs_error_at(err, "op", "web", 0);
  assert_int_equal(hcs_error_wrap(err, "layer %d", 2), -1);
  assert_string_equal(hcs_error_message(err),
                      "layer 2: cannot mount /m: device or resource busy (EBUSY)");
  assert_string_equal(hcs_error_errno(err), "EBUSY");
  assert_string_equal(hcs_error_operation(err), "op");
  assert_int_equal(hcs_error_code(err), 0xAA);
}

/* ---- what does not fit ----------------------------------------------------------------------- */

/* `count` times the three bytes of U+20AC, behind `lead` ASCII ones. */
static char *euros(size_t lead, size_t count) {
  char *text = malloc(lead + 3 * count + 1);
  assert_non_null(text);
  memset(text, 'a', lead);
  for (size_t i = 0; i < count; i++) memcpy(text + lead + 3 * i, "\xE2\x82\xAC", 3);
  text[lead + 3 * count] = '\0';
  return text;
}

/* Nothing but 'a's and then whole euro signs, up to `rest`. */
static void assert_whole(const char *text, const char *rest) {
  while (*text == 'a') text++;
  while (strncmp(text, "\xE2\x82\xAC", 3) == 0) text += 3;
  assert_string_equal(text, rest);
}

static void long_messages_end_with_a_whole_character(void **state) {
  (void)state;
  for (size_t lead = 0; lead < 3; lead++) {
    char *text = euros(lead, 1000);
    hcs_fail(err, HCS_E_BUSY, "%s", text);
    assert_whole(hcs_error_message(err), "");
    assert_in_range(strlen(hcs_error_message(err)), 2000, 2047);

    hcs_fail_errno(err, ENOENT, "%s", text);
    assert_whole(hcs_error_message(err), ": no such file or directory (ENOENT)");

    hcs_fail(err, HCS_E_BUSY, "end");
    hcs_error_wrap(err, "%s", text);
    assert_in_range(strlen(hcs_error_message(err)), 2000, 2047);

    hcs_fail(err, HCS_E_BUSY, "%s", text);
    hcs_error_wrap(err, "aa");
    assert_memory_equal(hcs_error_message(err), "aa: ", 4);
    assert_whole(hcs_error_message(err) + 4, "");

    hcs_error_at(err, text, text, 0);
    assert_whole(hcs_error_operation(err), "");
    assert_whole(hcs_error_id(err), "");
    assert_in_range(strlen(hcs_error_operation(err)), 252, 255);
    free(text);
  }
}

static void cuts_between_characters(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t limit;
    size_t size;
  } rows[] = {
      {"abc", 5, 3},
      {"abc", 3, 3},
      {"abc", 2, 2},
      {"abc", 0, 0},
      {"", 4, 0},
      {"a\xC3\xA4z", 2, 1},
      {"a\xC3\xA4z", 3, 3},
      {"\xE2\x82\xAC", 2, 0},
      {"\xE2\x82\xAC", 3, 3},
      {"\xF0\x9F\x98\x80z", 3, 0},
      {"\xF0\x9F\x98\x80z", 4, 4},
      {"\x80\x80\x80\x80\x80\x80", 5, 5}, /* not UTF-8: anywhere */
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_int_equal(hcs_text_cut(rows[i].text, rows[i].limit), rows[i].size);
  }
}

/* ---- hcsshim's text -------------------------------------------------------------------------- */

static const struct {
  uint64_t code;
  const char *operation;
  const char *id;
  uint32_t pid;
  const char *text;
} texts[] = {
    {0xC0370105, "hcs::System::Start", "web", 0,
     "container web encountered an error during hcs::System::Start: why (0xc0370105)"},
    {0x490, "hcs::Process::Kill", "web", 12,
     "process 12 in container web encountered an error during hcs::Process::Kill: why (0x490)"},
    {0xC037010F, "hcs::CreateComputeSystem", "web", 0,
     "hcs::CreateComputeSystem web: why (0xc037010f)"},
    {0xC037010E, "hcs::OpenComputeSystem", "web", 0,
     "hcs::OpenComputeSystem web: why (0xc037010e)"},
    {0x57, "hcs::CreateComputeSystem", NULL, 0, "hcs::CreateComputeSystem: why (0x57)"},
    {0x5, "hcs::GetComputeSystems", NULL, 0, "hcs::GetComputeSystems: why (0x5)"},
    {HCS_E_TIMEOUT, "hcsshim::ComputeSystem::Wait", "web", 0,
     "container web encountered an error during hcsshim::ComputeSystem::Wait: why"},
    {0x57, NULL, NULL, 0, "why (0x57)"},
    {HCS_E_PROCESS_FAILED, NULL, NULL, 0, "why"},
};

static void speaks_as_hcsshim_does(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    hcs_fail(err, texts[i].code, "why");
    hcs_error_at(err, texts[i].operation, texts[i].id, texts[i].pid);
    assert_text(texts[i].text);
  }
}

static const struct {
  const char *events;
  const char *text;
} event_rows[] = {
    {"[]", ""},
    {"[{\"Message\":\"m\"}]", "\n[Event Detail: m]"},
    {"[{\"Message\":\"m\",\"StackTrace\":\"s\",\"Provider\":\"p\",\"EventId\":3,\"Flags\":4,"
     "\"Source\":\"o\",\"Data\":[{\"Type\":\"x\"}]}]",
     "\n[Event Detail: m Stack Trace: s Provider: p EventID: 3 flags: 4 Source: o]"},
    {"[{\"Message\":\"m\",\"EventId\":0,\"Source\":\"\"},{\"Flags\":1}]",
     "\n[Event Detail: m]\n[Event Detail:  flags: 1]"},
    {"not JSON", ""},
    {"{}", ""},
    {"[5]", "\n[Event Detail: ]"},
};

static void tells_the_events(void **state) {
  (void)state;
  char expected[256];
  for (size_t i = 0; i < COUNT(event_rows); i++) {
    hcs_fail(err, 0x32, "why");
    hcs_error_events_set(err, event_rows[i].events);
    assert_string_equal(hcs_error_events(err), event_rows[i].events);
    (void)snprintf(expected, sizeof expected, "why (0x32)%s", event_rows[i].text);
    assert_text(expected);
  }
  hcs_error_events_set(err, NULL);
  assert_null(hcs_error_events(err));
}

static void copies_all_of_an_error(void **state) {
  hcs_error *other = hcs_error_new();
  (void)state;
  assert_non_null(other);
  hcs_fail_errno(other, ENOENT, "cannot open it");
  hcs_error_at(other, "hcs::System::Start", "web", 7);
  hcs_error_events_set(other, "[{\"Message\":\"x\"}]");
  hcs_error_events_set(err, "[]");
  hcs_error_copy(err, other);
  hcs_error_free(other);
  assert_int_equal(hcs_error_code(err), HCS_E_FILE_NOT_FOUND);
  assert_string_equal(hcs_error_errno(err), "ENOENT");
  assert_string_equal(hcs_error_id(err), "web");
  assert_int_equal(hcs_error_pid(err), 7);
  assert_string_equal(hcs_error_events(err), "[{\"Message\":\"x\"}]");
}

/* ---- the growing text under it --------------------------------------------------------------- */

static void texts_grow(void **state) {
  (void)state;
  hcs_text text = {0};
  for (int i = 0; i < 5000; i++) hcs_text_printf(&text, "%d,", i % 10);
  assert_int_equal(text.size, 10000);
  char *taken = hcs_text_take(&text);
  assert_int_equal(strlen(taken), 10000);
  assert_memory_equal(taken + 9996, "8,9,", 5);
  free(taken);
  taken = hcs_text_take(&text);
  assert_string_equal(taken, "");
  free(taken);
}

static void a_text_that_failed_stays_failed(void **state) {
  (void)state;
  hcs_text text = {0};
  hcs_text_put(&text, "begin");
  hcs_text_add(&text, "", SIZE_MAX / 2); /* more than there can be */
  hcs_text_put(&text, "end");
  assert_null(hcs_text_take(&text));
  assert_null(text.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(knows_every_code),
      TEST(assign_knows_every_name),
      TEST(names_unknown_codes_by_number),
      TEST(the_twins_share_their_texts),
      TEST(classifies),
      TEST(nothing_is_in_no_class),
      TEST(translates_errnos),
      TEST(names_every_classic_errno),
      TEST(an_operation_may_give_errno_its_own_code),
      TEST(out_of_memory_is_an_error),
      TEST(a_new_error_is_empty),
      TEST(failing_again_forgets_everything),
      TEST(may_be_made_of_its_own_texts),
      TEST(assign_takes_everything),
      TEST(wrapping_puts_context_in_front),
      TEST(long_messages_end_with_a_whole_character),
      TEST(cuts_between_characters),
      TEST(speaks_as_hcsshim_does),
      TEST(tells_the_events),
      TEST(copies_all_of_an_error),
      TEST(texts_grow),
      TEST(a_text_that_failed_stays_failed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
