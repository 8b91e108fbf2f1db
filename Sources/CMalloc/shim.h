// What Swift does not see of the C library's allocator: <malloc.h> is no part of its modules.
#ifndef QUIRE_CMALLOC_SHIM_H
#define QUIRE_CMALLOC_SHIM_H

#include <stddef.h>
#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

/// Bytes that are allocated and not freed, of all arenas and of mappings of their own; 0 where nobody counts.
static inline size_t quire_heap_in_use(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

/// Keeps freed memory in the process, so that a measurement does not pay for pages that the one before gave back.
static inline void quire_heap_keep(void) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}

#endif
