/*
 * unregister.c - ending registrations.
 */
#include "unregister.h"

void hcs_stay_loaded(void) {
  HMODULE self;

  /* the address, taken as a name, says which library */
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     (LPCWSTR)(void *)hcs_stay_loaded, &self);
}

int hcs_unregister(HRESULT(WINAPI *unregister)(HCS_CALLBACK), HCS_CALLBACK registration,
                   HRESULT *status) {
  *status = registration != NULL ? unregister(registration) : S_OK;
  if (SUCCEEDED(*status)) return 1;
  hcs_stay_loaded();
  return 0;
}
