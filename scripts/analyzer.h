/*
 * analyzer.h - included first by clang-tidy (make lint-tidy), in every file but those that define
 * these functions: it looks at one file at a time and would think that they may return 0.
 */
#include "hcs/error.h"
#ifdef ANALYZE_SHARED
#include "hcs/handle.h"
#endif

#define hcs_fail(...) (hcs_fail(__VA_ARGS__), -1)
#define hcs_fail_errno(...) (hcs_fail_errno(__VA_ARGS__), -1)
#define hcs_fail_errno_as(...) (hcs_fail_errno_as(__VA_ARGS__), -1)
#define hcs_fail_memory(err) (hcs_fail_memory(err), -1)
#ifdef ANALYZE_SHARED
#define hcs_fail_closed(err) (hcs_fail_closed(err), -1)
#define hcs_fail_missing(err) (hcs_fail_missing(err), -1)
#endif
#define hcs_error_wrap(...) (hcs_error_wrap(__VA_ARGS__), -1)
#define hcs_error_at(...) (hcs_error_at(__VA_ARGS__), -1)
