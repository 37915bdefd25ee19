/* Writes down what a program does to the files of one folder, in order, so that a power cut can be
 * played afterwards. Loaded with LD_PRELOAD; POWERCUT_FOLDER is the folder, POWERCUT_LOG the log.
 *
 * A record is a line "<kind> <name> <number> <number>", for a write followed by its bytes:
 *   w name offset n_bytes   n_bytes were written at offset
 *   t name n_bytes 0        the file was cut to n_bytes
 *   s name 0 0              the file was flushed to disk
 *   u name 0 0              the file was deleted
 *   r name 0 0 / m name 0 0 a file was renamed from the first name to the second
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_FILES 4096

static char *names[MAX_FILES]; /* the watched name behind a file descriptor */
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;

#define REAL(type, name, ...)                                       \
    static type (*real)(__VA_ARGS__);                               \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t write_really(int fd, const void *bytes, size_t n) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return real(fd, bytes, n);
}

/* The part of a path after the watched folder, or NULL when it is elsewhere. */
static const char *watched(const char *path) {
    const char *folder = getenv("POWERCUT_FOLDER");
    size_t n = folder ? strlen(folder) : 0;
    if (!n || strncmp(path, folder, n) || path[n] != '/') return NULL;
    return path + n + 1;
}

static const char *name_of(int fd) {
    return fd >= 0 && fd < MAX_FILES ? names[fd] : NULL;
}

static void record(char kind, const char *name, long long a, long long b, const void *bytes) {
    char line[512];
    int n = snprintf(line, sizeof line, "%c %s %lld %lld\n", kind, name, a, b);
    if (log_file < 0) {
        REAL(int, "open", const char *, int, ...);
        log_file = real(getenv("POWERCUT_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    if (write_really(log_file, line, n) != n) abort();
    if (bytes && write_really(log_file, bytes, b) != b) abort();
}

static int opened(int fd, const char *path, int flags) {
    const char *name = watched(path);
    if (fd < 0 || fd >= MAX_FILES) return fd;
    pthread_mutex_lock(&order);
    free(names[fd]);
    names[fd] = name ? strdup(name) : NULL;
    if (name && (flags & O_TRUNC)) record('t', name, 0, 0, NULL);
    pthread_mutex_unlock(&order);
    return fd;
}

#define OPEN(symbol)                                                \
    int symbol(const char *path, int flags, ...) {                  \
        REAL(int, #symbol, const char *, int, ...);                 \
        va_list rest;                                               \
        va_start(rest, flags);                                      \
        mode_t mode = va_arg(rest, mode_t);                         \
        va_end(rest);                                               \
        return opened(real(path, flags, mode), path, flags);        \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    REAL(int, "close", int);
    pthread_mutex_lock(&order);
    if (name_of(fd)) {
        free(names[fd]);
        names[fd] = NULL;
    }
    pthread_mutex_unlock(&order);
    return real(fd);
}

#define PWRITE(symbol, offset_type)                                               \
    ssize_t symbol(int fd, const void *bytes, size_t n, offset_type offset) {     \
        REAL(ssize_t, #symbol, int, const void *, size_t, offset_type);           \
        pthread_mutex_lock(&order);                                               \
        ssize_t done = real(fd, bytes, n, offset);                                \
        if (done > 0 && name_of(fd)) record('w', name_of(fd), offset, done, bytes); \
        pthread_mutex_unlock(&order);                                             \
        return done;                                                              \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t n) {
    if (!name_of(fd)) return write_really(fd, bytes, n);
    pthread_mutex_lock(&order);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = write_really(fd, bytes, n);
    if (fcntl(fd, F_GETFL) & O_APPEND) at = lseek(fd, 0, SEEK_END) - done;
    if (done > 0) record('w', name_of(fd), at, done, bytes);
    pthread_mutex_unlock(&order);
    return done;
}

#define ON_FILE(symbol, kind, declared, size, ...)                  \
    int symbol declared {                                           \
        REAL(int, #symbol, __VA_ARGS__);                            \
        pthread_mutex_lock(&order);                                 \
        int failed = real size;                                     \
        if (!failed && name_of(fd)) record(kind, name_of(fd), n, 0, NULL); \
        pthread_mutex_unlock(&order);                               \
        return failed;                                              \
    }
ON_FILE(ftruncate, 't', (int fd, off_t n), (fd, n), int, off_t)
ON_FILE(ftruncate64, 't', (int fd, off64_t n), (fd, n), int, off64_t)

#define FLUSH(symbol)                                               \
    int symbol(int fd) {                                            \
        REAL(int, #symbol, int);                                    \
        pthread_mutex_lock(&order);                                 \
        int failed = real(fd);                                      \
        if (!failed && name_of(fd)) record('s', name_of(fd), 0, 0, NULL); \
        pthread_mutex_unlock(&order);                               \
        return failed;                                              \
    }
FLUSH(fsync)
FLUSH(fdatasync)

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    pthread_mutex_lock(&order);
    int failed = real(path);
    if (!failed && watched(path)) record('u', watched(path), 0, 0, NULL);
    pthread_mutex_unlock(&order);
    return failed;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    pthread_mutex_lock(&order);
    int failed = real(from, to);
    if (!failed && watched(from) && watched(to)) {
        record('r', watched(from), 0, 0, NULL);
        record('m', watched(to), 0, 0, NULL);
    }
    pthread_mutex_unlock(&order);
    return failed;
}
