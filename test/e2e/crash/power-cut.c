// Writes down what a process does to the files below POWER_CUT_ROOT, in the order it is done, so that what a disk would hold after a
// power cut at any moment can be worked out afterwards. Preloaded into the process. POWER_CUT_LOG is the file it writes to; each
// entry is a line, followed by as many bytes as it says:
//   C INODE PATH          a file was made              W INODE OFFSET COUNT  bytes were written; the bytes follow
//   T INODE LENGTH        a file was cut or extended   N OLD / NEW           a file was renamed (NUL between the paths)
//   U PATH                a name was removed           M PATH                a directory was made
//   S INODE SINCE         a file was synced            D PATH SINCE          a directory was synced
// SINCE counts the entries there were when the sync began: what came later it may have missed. A sync itself is not passed on to the
// real disk, it takes the millisecond that one would: what counts is when it was asked for, and a cut in the log needs no disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) \
  ({ \
    static __typeof__(&name) next; \
    if (next == NULL) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    next; \
  })

#define MAX_FDS 65536
#define SYNC_US 1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ino_t watched_inode[MAX_FDS];
static unsigned long entries;

// The part of an absolute path below the root, "/" for the root itself; NULL for any other path.
static const char *below(const char *path) {
  static const char *root;
  if (root == NULL && (root = getenv("POWER_CUT_ROOT")) == NULL) root = "";
  size_t length = strlen(root);
  if (length == 0 || strncmp(path, root, length) != 0) return NULL;
  if (path[length] == 0) return "/";
  return path[length] == '/' ? path + length : NULL;
}

