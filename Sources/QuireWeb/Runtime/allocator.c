// The heap of the WebAssembly module: two-level segregated fits (Masmano et al. 2004, DOI 10.1109/EMRTS.2004.1311009).
//
// Every operation takes constant time. Free neighbours are joined, so that documents which come and go leave no holes
// behind; memory grows at its end only, which belongs to the last block.
#include <stddef.h>
#include <stdint.h>

enum {
    PAGE = 65536,
    GRAIN = 8,
    // Lists of free blocks by size: a row for each highest bit, split in 8. The first row has all sizes below 64.
    SPLIT_BITS = 3,
    SPLITS = 1 << SPLIT_BITS,
    SMALL = GRAIN * SPLITS,
    SMALL_BITS = 6,
    ROWS = 32 - SMALL_BITS + 1,
};

// The head of a block; `size` counts the bytes after the head, a multiple of 8, and has two flags in its lowest bits.
typedef struct block {
    struct block *before;  // the neighbour in memory
    uint32_t size;
    struct block *next, *previous;  // other free blocks of such a size; in a used block the caller's first bytes
} block;

enum { HEAD = 8, MINIMUM = 8, FREE = 1, LAST = 2, FLAGS = 7 };

extern uint8_t __heap_base;

static block *lists[ROWS][SPLITS];
static uint32_t row_map;
static uint8_t split_maps[ROWS];
static block *last;

static uint32_t size_of(const block *b) { return b->size & ~(uint32_t)FLAGS; }
static block *after(block *b) { return (block *)((uint8_t *)b + HEAD + size_of(b)); }
static int highest_bit(uint32_t value) { return 31 - __builtin_clz(value); }

static void place(uint32_t size, int *row, int *split) {
    if (size < SMALL) {
        *row = 0;
        *split = (int)(size / GRAIN);
    } else {
        int bit = highest_bit(size);
        *row = bit - SMALL_BITS + 1;
        *split = (int)(size >> (bit - SPLIT_BITS)) & (SPLITS - 1);
    }
}

static void attach(block *b) {
    int row, split;
    place(size_of(b), &row, &split);
    b->size |= FREE;
    b->previous = NULL;
    b->next = lists[row][split];
    if (b->next) b->next->previous = b;
    lists[row][split] = b;
    row_map |= 1u << row;
    split_maps[row] |= (uint8_t)(1u << split);
}

static void detach(block *b) {
    int row, split;
    place(size_of(b), &row, &split);
    b->size &= ~(uint32_t)FREE;
    if (b->next) b->next->previous = b->previous;
    if (b->previous) {
        b->previous->next = b->next;
        return;
    }
    lists[row][split] = b->next;
    if (b->next) return;
    split_maps[row] &= (uint8_t)~(1u << split);
    if (!split_maps[row]) row_map &= ~(1u << row);
}

// A free block of at least `size`: one of the next list whose blocks are all large enough.
static block *find(uint32_t size) {
    int row, split;
    if (size >= SMALL) size += (1u << (highest_bit(size) - SPLIT_BITS)) - 1;
    place(size, &row, &split);
    uint32_t splits = split_maps[row] & (~0u << split);
    if (!splits) {
        uint32_t rows = row_map & (~0u << (row + 1));
        if (!rows) return NULL;
        row = __builtin_ctz(rows);
        splits = split_maps[row];
    }
    return lists[row][__builtin_ctz(splits)];
}

// Grows the memory by at least `needed` bytes, by an eighth of it where that can be had; the bytes that came, or 0.
static uint32_t more(uint64_t needed) {
    uint64_t pages = (needed + PAGE - 1) / PAGE, present = __builtin_wasm_memory_size(0), wanted = present / 8;
    // The last page stays out of reach, so that no sum of an address and a size overflows.
    if (present + pages >= 65535) return 0;
    if (wanted > pages && present + wanted < 65535 && __builtin_wasm_memory_grow(0, (uintptr_t)wanted) != (uintptr_t)-1)
        return (uint32_t)(wanted * PAGE);
    return __builtin_wasm_memory_grow(0, (uintptr_t)pages) == (uintptr_t)-1 ? 0 : (uint32_t)(pages * PAGE);
}

