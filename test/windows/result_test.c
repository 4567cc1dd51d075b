/*
 * result_test.c - HRESULTs and result documents become errors with code, message and events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/windows/result.h"
#include "test/error_fixture.h"

#include <objbase.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* hcs-contract §3: Win32 codes lose their wrapping, whatever the severity; all else keeps its bits. */
static const struct {
  uint32_t status;
  uint64_t code;
  const char *name;
} failures[] = {
    {0x80070002, 0x2, "FileNotFound"},
    {0xC0070005, 0x5, "VmcomputeOperationAccessIsDenied"},
    {0x80070006, 0x6, "InvalidHandle"},
    {0x8007000D, 0xD, "InvalidData"},
    {0x80070032, 0x32, "NotSupported"},
    {0x80070057, 0x57, "InvalidParameter"},
    {0x8007007F, 0x7F, "ProcNotFound"},
    {0x800700AA, 0xAA, "Busy"},
    {0x80070490, 0x490, "ElementNotFound"},
    {0x800706BA, 0x6BA, "0x6ba"},
    {0x800706BE, 0x6BE, "0x6be"},
    {0x80004005, 0x80004005, "0x80004005"},
    {0x80004001, 0x80004001, "0x80004001"},
    {0xC0370100, 0xC0370100, "0xc0370100"},
    {0xC0370101, 0xC0370101, "0xc0370101"},
    {0xC0370102, 0xC0370102, "0xc0370102"},
    {0xC0370105, 0xC0370105, "VmcomputeOperationInvalidState"},
    {0x80370105, 0x80370105, "InvalidState"},
    {0xC0370106, 0xC0370106, "VmcomputeUnexpectedExit"},
    {0xC037010D, 0xC037010D, "VmcomputeInvalidJSON"},
    {0xC037010E, 0xC037010E, "ComputeSystemDoesNotExist"},
    {0xC037010F, 0xC037010F, "AlreadyExists"},
    {0xC0370110, 0xC0370110, "VmcomputeAlreadyStopped"},
    {0x80370110, 0x80370110, "VmcomputeSystemAlreadyStopped"},
    {0x80370118, 0x80370118, "0x80370118"},
    {0x8037011B, 0x8037011B, "0x8037011b"},
    {0x8037011F, 0x8037011F, "ProcessAlreadyStopped"},
};

static void test_codes(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(failures); i++) {
    HRESULT status = (HRESULT)failures[i].status;
    assert_true(hcs_service_code(status) == failures[i].code);
    assert_int_equal(hcs_service_result(status, NULL, err), -1);
    assert_true(hcs_error_kind(err) == failures[i].code);
    assert_string_equal(hcs_error_name(err), failures[i].name);
    assert_true(strlen(hcs_error_message(err)) > 5);
    assert_null(hcs_error_events(err));
  }
}

static void test_success_and_pending(void **state) {
  static const uint32_t done[] = {0, 1, 0x00370103}; /* S_FALSE too */
  static const uint32_t pending[] = {0xC0370103, 0x80370103, 0x80370117};
  (void)state;
  for (size_t i = 0; i < COUNT(done); i++)
    assert_int_equal(hcs_service_result((HRESULT)done[i], NULL, err), 0);
  for (size_t i = 0; i < COUNT(pending); i++)
    assert_int_equal(hcs_service_result((HRESULT)pending[i], NULL, err), HCS_CALL_PENDING);
  assert_true(hcs_error_kind(err) == 0);
}

/* Windows' own text stands in where the core has none, in one line and without its full stop's blanks. */
static void test_windows_text(void **state) {
  const char *message;
  (void)state;
  assert_int_equal(hcs_service_result((HRESULT)0x80070570, NULL, err), -1); /* ERROR_FILE_CORRUPT */
  message = hcs_error_message(err);
  assert_string_not_equal(message, "The operation failed.");
  assert_null(strpbrk(message, "\r\n"));
  assert_int_equal(message[strlen(message) - 1] == ' ', 0);
}

static PWSTR given(PCWSTR text) {
  size_t size = (wcslen(text) + 1) * sizeof *text;
  PWSTR copy = CoTaskMemAlloc(size);
  assert_non_null(copy);
  memcpy(copy, text, size);
  return copy;
}

static void test_document(void **state) {
  (void)state;
  assert_int_equal(
      hcs_service_result(
          (HRESULT)0x80070002,
          given(L"{\"Error\":-2147024894,\"ErrorMessage\":\"C:\\\\l\\\\b\x00e4se is not "
                L"there\",\"ErrorEvents\":[{\"Message\":\"layer\",\"EventId\":7}],"
                L"\"Attribution\":[{\"OperationFailure\":{\"Detail\":\"Construct\"}}]}"),
          err),
      -1);
  assert_true(hcs_error_kind(err) == HCS_E_FILE_NOT_FOUND);
  assert_string_equal(hcs_error_message(err), "C:\\l\\b\xC3\xA4se is not there");
  assert_string_equal(
      hcs_error_events(err),
      "[{\"Message\":\"layer\",\"EventId\":7},"
      "{\"Message\":\"{\\\"OperationFailure\\\":{\\\"Detail\\\":\\\"Construct\\\"}}\","
      "\"Source\":\"Attribution\"}]");
}

/* hcsshim passes such documents over; so do we, and the code speaks for itself. */
static void test_odd_documents(void **state) {
  static const PCWSTR odd[] = {
      L"",
      L"nonsense",
      L"[]",
      L"null",
      L"{\"ErrorMessage\":7,\"ErrorEvents\":{},\"Attribution\":\"x\"}",
      L"{\"ErrorMessage\":\"\",\"ErrorEvents\":[1,\"x\",null]}",
      L"{\"ErrorMessage\":\"\xD800\"}",
  };
  (void)state;
  for (size_t i = 0; i < COUNT(odd); i++) {
    assert_int_equal(hcs_service_result((HRESULT)0xC0370105, given(odd[i]), err), -1);
    assert_true(hcs_error_kind(err) == HCS_E_INVALID_STATE);
    assert_non_null(strstr(hcs_error_message(err), "is not valid in the current state"));
    assert_null(hcs_error_events(err));
  }
}

/* Results on success are freed, and change nothing. */
static void test_document_on_success(void **state) {
  (void)state;
  assert_int_equal(hcs_service_result(S_OK, given(L"{\"ErrorMessage\":\"all is well\"}"), err), 0);
  assert_int_equal(hcs_service_result((HRESULT)0xC0370103, given(L"{}"), err), HCS_CALL_PENDING);
  assert_true(hcs_error_kind(err) == 0);
}

static void test_fail_windows(void **state) {
  (void)state;
  assert_int_equal(hcs_fail_windows(err, ERROR_ACCESS_DENIED, "cannot open %s", "it"), -1);
  assert_true(hcs_error_kind(err) == HCS_E_ACCESS_DENIED);
  assert_string_equal(hcs_error_message(err), "cannot open it: Access is denied.");
  assert_int_equal(hcs_fail_windows(err, ERROR_OUTOFMEMORY, "cannot open %s", "it"), -1);
  assert_true(hcs_error_kind(err) == HCS_E_NOT_ENOUGH_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_codes),        TEST(test_success_and_pending), TEST(test_windows_text),
      TEST(test_document),     TEST(test_odd_documents),       TEST(test_document_on_success),
      TEST(test_fail_windows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
