/*
 * Preloaded into a process, makes its disk fail by chance: for files below FAULTY_ROOT, while the file FAULTY_GATE exists, a sync
 * fails with EIO (one in FAULTY_SYNC_EVERY), a write with ENOSPC or after half of its bytes (one in FAULTY_WRITE_EVERY).
 * A sync that failed has lost what it was to make durable, though it can be read until the machine needs the memory: Linux takes
 * the pages for written. The inodes of such files go into FAULTY_LOST, for whoever ends the process to empty them, so that a
 * store that tries the sync again and believes it has confirmed nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t drawn(void) {
  static uint32_t state;
  pthread_mutex_lock(&lock);
  if (state == 0) state = (uint32_t)atoi(getenv("FAULTY_SEED")) | 1u;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  uint32_t result = state;
  pthread_mutex_unlock(&lock);
  return result;
}

/* The path of a file below the root, while faults are wanted. */
static int is_faulty(int fd, char *path) {
  const char *root = getenv("FAULTY_ROOT");
  const char *gate = getenv("FAULTY_GATE");
  char name[64];
  if (root == NULL || gate == NULL) return 0;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(name, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, root, strlen(root)) == 0 && access(gate, F_OK) == 0;
}

static int one_in(const char *name) {
  return drawn() % (uint32_t)atoi(getenv(name)) == 0;
}

static void note_lost(int fd) {
  struct stat facts;
  char line[32];
  int log = open(getenv("FAULTY_LOST"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fstat(fd, &facts) != 0 || log < 0) abort();
  int length = snprintf(line, sizeof line, "%lu\n", (unsigned long)facts.st_ino);
  if (NEXT(write)(log, line, (size_t)length) != length) abort();
  close(log);
}

static int sync_fails(int fd) {
  char path[PATH_MAX];
  if (!is_faulty(fd, path) || !one_in("FAULTY_SYNC_EVERY")) return 0;
  note_lost(fd);
  errno = EIO;
  return 1;
}

/* How much of `count` bytes is written: all, half, or none with ENOSPC. */
static ssize_t part_of(int fd, size_t count) {
  char path[PATH_MAX];
  if (count < 2 || !is_faulty(fd, path) || !one_in("FAULTY_WRITE_EVERY")) return (ssize_t)count;
  if (drawn() % 2 == 0) return (ssize_t)(count / 2);
  errno = ENOSPC;
  return -1;
}

static size_t length_of(const struct iovec *parts, int count) {
  size_t length = 0;
  for (int part = 0; part < count; part += 1) length += parts[part].iov_len;
  return length;
}

int fsync(int fd) { return sync_fails(fd) ? -1 : NEXT(fsync)(fd); }
int fdatasync(int fd) { return sync_fails(fd) ? -1 : NEXT(fdatasync)(fd); }

ssize_t write(int fd, const void *bytes, size_t count) {
  ssize_t part = part_of(fd, count);
  return part < 0 ? -1 : NEXT(write)(fd, bytes, (size_t)part);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  ssize_t part = part_of(fd, count);
  return part < 0 ? -1 : NEXT(pwrite64)(fd, bytes, (size_t)part, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
  size_t length = length_of(parts, count);
  ssize_t part = part_of(fd, length);
  if (part < 0) return -1;
  if ((size_t)part == length) return NEXT(writev)(fd, parts, count);
  return NEXT(write)(fd, parts[0].iov_base, parts[0].iov_len < (size_t)part ? parts[0].iov_len : (size_t)part);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  size_t length = length_of(parts, count);
  ssize_t part = part_of(fd, length);
  if (part < 0) return -1;
  if ((size_t)part == length) return NEXT(pwritev64)(fd, parts, count, offset);
  return NEXT(pwrite64)(fd, parts[0].iov_base, parts[0].iov_len < (size_t)part ? parts[0].iov_len : (size_t)part, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }
