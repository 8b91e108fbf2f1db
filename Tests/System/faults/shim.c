/* Stands between the server and the kernel (LD_PRELOAD), and lets its disk and its clock go wrong as a test says.
 *
 * The test and this library share a page of numbers, the file that QUIRE_FAULTS names: the test writes what is to go wrong,
 * the library counts what it saw and what it spoilt. Only files whose name holds QUIRE_FAULTS_MATCH are touched.
 *
 * With QUIRE_FAULTS_DISK, a folder, it also keeps what a disk would hold after a power cut: bytes reach that copy when
 * fdatasync succeeds, or before, by sectors, in any order, with the probability that the test says; what a failed fdatasync
 * should have written never does, as on Linux.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The page. `faults.py` has the same names in the same order. */
struct page {
    int64_t write_errno, write_parts, write_skip, write_growth_only, short_every, write_delay, sync_errno, sync_parts,
        sync_skip, sync_delay, cut_errno, open_errno, clock_offset, writeback, read_errno, read_parts;
    int64_t writes, writes_spoilt, writes_short, syncs, syncs_spoilt, cuts, cuts_spoilt, opens, opens_spoilt, clocks, reads_spoilt;
};

static struct page nothing, *page = &nothing;
static const char *match, *disk;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum { DATABASE = 1, LOG = 2, INDEX = 4, OTHER = 8, FILES = 1 << 16 };
static unsigned char part_of[FILES];

/* What was written and not synced, in the order of writing. */
struct span { int64_t offset, length; int cut; };
static struct { struct span *spans; size_t count, room; int copy; } pending[16];

static unsigned seed = 1;

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define COUNT(field) __atomic_add_fetch(&page->field, 1, __ATOMIC_RELAXED)

__attribute__((constructor)) static void begin(void) {
    match = getenv("QUIRE_FAULTS_MATCH");
    disk = getenv("QUIRE_FAULTS_DISK");
    const char *path = getenv("QUIRE_FAULTS");
    if (getenv("QUIRE_FAULTS_SEED")) seed = (unsigned)atoi(getenv("QUIRE_FAULTS_SEED"));
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) page = shared;
    close(file);
}

static int part(const char *path) {
    if (!match || !path || !strstr(path, match) || strstr(path, ".lock") || strstr(path, ".rescued")) return 0;
    size_t length = strlen(path);
    if (length > 4 && !strcmp(path + length - 4, "-wal")) return LOG;
    if (length > 4 && !strcmp(path + length - 4, "-shm")) return INDEX;
    if (length > 8 && !strcmp(path + length - 8, "-journal")) return OTHER;
    return DATABASE;
}

static int copy_of(int which) {
    if (!disk || (which != DATABASE && which != LOG)) return -1;
    if (!pending[which].copy) {
        char path[4096];
        /* Not by a name that we would take for the database. */
        snprintf(path, sizeof path, "%s/copy%s", disk, which == LOG ? "-wal" : "");
        pending[which].copy = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    return pending[which].copy;
}

static void remember(int which, int64_t offset, int64_t length, int cut) {
    if (copy_of(which) < 0) return;
    if (pending[which].count == pending[which].room) {
        pending[which].room = pending[which].room ? 2 * pending[which].room : 64;
        pending[which].spans = realloc(pending[which].spans, pending[which].room * sizeof(struct span));
    }
    pending[which].spans[pending[which].count++] = (struct span){offset, length, cut};
}

static void put(int to, const char *bytes, int64_t length, int64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    while (length > 0) {
        ssize_t done = real(to, bytes, (size_t)length, offset);
        if (done <= 0) return;
        bytes += done, offset += done, length -= done;
    }
}

/* fdatasync succeeded: the copy gets what is pending. */
static void settle(int file, int which) {
    int to = copy_of(which);
    if (to < 0) return;
    char bytes[65536];
    for (size_t i = 0; i < pending[which].count; i++) {
        struct span span = pending[which].spans[i];
        if (span.cut) { if (ftruncate(to, span.offset)) {} continue; }
        while (span.length > 0) {
            int64_t want = span.length < (int64_t)sizeof bytes ? span.length : (int64_t)sizeof bytes;
            ssize_t got = pread(file, bytes, (size_t)want, span.offset);
            if (got <= 0) break;
            put(to, bytes, got, span.offset);
            span.offset += got, span.length -= got;
        }
    }
    pending[which].count = 0;
}

static void wait_for(int64_t microseconds) { if (microseconds > 0) usleep((useconds_t)microseconds); }

static int is_due(int64_t code, int64_t parts, int64_t *skip, int which) {
    if (!code || !(parts & which)) return 0;
    return *skip <= 0 || __atomic_sub_fetch(skip, 1, __ATOMIC_RELAXED) < 0;
}

static int note(int file, const char *path) {
    if (file >= 0 && file < FILES) part_of[file] = (unsigned char)part(path);
    return file;
}

static int spoil_open(const char *path, int flags) {
    int which = part(path);
    if (!which) return 0;
    COUNT(opens);
    if (!page->open_errno || (flags & O_ACCMODE) == O_RDONLY) return 0;
    COUNT(opens_spoilt);
    errno = (int)page->open_errno;
    return 1;
}

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        REAL(name);                                                             \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                           \
        return spoil_open(path, flags) ? -1 : note(real(path, flags, mode), path); \
    }
