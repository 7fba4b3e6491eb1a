/*
 * Stands between the broker and the C library: records what reaches the database's files, and makes them, the clock and
 * the power fail on demand. Loaded with LD_PRELOAD by test/fault/shim.ts, which also writes the control page.
 *
 * Linux only. Only files under FAULT_DATA are concerned. Must never change what is written.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The slots of the control page; test/fault/shim.ts knows the same order. */
enum { CLOCK_OFFSET, KILL_AT_SYNC, SYNCS, DISK_FULL, KILL_AFTER, SYNC_FAILS, FREED, SYNC_DELAY };
enum { OP_WRITE = 1, OP_TRUNCATE = 2, OP_SYNC = 3, OP_UNLINK = 4 };

struct record {
  int64_t op, offset, data_length, path_length;
};

static volatile int64_t *page;
static const char *data_prefix;
static int trace = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void set_up(void) {
  const char *control = getenv("FAULT_CONTROL");
  const char *trace_file = getenv("FAULT_TRACE");
  data_prefix = getenv("FAULT_DATA");
  if (control != NULL) {
    int fd = open(control, O_RDWR | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) abort();
    page = mapped;
  }
  if (trace_file != NULL) trace = open(trace_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int is_data(const char *path) { return data_prefix != NULL && strncmp(path, data_prefix, strlen(data_prefix)) == 0; }

/* The path of an open file of ours in `path`, or 0. */
static int data_path(int fd, char *path, size_t size) {
  char link[64] = "/proc/self/fd/";
  if (page == NULL || fd < 0 || fd == trace) return 0;
  char digits[16];
  int n = 0, left = fd;
  do digits[n++] = (char)('0' + left % 10);
  while ((left /= 10) > 0);
  char *end = link + strlen(link);
  while (n > 0) *end++ = digits[--n];
  *end = 0;
  ssize_t length = readlink(link, path, size - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_data(path);
}

static void note(int64_t op, const char *path, int64_t offset, const void *data, int64_t length) {
  if (trace < 0) return;
  struct record head = {op, offset, length, (int64_t)strlen(path)};
  struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, strlen(path)}, {(void *)data, (size_t)length}};
  if (writev(trace, parts, length > 0 ? 3 : 2) < 0) abort();
}

/* Whether the write has to fail: on a full disk a file grows only by what another has given up since. */
static int no_space(int fd, int64_t end) {
  struct stat file;
  if (page[DISK_FULL] == 0 || fstat(fd, &file) != 0 || end <= file.st_size) return 0;
  if (page[FREED] < end - file.st_size) return 1;
  page[FREED] -= end - file.st_size;
  return 0;
}

static ssize_t put(int fd, const void *data, size_t length, int64_t offset, ssize_t (*real)(int, const void *, size_t, off_t)) {
  char path[4096];
  if (!data_path(fd, path, sizeof path)) return real(fd, data, length, offset);
  if (no_space(fd, offset + (int64_t)length)) {
    errno = ENOSPC;
    return -1;
  }
  ssize_t written = real(fd, data, length, offset);
  if (written > 0) note(OP_WRITE, path, offset, data, written);
  return written;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return put(fd, data, length, offset, REAL(pwrite)); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return put(fd, data, length, offset, REAL(pwrite)); }

static int cut(int fd, int64_t length, int (*real)(int, off_t)) {
  char path[4096];
  int done = real(fd, length);
  if (done == 0 && data_path(fd, path, sizeof path)) note(OP_TRUNCATE, path, length, NULL, 0);
  return done;
}

int ftruncate(int fd, off_t length) { return cut(fd, length, REAL(ftruncate)); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length, REAL(ftruncate)); }

static int sync_file(int fd, int (*real)(int)) {
  char path[4096];
  if (!data_path(fd, path, sizeof path)) return real(fd);
  int64_t turn = ++page[SYNCS];
  if (page[SYNC_FAILS] != 0) {
    errno = EIO;
    return -1;
  }
  int is_last = page[KILL_AT_SYNC] != 0 && turn >= page[KILL_AT_SYNC];
  if (is_last && page[KILL_AFTER] == 0) kill(getpid(), SIGKILL);
  if (page[SYNC_DELAY] > 0) usleep((useconds_t)page[SYNC_DELAY]);
  int done = real(fd);
  if (is_last) kill(getpid(), SIGKILL);
  if (done == 0) note(OP_SYNC, path, 0, NULL, 0);
  return done;
}

int fsync(int fd) { return sync_file(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_file(fd, REAL(fdatasync)); }

ssize_t write(int fd, const void *data, size_t length) {
  char path[4096];
  if (!data_path(fd, path, sizeof path)) return REAL(write)(fd, data, length);
  off_t offset = lseek(fd, 0, SEEK_CUR);
  if (no_space(fd, offset + (int64_t)length)) {
    errno = ENOSPC;
    return -1;
  }
  ssize_t written = REAL(write)(fd, data, length);
  if (written > 0) note(OP_WRITE, path, offset, data, written);
  return written;
}

static int leave(const char *path, int (*real)(const char *)) {
  struct stat file;
  int is_ours = page != NULL && is_data(path) && stat(path, &file) == 0;
  int done = real(path);
  if (done != 0 || !is_ours) return done;
  page[FREED] += file.st_size;
  note(OP_UNLINK, path, 0, NULL, 0);
  return done;
}

int unlink(const char *path) { return leave(path, REAL(unlink)); }
/* Newer versions of Node remove files by this one, which does not come by unlink above. */
int remove(const char *path) { return leave(path, REAL(remove)); }

int clock_gettime(clockid_t clock, struct timespec *at) {
  int done = REAL(clock_gettime)(clock, at);
  if (done == 0 && page != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += page[CLOCK_OFFSET];
  return done;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  int done = REAL(gettimeofday)(at, zone);
  if (done == 0 && page != NULL) at->tv_sec += page[CLOCK_OFFSET];
  return done;
}
