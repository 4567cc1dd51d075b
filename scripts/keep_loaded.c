/*
 * keep_loaded.c - preloaded next to the address sanitizer (scripts/specs): modules stay mapped after
 * lua_close, so that a leak that is reported at the end still has names in its stack.
 */
int dlclose(void *handle);

int dlclose(void *handle) {
  (void)handle;
  return 0;
}
