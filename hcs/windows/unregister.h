/*
 * unregister.h - the end of a registration, which must not leave the service a callback into nothing.
 */
#ifndef HCS_WINDOWS_UNREGISTER_H
#define HCS_WINDOWS_UNREGISTER_H

#include <windows.h>
/* behind windows.h */
#include <computedefs.h>

/*
 * Waits for callbacks that run; no lock may be held that one of them takes. 1 when none will come any
 * more; 0 when the service refused: then the context is the service's for good, and this library stays
 * loaded.
 */
int hcs_unregister(HRESULT(WINAPI *unregister)(HCS_CALLBACK), HCS_CALLBACK registration,
                   HRESULT *status);
/* This library stays loaded for as long as the program runs. */
void hcs_stay_loaded(void);

#endif
