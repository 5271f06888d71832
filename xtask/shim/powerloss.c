/* What would be left after a power cut.
 *
 * Preloaded into a program, this keeps beside a folder (POWER_ROOT) a second one (POWER_SHADOW) that holds exactly what has been
 * synced: a write goes to the real file as ever, and as a record to a journal of that file, POWER_SHADOW/.pending/NAME; fsync and
 * fdatasync play the journal into the shadow file and empty it. Kill the program, and the shadow is what a disk would have kept at
 * the least; play some prefix of a journal, and it is what a disk may have kept.
 *
 * Modelled: contents. A name becomes durable with the first sync of its file; renaming and removing are durable at once. Shared
 * memory (names in -shm) is not followed: it does not survive a power cut.
 * POWER_FAIL_SYNC=N: every N-th sync fails with EIO and what was to be synced is gone, as Linux does it.
 * POWER_FAIL_CALL=N: the N-th call that changes a followed file (write, cut to a length, sync) fails with EIO; a write has written half
 * by then. It says so on standard error.
 *
 * Record: three 64-bit numbers in the machine's order (kind: 1 write, 2 truncate; offset or length; bytes), then the bytes.
 * Bounds: descriptors below 65,536, 1,024 files, names of 512 bytes. Glibc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS 65536
#define FILES 1024
#define NAME 512

struct file {
    char name[NAME]; /* below the root; empty: free */
    int journal;     /* descriptor, -1 before the first write */
};

static char root[NAME], shadow[NAME];
static size_t root_len;
static struct file files[FILES];
static short file_of[FDS]; /* 1 + index; 0: not followed */
static long fail_every, syncs, fail_call, calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_linkat)(int, const char *, int, const char *, int);

static void fatal(const char *what) {
    fprintf(stderr, "powerloss: %s: %s\n", what, strerror(errno));
    _exit(97);
}

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open");
    real_openat = dlsym(RTLD_NEXT, "openat");
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_linkat = dlsym(RTLD_NEXT, "linkat");
    const char *r = getenv("POWER_ROOT"), *s = getenv("POWER_SHADOW"), *f = getenv("POWER_FAIL_SYNC");
    const char *c = getenv("POWER_FAIL_CALL");
    if (!r || !s) return;
    if (strlen(r) >= NAME || strlen(s) >= NAME) fatal("a folder's name is too long");
    strcpy(shadow, s);
    strcpy(root, r);
    root_len = strlen(root);
    if (f) fail_every = atol(f);
    if (c) fail_call = atol(c);
}

/* The name below the root, or none when the file is not followed. */
static const char *below(const char *path) {
    if (!root_len || strncmp(path, root, root_len) || path[root_len] != '/') return NULL;
    size_t len = strlen(path);
    if (len >= 4 && !strcmp(path + len - 4, "-shm")) return NULL;
    return path + root_len + 1;
}

static void place(char *out, size_t size, const char *folder, const char *name) {
    if ((size_t)snprintf(out, size, "%s/%s%s", shadow, folder, name) >= size) fatal("a name is too long");
}

/* A journal lies flat: a slash in the name becomes a percent sign. */
static void journal_name(char *out, size_t size, const char *name) {
    place(out, size, ".pending/", name);
    for (char *c = out + strlen(shadow) + strlen("/.pending/"); *c; c++)
        if (*c == '/') *c = '%';
}

static void parents(char *path) {
    for (char *c = path + strlen(shadow) + 1; *c; c++)
        if (*c == '/') {
            *c = 0;
            mkdir(path, 0777);
            *c = '/';
        }
}

static int find(const char *name) {
    int free = -1;
    for (int i = 0; i < FILES; i++) {
        if (!strcmp(files[i].name, name)) return i;
        if (free < 0 && !files[i].name[0]) free = i;
    }
    if (free < 0) fatal("too many files");
    if (strlen(name) >= NAME) fatal("a name is too long");
    strcpy(files[free].name, name);
    files[free].journal = -1;
    return free;
}

static int journal(struct file *f) {
    if (f->journal < 0) {
        char path[2 * NAME];
        journal_name(path, sizeof path, f->name);
        parents(path);
        f->journal = real_open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (f->journal < 0) fatal("a journal cannot be opened");
    }
    return f->journal;
}