// A detached block of at least `size` at the end of the memory; NULL when there is no more.
static block *extend(uint32_t size) {
    if (!last) {
        // The first block: from the end of the static data on.
        uint32_t start = ((uint32_t)&__heap_base + GRAIN - 1) & ~(uint32_t)(GRAIN - 1);
        uint32_t end = (uint32_t)__builtin_wasm_memory_size(0) * PAGE;
        uint64_t needed = (uint64_t)start + HEAD + size;
        if (needed > end) {
            uint32_t added = more(needed - end);
            if (!added) return NULL;
            end += added;
        }
        last = (block *)start;
        last->before = NULL;
        last->size = (end - start - HEAD) | LAST;
        return last;
    }
    if (last->size & FREE) {
        uint32_t added = size > size_of(last) ? more(size - size_of(last)) : 0;
        if (!added && size > size_of(last)) return NULL;
        detach(last);
        last->size += added;
        return last;
    }
    uint32_t added = more((uint64_t)size + HEAD);
    if (!added) return NULL;
    block *fresh = after(last);
    last->size &= ~(uint32_t)LAST;
    fresh->before = last;
    fresh->size = (added - HEAD) | LAST;
    last = fresh;
    return fresh;
}

// Cuts a detached block in two; the second has what is beyond `size`.
static block *cut(block *b, uint32_t size) {
    uint32_t rest = size_of(b) - size - HEAD, flags = b->size & LAST;
    b->size = size;
    block *second = after(b);
    second->before = b;
    second->size = rest | flags;
    if (flags) last = second; else after(second)->before = second;
    return second;
}

void *malloc(size_t wanted) {
    if (wanted > 0xF0000000u) return NULL;
    uint32_t size = ((uint32_t)wanted + GRAIN - 1) & ~(uint32_t)(GRAIN - 1);
    if (size < MINIMUM) size = MINIMUM;
    block *b = find(size);
    if (b) detach(b); else b = extend(size);
    if (!b) return NULL;
    if (size_of(b) - size >= HEAD + MINIMUM) attach(cut(b, size));
    return (uint8_t *)b + HEAD;
}

void free(void *bytes) {
    if (!bytes) return;
    block *b = (block *)((uint8_t *)bytes - HEAD);
    if (!(b->size & LAST) && after(b)->size & FREE) {
        block *second = after(b);
        detach(second);
        b->size = (size_of(b) + HEAD + size_of(second)) | (second->size & LAST);
        if (b->size & LAST) last = b; else after(b)->before = b;
    }
    if (b->before && b->before->size & FREE) {
        block *first = b->before;
        detach(first);
        first->size = (size_of(first) + HEAD + size_of(b)) | (b->size & LAST);
        if (first->size & LAST) last = first; else after(first)->before = first;
        b = first;
    }
    attach(b);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment <= GRAIN) {
        *result = malloc(size);
        return *result ? 0 : 12;
    }
    // Rare: enough to cut off what lies before the first multiple of the alignment that leaves room for a block.
    if (size > 0xF0000000u - 2 * alignment) return 12;
    uint8_t *bytes = malloc(size + alignment + HEAD + MINIMUM);
    if (!bytes) return 12;
    if ((uintptr_t)bytes & (alignment - 1)) {
        uintptr_t target = ((uintptr_t)bytes + HEAD + MINIMUM + alignment - 1) & ~(uintptr_t)(alignment - 1);
        block *b = (block *)(bytes - HEAD);
        block *second = cut(b, (uint32_t)(target - (uintptr_t)bytes) - HEAD);
        free(bytes);
        bytes = (uint8_t *)second + HEAD;
    }
    *result = bytes;
    return 0;
}