// Under the lock.
static void note_bytes(const struct iovec *parts, int count, size_t length, const char *format, ...) {
  static int log = -1;
  if (log < 0) log = NEXT(open64)(getenv("POWER_CUT_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  char line[2 * PATH_MAX + 64];
  va_list values;
  va_start(values, format);
  struct iovec all[1 + count];
  all[0] = (struct iovec){line, vsnprintf(line, sizeof line, format, values)};
  va_end(values);
  size_t size = all[0].iov_len, left = length;
  for (int part = 0; part < count; part += 1) {
    all[1 + part] = parts[part];
    if (all[1 + part].iov_len > left) all[1 + part].iov_len = left;
    left -= all[1 + part].iov_len;
  }
  if (NEXT(writev)(log, all, 1 + count) != (ssize_t)(size + length)) abort();
  entries += 1;
}

#define NOTE(...) note_bytes(NULL, 0, 0, __VA_ARGS__)

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return -1;
  path[length] = 0;
  return 0;
}

static void absolute(int at, const char *path, char *result) {
  if (path[0] == '/' || at == AT_FDCWD || path_of(at, result) != 0) snprintf(result, PATH_MAX, "%s", path);
  else snprintf(result + strlen(result), PATH_MAX - strlen(result), "/%s", path);
}

// The inode of a descriptor for a watched file, else 0: the number may have gone to a socket since, unseen.
static ino_t inode_of(int fd) {
  if (fd < 0 || fd >= MAX_FDS || watched_inode[fd] == 0) return 0;
  struct stat found;
  int same = fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_ino == watched_inode[fd];
  return same ? found.st_ino : 0;
}

static int open_watched(int at, const char *given, int flags, mode_t mode) {
  char path[PATH_MAX];
  absolute(at, given, path);
  const char *inside = below(path);
  if (inside == NULL) {
    int fd = NEXT(openat64)(at, given, flags, mode);
    if (fd >= 0 && fd < MAX_FDS) watched_inode[fd] = 0;
    return fd;
  }
  pthread_mutex_lock(&lock);
  struct stat found;
  int made = (flags & O_CREAT) != 0 && stat(path, &found) != 0;
  int fd = NEXT(openat64)(at, given, flags, mode), before = errno;
  if (fd >= 0 && fd < MAX_FDS) {
    int regular = fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
    watched_inode[fd] = regular && (flags & O_ACCMODE) != O_RDONLY ? found.st_ino : 0;
    if (regular && made) NOTE("C %lu %s\n", (unsigned long)found.st_ino, inside);
    else if (regular && (flags & O_TRUNC) != 0) NOTE("T %lu 0\n", (unsigned long)found.st_ino);
  }
  pthread_mutex_unlock(&lock);
  errno = before;
  return fd;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & O_CREAT) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *path, int flags, ...) { MODE(flags) return open_watched(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_watched(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_watched(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_watched(at, path, flags, mode); }

// Passes a write on, and notes as much of it as was taken. `offset` is where it went.
#define WRITTEN(fd, call, offset, parts, count) \
  ino_t inode = inode_of(fd); \
  if (inode == 0) return call; \
  pthread_mutex_lock(&lock); \
  ssize_t written = call; \
  int before = errno; \
  if (written > 0) note_bytes(parts, count, written, "W %lu %ld %ld\n", (unsigned long)inode, (long)(offset), (long)written); \
  pthread_mutex_unlock(&lock); \
  errno = before; \
  return written;

ssize_t write(int fd, const void *bytes, size_t count) {
  struct iovec part = {(void *)bytes, count};
  WRITTEN(fd, NEXT(write)(fd, bytes, count), lseek(fd, 0, SEEK_CUR) - written, &part, 1)
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITTEN(fd, NEXT(writev)(fd, parts, count), lseek(fd, 0, SEEK_CUR) - written, parts, count)
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  struct iovec part = {(void *)bytes, count};
  WRITTEN(fd, NEXT(pwrite64)(fd, bytes, count, offset), offset, &part, 1)
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  WRITTEN(fd, NEXT(pwritev64)(fd, parts, count, offset), offset, parts, count)
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

int ftruncate64(int fd, off64_t length) {
  ino_t inode = inode_of(fd);
  if (inode == 0) return NEXT(ftruncate64)(fd, length);
  pthread_mutex_lock(&lock);
  int result = NEXT(ftruncate64)(fd, length), before = errno;
  if (result == 0) NOTE("T %lu %ld\n", (unsigned long)inode, (long)length);
  pthread_mutex_unlock(&lock);
  errno = before;
  return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

// Passes a change of names on, and notes it when it succeeded.
#define RENAMED(paths_watched, call, ...) \
  if (!(paths_watched)) return call; \
  pthread_mutex_lock(&lock); \
  int result = call, before = errno; \
  if (result == 0) NOTE(__VA_ARGS__); \
  pthread_mutex_unlock(&lock); \
  errno = before; \
  return result;

int rename(const char *from, const char *to) {
  const char *old = below(from), *new = below(to);
  RENAMED(old != NULL && new != NULL, NEXT(rename)(from, to), "N %s%c%s\n", old, 0, new)
}

int unlink(const char *path) {
  const char *inside = below(path);
  RENAMED(inside != NULL, NEXT(unlink)(path), "U %s\n", inside)
}

int rmdir(const char *path) {
  const char *inside = below(path);
  RENAMED(inside != NULL, NEXT(rmdir)(path), "U %s\n", inside)
}

int unlinkat(int at, const char *given, int flags) {
  char path[PATH_MAX];
  absolute(at, given, path);
  const char *inside = below(path);
  RENAMED(inside != NULL, NEXT(unlinkat)(at, given, flags), "U %s\n", inside)
}

int mkdir(const char *path, mode_t mode) {
  const char *inside = below(path);
  RENAMED(inside != NULL, NEXT(mkdir)(path, mode), "M %s\n", inside)
}

static unsigned long entries_so_far(void) {
  pthread_mutex_lock(&lock);
  unsigned long count = entries;
  pthread_mutex_unlock(&lock);
  return count;
}

// 1 when the descriptor is one of ours and is taken as synced, 0 for the real call.
static int synced(int fd) {
  char path[PATH_MAX];
  struct stat found;
  const char *inside = path_of(fd, path) == 0 ? below(path) : NULL;
  if (inside == NULL || fstat(fd, &found) != 0) return 0;
  unsigned long since = entries_so_far();
  usleep(SYNC_US);
  pthread_mutex_lock(&lock);
  if (S_ISDIR(found.st_mode)) NOTE("D %s%c%lu\n", inside, 0, since);
  else NOTE("S %lu %lu\n", (unsigned long)found.st_ino, since);
  pthread_mutex_unlock(&lock);
  return 1;
}

int fsync(int fd) { return synced(fd) ? 0 : NEXT(fsync)(fd); }
int fdatasync(int fd) { return synced(fd) ? 0 : NEXT(fdatasync)(fd); }
