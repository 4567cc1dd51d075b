/*
 * latch.c - storing what the service tells, and waiting for it.
 */
#include "latch.h"

#include <stdlib.h>
#include <wchar.h>

#include "result.h"
#include "wait.h"

/* ---- notices, with the latch's lock held ------------------------------------------------------------ */

/* The first one counts, whatever the service repeats. A document that memory is out for is lost. */
static void notice_take(hcs_notice *notice, HRESULT status, PCWSTR document) {
  if (atomic_load(&notice->told)) return;
  notice->status = status;
  notice->document = document != NULL ? wcsdup(document) : NULL;
  atomic_store(&notice->told, 1);
}

static void notice_clear(hcs_notice *notice) { free(notice->document); }

/* What ends the handle ends whatever a call waits for, too. */
static void wake_all(hcs_latch *latch) {
  SetEvent(latch->ended);
  for (size_t i = 0; i < HCS_COMPLETIONS; i++)
    if (latch->waiting[i] != NULL) SetEvent(latch->waiting[i]->event);
}

/* The place of a completion; NULL for a notification that completes nothing we wait for. */
static hcs_completion **place(hcs_latch *latch, DWORD type) {
  DWORD i = type - HcsNotificationSystemCreateCompleted;

  return i < HCS_COMPLETIONS ? &latch->waiting[i] : NULL;
}

static void complete(hcs_latch *latch, DWORD type, HRESULT status, PCWSTR document) {
  hcs_completion **waiting = place(latch, type);

  if (waiting == NULL || *waiting == NULL) return;
  notice_take(&(*waiting)->notice, status, document);
  SetEvent((*waiting)->event);
}

/* ---- the callback ------------------------------------------------------------------------------------ */

void CALLBACK hcs_latch_notify(DWORD type, void *context, HRESULT status, PCWSTR document) {
  hcs_latch *latch = context;
  DWORD plain = type & ~(DWORD)HcsNotificationFlagsReserved;

  AcquireSRWLockExclusive(&latch->lock);
  if (plain == latch->exit_type || plain == HcsNotificationServiceDisconnect) {
    notice_take(plain == latch->exit_type ? &latch->exit : &latch->disconnect, status, document);
    wake_all(latch);
  } else {
    complete(latch, plain, status, document);
  }
  ReleaseSRWLockExclusive(&latch->lock);
}

/* ---- the latch --------------------------------------------------------------------------------------- */

int hcs_latch_init(hcs_latch *latch, DWORD exit_type, hcs_error *err) {
  InitializeSRWLock(&latch->lock);
  latch->exit_type = exit_type;
  latch->ended = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (latch->ended != NULL) return 0;
  return hcs_fail_windows(err, GetLastError(), "cannot make an event");
}

void hcs_latch_clear(hcs_latch *latch) {
  if (latch->ended != NULL) CloseHandle(latch->ended);
  notice_clear(&latch->exit);
  notice_clear(&latch->disconnect);
}

int hcs_latch_exited(const hcs_latch *latch) { return atomic_load(&latch->exit.told); }

void hcs_latch_release(hcs_latch *latch) {
  AcquireSRWLockExclusive(&latch->lock);
  wake_all(latch);
  ReleaseSRWLockExclusive(&latch->lock);
}

void hcs_latch_lose(hcs_latch *latch, uint64_t code) {
  atomic_store(&latch->lost, code);
  hcs_latch_release(latch);
}

int hcs_latch_result(const hcs_latch *latch, hcs_error *err) {
  uint64_t lost = atomic_load(&latch->lost);

  if (atomic_load(&latch->exit.told)) return 0;
  if (atomic_load(&latch->disconnect.told)) {
    hcs_service_explain(HCS_E_UNEXPECTED_PROCESS_ABORT, latch->disconnect.document, err);
    return -1;
  }
  if (lost != 0)
    return hcs_fail(err, lost, "the service says that it is gone, but has not told how it ended");
  return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
}

/* ---- completions ------------------------------------------------------------------------------------- */

int hcs_completion_expect(hcs_completion *completion, hcs_latch *latch, DWORD type,
                          hcs_error *err) {
  hcs_completion **waiting = place(latch, type);
  int is_free;

  *completion = (hcs_completion){.type = type, .event = CreateEventW(NULL, TRUE, FALSE, NULL)};
  if (completion->event == NULL)
    return hcs_fail_windows(err, GetLastError(), "cannot make an event");
  AcquireSRWLockExclusive(&latch->lock);
  is_free = *waiting == NULL;
  if (is_free) *waiting = completion;
  /* what ended before will not be told again */
  if (is_free && WaitForSingleObject(latch->ended, 0) == WAIT_OBJECT_0) SetEvent(completion->event);
  ReleaseSRWLockExclusive(&latch->lock);
  if (is_free) return 0;
  CloseHandle(completion->event);
  return hcs_fail(err, HCS_E_INVALID_STATE,
                  "another thread's call of the same kind is under way: wait for that one");
}

/* Nobody sets its event afterwards. */
static void withdraw(const hcs_completion *completion, hcs_latch *latch) {
  AcquireSRWLockExclusive(&latch->lock);
  *place(latch, completion->type) = NULL;
  ReleaseSRWLockExclusive(&latch->lock);
}

static void completion_clear(hcs_completion *completion) {
  CloseHandle(completion->event);
  notice_clear(&completion->notice);
}

void hcs_completion_cancel(hcs_completion *completion, hcs_latch *latch) {
  withdraw(completion, latch);
  completion_clear(completion);
}

/* Something woke us. The completion itself wins over an end that came with it. */
static int result_of(const hcs_completion *completion, const hcs_latch *latch, hcs_error *err) {
  const hcs_notice *notice = &completion->notice;

  if (atomic_load(&notice->told))
    return hcs_service_notified(notice->status, notice->document, err) < 0 ? -1 : 0;
  if (hcs_latch_result(latch, err) != 0) return -1;
  hcs_service_explain(HCS_E_UNEXPECTED_CONTAINER_EXIT, latch->exit.document, err);
  return -1;
}

int hcs_completion_await(hcs_completion *completion, hcs_latch *latch, int64_t deadline_ns,
                         hcs_error *err) {
  int result = hcs_wait_through(completion->event, deadline_ns, err);

  withdraw(completion, latch);
  /* it may have come just behind the deadline */
  if (result == 0 || atomic_load(&completion->notice.told))
    result = result_of(completion, latch, err);
  completion_clear(completion);
  return result;
}
