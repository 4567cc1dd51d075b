/*
 * answers_test.c - each code of the contract's tables, from each call, as the error that it is.
 */
#include "service_fixture.h"

/* hcs-contract §3.1 and §3.2: a code, in the words of the service, and the classes it is in. */
#define CLASS(which) (1U << (which))

static const struct {
  const char *status;
  uint64_t code;
  unsigned classes;
} answers[] = {
    {"0x80070002", 0x2, 0},
    {"0x80070005", 0x5, CLASS(HCS_IS_ACCESS_DENIED)},
    {"0x80070006", 0x6, 0},
    {"0x8007000D", 0xD, CLASS(HCS_IS_NOT_SUPPORTED)},
    {"0x80070032", 0x32, CLASS(HCS_IS_NOT_SUPPORTED)},
    {"0x80070057", 0x57, 0},
    {"0x8007007F", 0x7F, 0},
    {"0x800700AA", 0xAA, 0},
    {"0x80070490", 0x490, CLASS(HCS_IS_NOT_EXIST) | CLASS(HCS_IS_ALREADY_STOPPED)},
    {"0x80070522", 0x522, 0},
    {"0x800706BA", 0x6BA, 0},
    {"0x800706BE", 0x6BE, 0},
    {"0x80004005", 0x80004005, 0},
    {"0xC0370100", 0xC0370100, 0},
    {"0xC0370101", 0xC0370101, 0},
    {"0xC0370102", 0xC0370102, 0},
    {"0xC0370104", 0xC0370104, 0},
    {"0xC0370106", 0xC0370106, 0},
    {"0xC0370107", 0xC0370107, 0},
    {"0xC0370108", 0xC0370108, 0},
    {"0xC0370109", 0xC0370109, CLASS(HCS_IS_TIMEOUT)},
    {"0x80370109", 0x80370109, CLASS(HCS_IS_TIMEOUT)},
    {"0xC037010A", 0xC037010A, 0},
    {"0xC037010B", 0xC037010B, CLASS(HCS_IS_NOT_SUPPORTED)},
    {"0x8037010B", 0x8037010B, CLASS(HCS_IS_NOT_SUPPORTED)},
    {"0xC037010C", 0xC037010C, 0},
    {"0xC037010D", 0xC037010D, CLASS(HCS_IS_NOT_SUPPORTED)},
    {"0x8037010D", 0x8037010D, CLASS(HCS_IS_NOT_SUPPORTED)},
    {"0xC037010F", 0xC037010F, CLASS(HCS_IS_ALREADY_EXISTS)},
    {"0x8037010F", 0x8037010F, CLASS(HCS_IS_ALREADY_EXISTS)},
    {"0xC0370111", 0xC0370111, 0},
    {"0xC0370112", 0xC0370112, 0},
    {"0xC0370113", 0xC0370113, 0},
    {"0x80370114", 0x80370114, 0},
    {"0x80370115", 0x80370115, 0},
    {"0x80370116", 0x80370116, 0},
    {"0x80370118", 0x80370118, CLASS(HCS_IS_TIMEOUT)},
    {"0x80370119", 0x80370119, 0},
    {"0x8037011A", 0x8037011A, 0},
    {"0x8037011B", 0x8037011B, CLASS(HCS_IS_ACCESS_DENIED)},
    {"0x8037011C", 0x8037011C, 0},
    {"0x8037011D", 0x8037011D, 0},
    {"0x8037011E", 0x8037011E, 0},
    {"0x8037011F", 0x8037011F, CLASS(HCS_IS_ALREADY_STOPPED)},
    {"0x80370120", 0x80370120, 0},
    {"0x80370121", 0x80370121, 0},
};

static void assert_answered(size_t i) {
  if (hcs_error_code(err) != (uint32_t)answers[i].code)
    fail_msg("%s has become %s: %s", answers[i].status, hcs_error_name(err),
             hcs_error_message(err));
  for (int class_ = HCS_IS_NOT_EXIST; class_ <= HCS_IS_ACCESS_DENIED; class_++)
    if (hcs_error_is(err, (hcs_error_class)class_) != (int)(answers[i].classes >> class_ & 1))
      fail_msg("%s: class %d", answers[i].status, class_);
}

static void answer(const char *function, size_t i) {
  tell("{\"On\":\"%s\",\"Times\":1,\"Status\":\"%s\"}", function, answers[i].status);
}

