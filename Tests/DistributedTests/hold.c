// cc -shared -fPIC -o hold.so hold.c -ldl
// Once the file HOLD_WHEN is there, a read, a write or a sync of a file whose path contains HOLD_PATH never returns, on
// rank HOLD_RANK alone: what a network file system does whose server is gone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void hold(int file) {
  const char *when = getenv("HOLD_WHEN"), *path = getenv("HOLD_PATH"), *rank = getenv("HOLD_RANK");
  const char *own = getenv("OMPI_COMM_WORLD_RANK") ? getenv("OMPI_COMM_WORLD_RANK") : getenv("PMI_RANK");
  if (!when || !path || !rank || !own || strcmp(rank, own) || access(when, F_OK)) return;
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t count = readlink(link, name, sizeof name - 1);
  if (count < 0) return;
  name[count] = 0;
  while (strstr(name, path)) pause();
}

#define HELD(type, name, parameters, arguments)            \
  type name parameters {                                   \
    static type(*real) parameters;                         \
    if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
    hold(file);                                            \
    return real arguments;                                 \
  }
HELD(ssize_t, read, (int file, void *bytes, size_t count), (file, bytes, count))
HELD(ssize_t, pread, (int file, void *bytes, size_t count, off_t at), (file, bytes, count, at))
HELD(ssize_t, pread64, (int file, void *bytes, size_t count, off64_t at), (file, bytes, count, at))
HELD(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
HELD(int, fsync, (int file), (file))
