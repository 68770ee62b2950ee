#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

EXPORT const char sources[65] = SOURCES; /* the hash of what the kernel is made from */

/* What this processor and its system can run: 4 or 3 (x86-64-v4, v3), 1 (ARM), 0 (neither). */
#if defined(__x86_64__)
#include <cpuid.h>
static int all(unsigned found, unsigned wanted) { return (found & wanted) == wanted; }
EXPORT int level(void) {
  unsigned a, b, c, d, b7, far, kept, high;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  /* FMA, CMPXCHG16B, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C */
  if (!all(c, 1u << 12 | 1u << 13 | 1u << 20 | 1u << 22 | 1u << 23 | 1u << 27 | 1u << 28 | 1u << 29)) return 0;
  __asm__ volatile("xgetbv" : "=a"(kept), "=d"(high) : "c"(0)); /* the registers that the system saves */
  if (!__get_cpuid_count(7, 0, &a, &b7, &c, &d) || !__get_cpuid(0x80000001, &a, &b, &far, &d)) return 0;
  /* BMI1, AVX2, BMI2; LZCNT; xmm and ymm */
  if (!all(b7, 1u << 3 | 1u << 5 | 1u << 8) || !all(far, 1u << 5) || !all(kept, 0x6)) return 0;
  /* AVX-512 F, DQ, CD, BW, VL; zmm and the masks */
  return all(b7, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31) && all(kept, 0xe6) ? 4 : 3;
}
#else
EXPORT int level(void) { return 1; }
#endif