static void test_create_and_open(void **state) {
  hcs_system *system = created("there");

  (void)state;
  for (size_t i = 0; i < COUNT(answers); i++) {
    answer("HcsCreateComputeSystem", i);
    assert_null(hcs_system_create("c1", CONFIG, err));
    assert_answered(i);
    assert_string_equal(hcs_error_operation(err), "hcs::CreateComputeSystem");
    assert_string_equal(hcs_error_id(err), "c1");
    answer("HcsOpenComputeSystem", i);
    assert_null(hcs_system_open("there", err));
    assert_answered(i);
    answer("HcsEnumerateComputeSystems", i);
    assert_null(hcs_enumerate(NULL, NULL, err));
    assert_answered(i);
  }
  gone(system);
}

static int request_more(hcs_system *system, hcs_error *error) {
  return hcs_system_modify(
      system, "{\"ResourceType\":\"Network\",\"Settings\":\"x\",\"RequestType\":\"Add\"}", error);
}

static int ask_statistics(hcs_system *system, hcs_error *error) {
  char *text = hcs_system_properties(system, "{\"PropertyTypes\":[\"Statistics\"]}", error);

  hcs_string_free(text);
  return text != NULL ? 0 : -1;
}

static int create_process(hcs_system *system, hcs_error *error) {
  hcs_process *process = hcs_process_create(system, "{\"CommandLine\":\"standin exit 0\"}", error);

  hcs_process_free(process);
  return process != NULL ? 0 : -1;
}

static int open_process(hcs_system *system, hcs_error *error) {
  hcs_process *process = hcs_process_open(system, 4711, error);

  hcs_process_free(process);
  return process != NULL ? 0 : -1;
}

static const struct {
  const char *function;
  int (*call)(hcs_system *system, hcs_error *error);
  const char *operation;
} rows[] = {
    {"HcsStartComputeSystem", hcs_system_start, "hcs::System::Start"},
    {"HcsPauseComputeSystem", hcs_system_pause, "hcs::System::Pause"},
    {"HcsResumeComputeSystem", hcs_system_resume, "hcs::System::Resume"},
    {"HcsShutdownComputeSystem", hcs_system_shutdown, "hcs::System::Shutdown"},
    {"HcsTerminateComputeSystem", hcs_system_terminate, "hcs::System::Terminate"},
    {"HcsModifyComputeSystem", request_more, "hcs::System::Modify"},
    {"HcsGetComputeSystemProperties", ask_statistics, "hcs::System::Properties"},
    {"HcsCreateProcess", create_process, "hcs::System::CreateProcess: standin exit 0"},
    {"HcsOpenProcess", open_process, "hcs::System::OpenProcess"},
};

static void test_operations(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  for (size_t i = 0; i < COUNT(answers); i++)
    for (size_t row = 0; row < COUNT(rows); row++) {
      answer(rows[row].function, i);
      assert_int_equal(rows[row].call(system, err), -1);
      assert_answered(i);
      assert_string_equal(hcs_error_operation(err), rows[row].operation);
      assert_string_equal(hcs_error_id(err), "c1");
    }
  gone(system);
}

/* What the service says beside its code is in the error, whichever call it was. */
static void test_result_documents(void **state) {
  hcs_system *system = running("c1");

  (void)state;
  for (size_t row = 0; row < COUNT(rows); row++) {
    tell("{\"On\":\"%s\",\"Times\":1,\"Status\":\"0x80070002\",\"Result\":{\"Error\":-2147024894,"
         "\"ErrorMessage\":\"x.exe is not there\",\"ErrorEvents\":[{\"Message\":\"see the log\"}],"
         "\"Attribution\":[{\"OperationFailure\":{\"Detail\":\"Start\"}}]}}",
         rows[row].function);
    assert_int_equal(rows[row].call(system, err), -1);
    assert_failed_with(HCS_E_FILE_NOT_FOUND);
    assert_string_equal(hcs_error_message(err), "x.exe is not there");
    assert_non_null(strstr(hcs_error_events(err), "see the log"));
    assert_non_null(strstr(hcs_error_events(err), "OperationFailure"));
  }
  gone(system);
}

/* Both generations of the state's codes are explained, and keep their code. */
static void test_both_generations(void **state) {
  hcs_system *system = created("c1");

  (void)state;
  tell("{\"Set\":{\"Twins\":true}}");
  assert_fails(create_process(system, err), 0x80370105);
  assert_says("the container is Created, not Running: call start() first");
  assert_true(hcs_error_is(err, HCS_IS_OPERATION_INVALID_STATE));
  assert_null_with(hcs_system_open("c2", err), 0x8037010E);
  assert_true(hcs_error_is(err, HCS_IS_NOT_EXIST));
  assert_null_with(hcs_system_create("c1", CONFIG, err), 0x8037010F);
  assert_true(hcs_error_is(err, HCS_IS_ALREADY_EXISTS));
  gone(system);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_create_and_open),
      TEST(test_operations),
      TEST(test_result_documents),
      TEST(test_both_generations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