static void whole(int fd, const void *bytes, size_t n) {
    for (const char *b = bytes; n;) {
        ssize_t done = real_write(fd, b, n);
        if (done < 0 && errno != EINTR) fatal("a journal cannot be written");
        if (done > 0) b += done, n -= done;
    }
}

static void record(struct file *f, uint64_t kind, uint64_t at, const void *bytes, uint64_t n) {
    uint64_t head[3] = {kind, at, n};
    int fd = journal(f);
    whole(fd, head, sizeof head);
    whole(fd, bytes, n);
}

/* Plays the journal into the shadow file and empties it. */
static void keep(struct file *f) {
    char path[2 * NAME];
    place(path, sizeof path, "", f->name);
    parents(path);
    int to = real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), from = journal(f);
    if (to < 0) fatal("the shadow cannot be written");
    off_t at = 0;
    uint64_t head[3];
    while (pread(from, head, sizeof head, at) == sizeof head) {
        at += sizeof head;
        if (head[0] == 2) {
            if (real_ftruncate(to, head[1])) fatal("the shadow cannot be cut");
            continue;
        }
        static char buffer[1 << 16];
        for (uint64_t done = 0; done < head[2];) {
            size_t n = head[2] - done < sizeof buffer ? head[2] - done : sizeof buffer;
            if (pread(from, buffer, n, at + done) != (ssize_t)n) fatal("a journal is short");
            if (real_pwrite(to, buffer, n, head[1] + done) != (ssize_t)n) fatal("the shadow cannot be written");
            done += n;
        }
        at += head[2];
    }
    real_close(to);
    if (real_ftruncate(from, 0)) fatal("a journal cannot be emptied");
}

static struct file *followed(int fd) {
    return fd >= 0 && fd < FDS && file_of[fd] ? &files[file_of[fd] - 1] : NULL;
}

/* Whether this is the call that fails; with the lock held. */
static int fails_now(const char *what, struct file *f) {
    if (!fail_call || ++calls != fail_call) return 0;
    fprintf(stderr, "powerloss: call %ld fails: %s %s\n", calls, what, f->name);
    return 1;
}

static int opened(int fd, const char *path, int flags) {
    int error = errno;
    const char *name = fd >= 0 ? below(path) : NULL;
    struct stat is;
    if (name && !fstat(fd, &is) && S_ISREG(is.st_mode)) {
        if (fd >= FDS) fatal("too many descriptors");
        pthread_mutex_lock(&lock);
        int i = find(name);
        if (flags & O_TRUNC) record(&files[i], 2, 0, NULL, 0);
        file_of[fd] = 1 + i;
        pthread_mutex_unlock(&lock);
    }
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list list) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

#define OPEN(name)                                                  \
    int name(const char *path, int flags, ...) {                    \
        va_list list;                                               \
        va_start(list, flags);                                      \
        mode_t mode = mode_of(flags, list);                         \
        va_end(list);                                               \
        return opened(real_open(path, flags, mode), path, flags);   \
    }
OPEN(open)
OPEN(open64)

/* Relative to a folder's descriptor is not followed; the programs tried use whole paths. */
#define OPENAT(name)                                                        \
    int name(int at, const char *path, int flags, ...) {                    \
        va_list list;                                                       \
        va_start(list, flags);                                              \
        mode_t mode = mode_of(flags, list);                                 \
        va_end(list);                                                       \
        return opened(real_openat(at, path, flags, mode), path, flags);     \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (fd >= 0 && fd < FDS) file_of[fd] = 0;
    return real_close(fd);
}

ssize_t write(int fd, const void *bytes, size_t n) {
    struct file *f = followed(fd);
    if (!f) return real_write(fd, bytes, n);
    pthread_mutex_lock(&lock);
    struct stat is;
    int append = fcntl(fd, F_GETFL) & O_APPEND;
    off_t at = append && !fstat(fd, &is) ? is.st_size : lseek(fd, 0, SEEK_CUR);
    int fails = fails_now("write", f);
    ssize_t done = real_write(fd, bytes, fails ? n / 2 : n);
    int error = errno;
    if (done > 0) record(f, 1, at, bytes, done);
    pthread_mutex_unlock(&lock);
    errno = fails ? EIO : error;
    return fails ? -1 : done;
}

