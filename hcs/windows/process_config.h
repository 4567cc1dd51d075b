/*
 * process_config.h - a ProcessConfig as the service takes it.
 */
#ifndef HCS_WINDOWS_PROCESS_CONFIG_H
#define HCS_WINDOWS_PROCESS_CONFIG_H

#include <windows.h>

#include "../document.h"

/* Owned (free). `is_windows`: what runs in the container. */
PWSTR hcs_process_config_text(const hcs_document *config, int is_windows, hcs_error *err);

#endif
