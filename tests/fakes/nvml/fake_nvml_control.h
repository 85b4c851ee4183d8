/* Steering the fake libnvidia-ml.so.1 from inside a test: open the library with dlopen and look these up with dlsym.
 * Everything else a test can wish for is a statement of the script language (script.hpp), which `apply` takes too.
 * All functions may be called from any thread. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The time line of the fake. `spend` is what a call's latency does: sleep, or move a manual clock. */
struct FakeNvmlClock {
    void* context;
    int64_t (*monotonic_ns)(void* context);
    int64_t (*unix_ns)(void* context);
    void (*spend)(void* context, int64_t ns);
};

/* Back to a machine without GPUs, the real clock and no counted calls; the environment is not looked at any more. */
void fake_nvml_reset(void);

/* A clock that outlives its use; null for the real one. */
void fake_nvml_use_clock(const struct FakeNvmlClock* clock);

/* Carries out the statements of `script` on top of what is there. 0 when all are understood; otherwise none is
 * carried out and `error` (which may be null) tells the first that is not. */
int fake_nvml_apply(const char* script, char* error, unsigned int error_size);

/* How often an NVML function was called, in whichever of its versions: "nvmlDeviceGetHandleByIndex". */
uint64_t fake_nvml_calls(const char* function);

/* nvmlInit calls minus nvmlShutdown calls. */
int fake_nvml_references(void);

#ifdef __cplusplus
}
#endif
