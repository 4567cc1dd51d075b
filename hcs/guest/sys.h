/*
 * sys.h - the guest's whole runtime: raw system calls and the few string functions it needs.
 *
 * The guest is freestanding (no libc: it must start in microseconds, needs nothing from the image and
 * has little to attack). Every call returns a negative errno on failure, as the kernel does.
 */
#ifndef HCS_GUEST_SYS_H
#define HCS_GUEST_SYS_H

#include <stddef.h>
#include <stdint.h>

#include <asm/unistd.h>
#include <linux/errno.h>

#include "string.h"

/*
 * Never a call of a function: who shares its stack with a child until that has become another program (as
 * vfork(2) does it) must not find the child's return address in the place of its own.
 */
#define SYS_INLINE __attribute__((always_inline))

#if defined(__x86_64__)
static inline SYS_INLINE long sys_call(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
static inline SYS_INLINE long sys_call(long n, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
#error "hcs: the guest's system calls are written for x86-64 and arm64"
#endif

#define SYS0(n) sys_call(n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a) sys_call(n, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) sys_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) sys_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) sys_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) sys_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/* from fcntl.h and friends, which a freestanding program does not include */
#define SYS_AT_FDCWD (-100)
#define SYS_AT_EMPTY_PATH 0x1000
#define SYS_O_RDONLY 0
#define SYS_O_WRONLY 1
#define SYS_O_RDWR 2
#define SYS_O_CREAT 0100
#define SYS_O_EXCL 0200
#define SYS_O_NONBLOCK 04000
#define SYS_O_CLOEXEC 02000000
#define SYS_O_PATH 010000000
#if defined(__aarch64__)
#define SYS_O_DIRECTORY 040000
#define SYS_O_NOFOLLOW 0100000
#else
#define SYS_O_DIRECTORY 0200000
#define SYS_O_NOFOLLOW 0400000
#endif

static inline long sys_close(int fd) { return SYS1(__NR_close, fd); }
static inline long sys_read(int fd, void *data, size_t size) {
  return SYS3(__NR_read, fd, data, size);
}
static inline long sys_write(int fd, const void *data, size_t size) {
  return SYS3(__NR_write, fd, data, size);
}
static inline long sys_openat(int dir, const char *path, int flags, int mode) {
  return SYS4(__NR_openat, dir, path, flags, mode);
}
static inline _Noreturn void sys_exit(int code) {
  for (;;) SYS1(__NR_exit_group, code);
}

#endif
