/*
 * guest_harness.c - the guest's process service without the isolation around it, for the tests on
 * guest_fixture.h: freestanding, compiled as the guest is.
 *
 * Started with 0 the boot socket, 2 the listening control socket, and what its arguments say:
 *   last        the container ends with its last handle
 *   group       3 is a cgroup v2 directory for the processes
 *   tasks       4 is a file that the processes write "0" to
 *   freezer     4 is a freezer.state
 */
#include "hcs/guest/service.h"
#include "hcs/guest/sys.h"

#if defined(__x86_64__)
__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call harness_start\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
        "_start:\n"
        "  mov x29, #0\n"
        "  mov x30, #0\n"
        "  mov x0, sp\n"
        "  and sp, x0, #-16\n"
        "  bl harness_start\n");
#endif

_Noreturn void harness_start(const long *stack) __attribute__((used));

_Noreturn void harness_start(const long *stack) {
  static service_setup setup = {
      .boot = 0, .control = 2, .work_group = -1, .freezer = -1, .nofile_hard = 4096};
  char **arguments = (char **)(stack + 1);
  long i;
  for (i = 1; i < stack[0]; i++) {
    if (string_equal(arguments[i], "last")) setup.end_with_last_handle = 1;
    if (string_equal(arguments[i], "group")) setup.work_group = 3;
    if (string_equal(arguments[i], "freezer")) setup.freezer = 4;
    if (string_equal(arguments[i], "tasks")) setup.tasks[setup.tasks_count++] = 4;
  }
  service_run(&setup);
}