#define PWRITE(name)                                                        \
    ssize_t name(int fd, const void *bytes, size_t n, off_t at) {           \
        struct file *f = followed(fd);                                      \
        if (!f) return real_pwrite(fd, bytes, n, at);                       \
        pthread_mutex_lock(&lock);                                          \
        int fails = fails_now("write", f);                                  \
        ssize_t done = real_pwrite(fd, bytes, fails ? n / 2 : n, at);       \
        int error = errno;                                                  \
        if (done > 0) record(f, 1, at, bytes, done);                        \
        pthread_mutex_unlock(&lock);                                        \
        errno = fails ? EIO : error;                                        \
        return fails ? -1 : done;                                           \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define FTRUNCATE(name)                                                     \
    int name(int fd, off_t size) {                                          \
        struct file *f = followed(fd);                                      \
        if (!f) return real_ftruncate(fd, size);                            \
        pthread_mutex_lock(&lock);                                          \
        int fails = fails_now("truncate", f);                               \
        int done = fails ? -1 : real_ftruncate(fd, size);                   \
        int error = fails ? EIO : errno;                                    \
        if (!done) record(f, 2, size, NULL, 0);                             \
        pthread_mutex_unlock(&lock);                                        \
        errno = error;                                                      \
        return done;                                                        \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

static int synced(int fd, int (*real)(int)) {
    struct file *f = followed(fd);
    int done = real(fd);
    if (!f || done) return done;
    pthread_mutex_lock(&lock);
    int fails = (fail_every && ++syncs % fail_every == 0) || fails_now("sync", f);
    if (!fails)
        keep(f);
    else if (real_ftruncate(journal(f), 0))
        fatal("a journal cannot be emptied");
    pthread_mutex_unlock(&lock);
    if (!fails) return 0;
    errno = EIO;
    return -1;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

static void forget(const char *name) {
    char path[2 * NAME];
    place(path, sizeof path, "", name);
    real_unlink(path);
    journal_name(path, sizeof path, name);
    real_unlink(path);
    for (int i = 0; i < FILES; i++)
        if (!strcmp(files[i].name, name)) {
            if (files[i].journal >= 0) real_close(files[i].journal);
            files[i].journal = -1;
            /* descriptors still open on it write to nothing */
            snprintf(files[i].name, NAME, ".removed/%d", i);
        }
}

int unlink(const char *path) {
    int done = real_unlink(path), error = errno;
    const char *name = below(path);
    if (!done && name) {
        pthread_mutex_lock(&lock);
        forget(name);
        pthread_mutex_unlock(&lock);
    }
    errno = error;
    return done;
}

int rename(const char *from, const char *to) {
    int done = real_rename(from, to), error = errno;
    const char *old = below(from), *new = below(to);
    if (!done && old && new) {
        char a[2 * NAME], b[2 * NAME];
        pthread_mutex_lock(&lock);
        forget(new);
        int i = find(old);
        place(a, sizeof a, "", old);
        place(b, sizeof b, "", new);
        parents(b);
        real_rename(a, b);
        journal_name(a, sizeof a, old);
        journal_name(b, sizeof b, new);
        real_rename(a, b);
        if (strlen(new) >= NAME) fatal("a name is too long");
        strcpy(files[i].name, new);
        pthread_mutex_unlock(&lock);
    }
    errno = error;
    return done;
}

/* a second name of what was synced; names count at once, as those of rename do */
int linkat(int at, const char *from, int to_at, const char *to, int flags) {
    int done = real_linkat(at, from, to_at, to, flags), error = errno;
    const char *old = below(from), *new = below(to);
    if (!done && old && new) {
        char a[2 * NAME], b[2 * NAME];
        pthread_mutex_lock(&lock);
        place(a, sizeof a, "", old);
        place(b, sizeof b, "", new);
        parents(b);
        real_linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
        pthread_mutex_unlock(&lock);
    }
    errno = error;
    return done;
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
