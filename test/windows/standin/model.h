/*
 * model.h - what the stand-in keeps: compute systems, their processes, the handles on both.
 *
 * One lock guards all of it. It is never held while a callback runs, a delay passes or a child starts.
 */
#ifndef STANDIN_MODEL_H
#define STANDIN_MODEL_H

#include <stdint.h>
#include <windows.h>
/* behind windows.h */
#include <computedefs.h>
#include <jansson.h>

typedef struct svc_container svc_container;
typedef struct svc_process svc_process;
typedef struct svc_handle svc_handle;
typedef struct svc_registration svc_registration;
typedef struct svc_relay svc_relay;

typedef enum svc_state {
  STATE_CREATING,
  STATE_CREATED,
  STATE_STARTING,
  STATE_RUNNING,
  STATE_PAUSING,
  STATE_PAUSED,
  STATE_RESUMING,
  STATE_SAVING,
  STATE_STOPPING,
  STATE_STOPPED
} svc_state;

struct svc_container {
  svc_container *next; /* among those that the service knows; a stopped one is forgotten */
  unsigned references; /* handles, processes, operations on their way, the list */
  char *id;
  json_t *config;
  char runtime_id[37];
  svc_state state;
  int is_linux;
  unsigned handles; /* open system handles, of this client and of those that StandinTell() made */
  unsigned held;    /* of these, the made ones */

  HANDLE job;
  svc_process *processes; /* that have not ended */
  FILETIME started;
  uint64_t ended_user_100ns, ended_kernel_100ns; /* of processes that have ended */
  int64_t exits_due_us;                          /* when the last ProcessExited is delivered */

  HRESULT create_status;
  int create_done; /* its completion has been told, or waits for who registers */
  HRESULT exit_status;
  const char *exit_type;
};

struct svc_process {
  svc_process *next;
  unsigned references; /* handles, the watching thread, the list */
  svc_container *container;
  DWORD pid;
  HANDLE child;       /* NULL: a script that a thread of ours acts out */
  HANDLE kill, ended; /* manual-reset events; `kill` is for scripts */
  DWORD kill_code;
  int exited;
  DWORD exit_code;
  FILETIME created;
  svc_relay *input;
  int has_console;
  unsigned width, height;
};

typedef enum svc_kind { KIND_SYSTEM = 1, KIND_PROCESS = 2, KIND_CALLBACK = 3 } svc_kind;

struct svc_handle {
  svc_handle *next;
  uintptr_t value;
  svc_kind kind;
  const char *from;   /* the function that gave it out */
  unsigned running;   /* calls inside */
  int closing;        /* it is known no more, but to the calls inside */
  int awaits_created; /* CreateCompleted is still to be told */
  svc_container *container;
  svc_process *process;
  uintptr_t through;               /* of a process: the system handle that it came from */
  int has_turn;                    /* a signal through it is on its way */
  svc_registration *registrations; /* of a KIND_CALLBACK: the one that it is */
};

/* ---- the lock ------------------------------------------------------------------------------------ */

void model_lock(void);
void model_unlock(void);
/* Until somebody has called model_changed(); the lock is given back meanwhile. */
void model_wait(void);
void model_changed(void);

/* ---- time ---------------------------------------------------------------------------------------- */

int64_t now_us(void);

/* ---- what the service answers (hcs-contract §3.1) ------------------------------------------------- */

#define SERVICE_PENDING ((HRESULT)0xC0370103)
#define SERVICE_INVALID_STATE ((HRESULT)0xC0370105)
#define SERVICE_UNEXPECTED_EXIT ((HRESULT)0xC0370106)
#define SERVICE_INVALID_JSON ((HRESULT)0xC037010D)
#define SERVICE_NO_SUCH_SYSTEM ((HRESULT)0xC037010E)
#define SERVICE_ALREADY_EXISTS ((HRESULT)0xC037010F)
#define SERVICE_ALREADY_STOPPED ((HRESULT)0xC0370110)

/* An error of Win32 as an HRESULT, a constant. */
#define WINDOWS_ERROR(code) ((HRESULT)(0x80070000U | (unsigned)(code)))

/* Exit codes (hcs-contract §1.6). STATUS_CONTROL_C_EXIT is what a control event leaves. */
#define EXIT_ABORTED 1067U
#define EXIT_CONTROL 0xC000013AU
#define EXIT_SIGNALLED 128U

#endif
