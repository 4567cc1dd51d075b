/*
 * error_fixture.h - every test gets an empty error. Included once, by the test itself.
 */
#ifndef ERROR_FIXTURE_H
#define ERROR_FIXTURE_H

#include "hcs/error.h"

static hcs_error *err;

static int setup(void **state) {
  (void)state;
  err = hcs_error_new();
  return err != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  hcs_error_free(err);
  return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
