#include <cblas.h>
#include <stdlib.h>
#include <string.h>

// What OpenBLAS's own start-up consists of. No header declares them; a build that is for one kernel family alone, or
// that hides them, has none of the first two.
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));
extern int blas_thread_shutdown_(void) __attribute__((weak));

// Whether the kernel family can be changed after the library has been loaded.
static inline int copenblas_can_choose(void) { return gotoblas_dynamic_init && gotoblas_dynamic_quit; }

// Has OpenBLAS choose its kernels once more, as if it were loaded now with OPENBLAS_CORETYPE=family, or without the
// variable where `family` is NULL. To be called while no other thread computes or reads the environment, which is left
// as it was. Where OpenBLAS does not have the family it takes another.
static inline void copenblas_choose(const char *family) {
  const char *given = getenv("OPENBLAS_CORETYPE");
  char *const kept = given ? strdup(given) : NULL;
  if (family) setenv("OPENBLAS_CORETYPE", family, 1);
  else unsetenv("OPENBLAS_CORETYPE");
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  if (kept) setenv("OPENBLAS_CORETYPE", kept, 1);
  else unsetenv("OPENBLAS_CORETYPE");
  free(kept);
}

// Ends OpenBLAS's own threads, which it creates again when a product needs them. They then inherit the floating-point
// control of the thread that asks for that product.
static inline void copenblas_end_threads(void) {
  if (openblas_get_parallel() == OPENBLAS_THREAD && blas_thread_shutdown_) blas_thread_shutdown_();
}
