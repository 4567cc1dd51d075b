/*
 * latch.h - what the service has told about one handle: not a queue, each fact is kept for good.
 *
 * The service calls hcs_latch_notify() on threads of its own. It stores and sets events, nothing else;
 * its lock is never held around a call into the service. A fact that came stays: an exit that a
 * waiting start has seen is there for everybody who waits for it later.
 */
#ifndef HCS_WINDOWS_LATCH_H
#define HCS_WINDOWS_LATCH_H

#include <stdatomic.h>
#include <windows.h>
/* behind windows.h */
#include <computedefs.h>

#include "../error.h"

/* One fact. Whoever has seen `told` may read the rest: it does not change any more. */
typedef struct hcs_notice {
  atomic_int told;
  HRESULT status;
  PWSTR document; /* a copy, or NULL */
} hcs_notice;

/* The completion that one call waits for; lives as long as that call does. */
typedef struct hcs_completion {
  DWORD type; /* HcsNotificationSystemCreateCompleted to …ResumeCompleted */
  HANDLE event;
  hcs_notice notice;
} hcs_completion;

#define HCS_COMPLETIONS 4

typedef struct hcs_latch {
  SRWLOCK lock;
  DWORD exit_type;       /* HcsNotificationSystemExited or HcsNotificationProcessExited */
  HANDLE ended;          /* manual-reset: no more news is to be waited for */
  hcs_notice exit;       /* the end of the system or process */
  hcs_notice disconnect; /* the service is gone */
  _Atomic uint64_t lost; /* the code that says it is gone though its exit was not told, or 0 */
  hcs_completion *waiting[HCS_COMPLETIONS];
} hcs_latch;

int hcs_latch_init(hcs_latch *latch, DWORD exit_type, hcs_error *err);
void hcs_latch_clear(hcs_latch *latch);

/* The callback of every registration; `context` is the latch. */
void CALLBACK hcs_latch_notify(DWORD type, void *context, HRESULT status, PCWSTR document);

/* Its end has been told; once 1, always. */
int hcs_latch_exited(const hcs_latch *latch);
/* Wakes every waiter: the handle is closed. */
void hcs_latch_release(hcs_latch *latch);
/* The service says that it is gone; an exit that comes later counts all the same. */
void hcs_latch_lose(hcs_latch *latch, uint64_t code);
/* After the end: -1 with what is known instead of an exit; 0 if the exit has been told. */
int hcs_latch_result(const hcs_latch *latch, hcs_error *err);

/* Before the call that is answered by it. One of a type at a time: otherwise it is InvalidState. */
int hcs_completion_expect(hcs_completion *completion, hcs_latch *latch, DWORD type, hcs_error *err);
/*
 * Waits and gives up the expectation. Sees the end of the system and of the service, too:
 * UnexpectedContainerExit and UnexpectedProcessAbort; a missed deadline is Timeout.
 */
int hcs_completion_await(hcs_completion *completion, hcs_latch *latch, int64_t deadline_ns,
                         hcs_error *err);
/* Nothing is to be waited for. */
void hcs_completion_cancel(hcs_completion *completion, hcs_latch *latch);

#endif
