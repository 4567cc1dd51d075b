/*
 * start.c - where the guest binary begins. One program, several roles, told by argv[0]:
 *
 *   hcs-setup   runs on the host as root: builds the container's root in a mount namespace of its
 *               own, makes the guest (a clone that is PID 1 of the container), reports, exits.
 *   hcs-helper  as root, too: puts a mount into a running container, or takes one off, exits.
 *   hcs-keeper  as the caller: puts the modes of its terminal back when it is gone, exits.
 */
#include "boot.h"
#include "helper.h"
#include "keeper.h"
#include "setup.h"
#include "sys.h"

/* The kernel starts us with argc, argv … on the stack and nothing set up; pass that address on. */
__asm__(".globl _start\n"
        ".type _start,%function\n"
        "_start:\n"
#if defined(__x86_64__)
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call guest_main\n"
#else
        "  mov x29, #0\n"
        "  mov x0, sp\n"
        "  bl guest_main\n"
#endif
);

_Noreturn void guest_main(const long *stack);

_Noreturn void guest_main(const long *stack) {
  char *role = (char *)stack[1];
  if (stack[0] == 1 && string_equal(role, "hcs-setup")) setup_run(role);
  if (stack[0] == 1 && string_equal(role, "hcs-helper")) helper_run();
  if (stack[0] == 1 && string_equal(role, "hcs-keeper")) keeper_run();
  sys_exit(64); /* EX_USAGE */
}