OPEN(open)
OPEN(open64)

int close(int file) {
    REAL(close);
    if (file >= 0 && file < FILES) part_of[file] = 0;
    return real(file);
}

static int which(int file) { return file >= 0 && file < FILES ? part_of[file] : 0; }

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    int kind = which(file);
    if (!kind) return real(file, bytes, length, offset);
    int64_t number = COUNT(writes);
    wait_for(page->write_delay);
    struct stat status;
    int grows = !fstat(file, &status) && offset + (off64_t)length > status.st_size;
    if ((grows || !page->write_growth_only) && is_due(page->write_errno, page->write_parts, &page->write_skip, kind)) {
        COUNT(writes_spoilt);
        errno = (int)page->write_errno;
        return -1;
    }
    if (page->short_every && length > 1 && number % page->short_every == 0) {
        COUNT(writes_short);
        length = 1 + length / 3;
    }
    ssize_t done = real(file, bytes, length, offset);
    if (done > 0) {
        pthread_mutex_lock(&lock);
        remember(kind, offset, done, 0);
        int to = copy_of(kind);
        if (to >= 0 && page->writeback)
            for (ssize_t at = 0; at < done; at += 512)
                if (rand_r(&seed) % 1000 < page->writeback)
                    put(to, (const char *)bytes + at, done - at < 512 ? done - at : 512, offset + at);
        pthread_mutex_unlock(&lock);
    }
    return done;
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) { return pwrite64(file, bytes, length, offset); }

ssize_t pread64(int file, void *bytes, size_t length, off64_t offset) {
    static ssize_t (*real)(int, void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pread64");
    if (page->read_errno && (page->read_parts & which(file))) {
        COUNT(reads_spoilt);
        errno = (int)page->read_errno;
        return -1;
    }
    return real(file, bytes, length, offset);
}

static int sync_file(int file, int (*real)(int)) {
    int kind = which(file);
    if (!kind) return real(file);
    COUNT(syncs);
    wait_for(page->sync_delay);
    pthread_mutex_lock(&lock);
    int result = 0;
    if (is_due(page->sync_errno, page->sync_parts, &page->sync_skip, kind)) {
        COUNT(syncs_spoilt);
        /* The kernel takes the pages for clean from here on. */
        pending[kind].count = 0;
        errno = (int)page->sync_errno;
        result = -1;
    } else if (disk) {
        settle(file, kind);
    } else {
        result = real(file);
    }
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}
int fdatasync(int file) { REAL(fdatasync); return sync_file(file, real); }
int fsync(int file) { REAL(fsync); return sync_file(file, real); }

static int cut_file(int file, off64_t length) {
    static int (*real)(int, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "ftruncate64");
    int kind = which(file);
    if (!kind) return real(file, length);
    COUNT(cuts);
    if (page->cut_errno) {
        COUNT(cuts_spoilt);
        errno = (int)page->cut_errno;
        return -1;
    }
    int result = real(file, length);
    pthread_mutex_lock(&lock);
    if (!result) remember(kind, length, 0, 1);
    pthread_mutex_unlock(&lock);
    return result;
}
int ftruncate64(int file, off64_t length) { return cut_file(file, length); }
int ftruncate(int file, off_t length) { return cut_file(file, length); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME && page->clock_offset && !result) COUNT(clocks), time->tv_sec += page->clock_offset;
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    static int (*real)(struct timeval *, void *);
    if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
    int result = real(time, zone);
    if (page->clock_offset && !result) COUNT(clocks), time->tv_sec += page->clock_offset;
    return result;
}
