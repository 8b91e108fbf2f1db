// What compiled Swift calls of a C library, and nothing more: the module imports nothing.
#include <stddef.h>
#include <stdint.h>

// Most copies of the engine are of a few words: a loop is done before the engine of the browser has called its copy.
enum { SHORT = 64 };

void *memmove(void *target, const void *source, size_t count) {
    uint8_t *to = target;
    const uint8_t *from = source;
    if (count > SHORT) return __builtin_memmove(target, source, count);
    if (to <= from || to >= from + count) {
        size_t index = 0;
        for (; index + 8 <= count; index += 8) {
            uint64_t word;
            __builtin_memcpy(&word, from + index, 8);
            __builtin_memcpy(to + index, &word, 8);
        }
        for (; index < count; index++) to[index] = from[index];
    } else {
        size_t index = count;
        for (; index >= 8; index -= 8) {
            uint64_t word;
            __builtin_memcpy(&word, from + index - 8, 8);
            __builtin_memcpy(to + index - 8, &word, 8);
        }
        while (index > 0) { index--; to[index] = from[index]; }
    }
    return target;
}

void *memcpy(void *restrict target, const void *restrict source, size_t count) {
    return memmove(target, source, count);
}

void *memset(void *target, int value, size_t count) {
    return __builtin_memset(target, value, count);
}

int memcmp(const void *left, const void *right, size_t count) {
    const uint8_t *a = left, *b = right;
    for (size_t index = 0; index < count; index++)
        if (a[index] != b[index]) return a[index] < b[index] ? -1 : 1;
    return 0;
}

// Randomness for the seeds of hash tables: what the host passed in, drawn out (xorshift, Marsaglia 2003).
static uint64_t random_state = 0x9E3779B97F4A7C15;

__attribute__((export_name("seed"))) void quire_seed(uint32_t low, uint32_t high) {
    uint64_t seed = (uint64_t)high << 32 | low;
    if (seed) random_state = seed;
}

void arc4random_buf(void *target, size_t count) {
    uint8_t *bytes = target;
    for (size_t index = 0; index < count; index++) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        bytes[index] = (uint8_t)((random_state * 0x2545F4914F6CDD1D) >> 56);
    }
}

// Messages of a trap have nowhere to go.
int putchar(int character) { return character; }
