/*
 * mount_table_test.c - what is read out of a container's mount table: places with any name, and what is mounted
 * in what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/linux/mount_table.h"

static hcs_error *err;
static hcs_mount_table table;

static int setup(void **state) {
  (void)state;
  memset(&table, 0, sizeof table);
  err = hcs_error_new();
  return err != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  hcs_mount_table_clear(&table);
  hcs_error_free(err);
  return 0;
}

static int parse(const char *text) {
  char *copy = strdup(text);
  int r = hcs_mount_table_parse(&table, copy, err);
  free(copy);
  return r;
}

static void places_may_have_any_name(void **state) {
  (void)state;
  assert_int_equal(parse("36 35 98:0 / / rw,relatime - overlay overlay rw\n"
                         "37 36 0:5 /a\\040b /x\\040y\\134\\012z\\011 rw shared:1 - tmpfs none rw\n"
                         "38 36 0:5 / /\\1z\\08\\ rw master:1 propagate_from:2 - tmpfs none rw\n"
                         "39 36 0:5 / /gone//deleted rw - tmpfs none rw\n"),
                   0);
  assert_int_equal(table.count, 4);
  assert_string_equal(hcs_mount_table_find(&table, 36)->point, "/");
  assert_string_equal(hcs_mount_table_find(&table, 37)->point, "/x y\\\nz\t");
  assert_string_equal(hcs_mount_table_find(&table, 38)->point, "/\\1z\\08\\");
  assert_string_equal(hcs_mount_table_find(&table, 39)->point, "/gone//deleted");
  assert_int_equal(hcs_mount_table_find(&table, 37)->parent, 36);
  assert_null(hcs_mount_table_find(&table, 35));
}

static void a_tree_has_what_is_on_top_first(void **state) {
  (void)state;
  const hcs_mount_entry *tree[8];
  /* the kernel tells them in the order of their making, or of their ids: children before parents, too */
  assert_int_equal(parse("12 11 0:1 / /a/b/c rw - t t rw\n"
                         "1 0 0:1 / / rw - t t rw\n"
                         "10 1 0:1 / /a rw - t t rw\n"
                         "13 10 0:1 / /a/d rw - t t rw\n"
                         "11 10 0:1 / /a/b rw - t t rw\n"
                         "14 12 0:1 / /a/b/c rw - t t rw\n"
                         "20 1 0:1 / /other rw - t t rw\n"),
                   0);
  assert_int_equal(hcs_mount_table_tree(&table, 10, tree, 8), 5);
  assert_int_equal(tree[4]->id, 10);
  for (int i = 0; i < 5; i++)
    for (int k = i + 1; k < 5; k++) assert_int_not_equal(tree[k]->parent, tree[i]->id);
  assert_int_equal(hcs_mount_table_tree(&table, 20, tree, 8), 1);
  assert_int_equal(hcs_mount_table_tree(&table, 99, tree, 8), 0);
  assert_int_equal(hcs_mount_table_tree(&table, 10, tree, 5), 5);
  assert_true(hcs_mount_table_tree(&table, 10, tree, 4) > 4);
}

static void what_is_no_table_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"x\n", "\n", "1 2 0:1 / \n", "1 x 0:1 / / rw\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_int_equal(parse(texts[i]), -1);
    assert_int_equal(hcs_error_kind(err), HCS_E_GEN_FAILURE);
    assert_int_equal(table.count, 0);
  }
  assert_int_equal(parse(""), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(places_may_have_any_name),
      TEST(a_tree_has_what_is_on_top_first),
      TEST(what_is_no_table_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
