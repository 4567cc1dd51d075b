/*
 * boot.c - reports to the host while the container is being made.
 */
#include "boot.h"
#include "service.h"
#include "sys.h"

void boot_report(int boot, uint16_t type, const hcs_boot *report) {
  struct {
    hcs_frame frame;
    hcs_boot report;
  } message = {{HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, type, 0, sizeof *report}, *report};
  /* write(2) on a socket whose peer is gone raises SIGPIPE, but setup and guest block every signal. */
  sys_write(boot, &message, sizeof message);
}

_Noreturn void boot_fail(int boot, uint32_t stage, long error, uint32_t index) {
  hcs_boot report = {stage, (int32_t)(error < 0 ? -error : error), index, 0, 0, 0};
  boot_report(boot, HCS_BOOT_FAILED, &report);
  sys_exit(1);
}
