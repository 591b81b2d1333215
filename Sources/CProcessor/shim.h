#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

// Extensions of the instruction set, each with the older ones of its generation. Bits of a mask.
enum {
  CPROCESSOR_AVX = 1 << 0,
  CPROCESSOR_FMA = 1 << 1,
  CPROCESSOR_AVX2 = 1 << 2,
  // BMI1, BMI2 and LZCNT.
  CPROCESSOR_BMI2 = 1 << 3,
  CPROCESSOR_F16C = 1 << 4,
  // F, DQ, BW and VL.
  CPROCESSOR_AVX512 = 1 << 5,
  CPROCESSOR_AVX512_IFMA = 1 << 6,
  CPROCESSOR_AVX512_VBMI = 1 << 7,
  CPROCESSOR_AVX512_VBMI2 = 1 << 8,
  CPROCESSOR_AVX512_VNNI = 1 << 9,
  CPROCESSOR_AVX512_BF16 = 1 << 10,
  CPROCESSOR_AVX512_FP16 = 1 << 11,
  // AMD's, which its later processors have no more.
  CPROCESSOR_FMA4 = 1 << 12,
  CPROCESSOR_3DNOW = 1 << 13,
};

// What this processor can execute: what it says of itself, as far as the operating system keeps the registers.
static inline int32_t cprocessor_features(void) {
  int32_t features = 0;
#if defined(__x86_64__)
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
    if (d >> 31 & 1) features |= CPROCESSOR_3DNOW;
  }
  const int lzcnt = c >> 5 & 1, fma4 = c >> 16 & 1;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return features;
  if (!(c >> 27 & 1)) return features;  // XGETBV cannot be asked: no registers beyond SSE's are kept
  const uint32_t first = c;
  uint32_t kept, high;
  __asm__ volatile("xgetbv" : "=a"(kept), "=d"(high) : "c"(0));
  if ((kept & 0x06) != 0x06 || !(first >> 28 & 1)) return features;
  features |= CPROCESSOR_AVX;
  if (fma4) features |= CPROCESSOR_FMA4;
  if (first >> 12 & 1) features |= CPROCESSOR_FMA;
  if (first >> 29 & 1) features |= CPROCESSOR_F16C;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  if (b >> 5 & 1) features |= CPROCESSOR_AVX2;
  if ((b >> 3 & 1) && (b >> 8 & 1) && lzcnt) features |= CPROCESSOR_BMI2;
  const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  if ((kept & 0xE6) != 0xE6 || (b & avx512) != avx512) return features;
  features |= CPROCESSOR_AVX512;
  if (b >> 21 & 1) features |= CPROCESSOR_AVX512_IFMA;
  if (c >> 1 & 1) features |= CPROCESSOR_AVX512_VBMI;
  if (c >> 6 & 1) features |= CPROCESSOR_AVX512_VBMI2;
  if (c >> 11 & 1) features |= CPROCESSOR_AVX512_VNNI;
  if (d >> 23 & 1) features |= CPROCESSOR_AVX512_FP16;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1)) features |= CPROCESSOR_AVX512_BF16;
#endif
  return features;
}

// What the code that includes this was compiled for: a constant of each module.
static inline int32_t cprocessor_compiled_features(void) {
  int32_t features = 0;
#ifdef __AVX__
  features |= CPROCESSOR_AVX;
#endif
#ifdef __FMA__
  features |= CPROCESSOR_FMA;
#endif
#ifdef __AVX2__
  features |= CPROCESSOR_AVX2;
#endif
#ifdef __BMI2__
  features |= CPROCESSOR_BMI2;
#endif
#ifdef __F16C__
  features |= CPROCESSOR_F16C;
#endif
#ifdef __AVX512VL__
  features |= CPROCESSOR_AVX512;
#endif
#ifdef __AVX512IFMA__
  features |= CPROCESSOR_AVX512_IFMA;
#endif
#ifdef __AVX512VBMI__
  features |= CPROCESSOR_AVX512_VBMI;
#endif
#ifdef __AVX512VBMI2__
  features |= CPROCESSOR_AVX512_VBMI2;
#endif
#ifdef __AVX512VNNI__
  features |= CPROCESSOR_AVX512_VNNI;
#endif
#ifdef __AVX512BF16__
  features |= CPROCESSOR_AVX512_BF16;
#endif
#ifdef __AVX512FP16__
  features |= CPROCESSOR_AVX512_FP16;
#endif
#ifdef __FMA4__
  features |= CPROCESSOR_FMA4;
#endif
  return features;
}

// Has the calling thread, and those that it creates from now on, take subnormal numbers for zero, as operands and as
// results.
static inline void cprocessor_flush_subnormals(void) {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040);  // FTZ and DAZ
#elif defined(__aarch64__)
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("msr fpcr, %0" : : "r"(control | 1ull << 24));
#endif
}

// Whether the calling thread does so.
static inline int cprocessor_flushes_subnormals(void) {
#if defined(__x86_64__)
  return (_mm_getcsr() & 0x8040) == 0x8040;
#elif defined(__aarch64__)
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  return control >> 24 & 1;
#else
  return 0;
#endif
}

// Asks for the cache line at a pointer, which need not be valid; for code that knows what it will read before the
// processor can guess it.
static inline void cprocessor_prefetch(const void *_Nonnull pointer) { __builtin_prefetch(pointer, 0, 3); }

// Arithmetic of sixteen floats. The operators of Swift's vector types work element by element, and what the compiler
// makes of that in longer expressions is vectors of four.
typedef float cprocessor_floats __attribute__((ext_vector_type(16)));
typedef int32_t cprocessor_integers __attribute__((ext_vector_type(16)));
typedef uint32_t cprocessor_words __attribute__((ext_vector_type(16)));
#define CPROCESSOR_VECTOR static inline __attribute__((always_inline))

CPROCESSOR_VECTOR cprocessor_floats cprocessor_sum(cprocessor_floats a, cprocessor_floats b) { return a + b; }
CPROCESSOR_VECTOR cprocessor_floats cprocessor_difference(cprocessor_floats a, cprocessor_floats b) { return a - b; }
CPROCESSOR_VECTOR cprocessor_floats cprocessor_product(cprocessor_floats a, cprocessor_floats b) { return a * b; }
CPROCESSOR_VECTOR cprocessor_floats cprocessor_quotient(cprocessor_floats a, cprocessor_floats b) { return a / b; }
CPROCESSOR_VECTOR cprocessor_floats cprocessor_negative(cprocessor_floats a) { return -a; }

// a · b + c in one rounding.
CPROCESSOR_VECTOR cprocessor_floats cprocessor_fused_multiply_add(
    cprocessor_floats a, cprocessor_floats b, cprocessor_floats c) {
  return __builtin_elementwise_fma(a, b, c);
}

// `yes` where a < b, else `no`, also where one of the two is not a number.
CPROCESSOR_VECTOR cprocessor_floats cprocessor_where_less(
    cprocessor_floats a, cprocessor_floats b, cprocessor_floats yes, cprocessor_floats no) {
  return a < b ? yes : no;
}

// a above zero, else zero, and NaN where a is.
CPROCESSOR_VECTOR cprocessor_floats cprocessor_rectified(cprocessor_floats a) { return a <= 0 ? 0 : a; }

CPROCESSOR_VECTOR cprocessor_floats cprocessor_magnitude(cprocessor_floats a) {
  return (cprocessor_floats)((cprocessor_words)a & 0x7FFFFFFFu);
}

// Numbers none of which is negative, with the signs of others.
CPROCESSOR_VECTOR cprocessor_floats cprocessor_with_signs(cprocessor_floats a, cprocessor_floats signs) {
  return (cprocessor_floats)((cprocessor_words)a | ((cprocessor_words)signs & 0x80000000u));
}

// n, of the sums of it and 1.5 · 2²³.
CPROCESSOR_VECTOR cprocessor_integers cprocessor_low_bits(cprocessor_floats sums) {
  return (cprocessor_integers)sums - 0x4B400000;
}

// a · 2ⁿ for n from -126 to 127.
CPROCESSOR_VECTOR cprocessor_floats cprocessor_scaled(cprocessor_floats a, cprocessor_integers n) {
  return a * (cprocessor_floats)((n + 127) << 23);
}

// Numbers in bfloat16: floats without their last sixteen bits. Two of them stand in the 32 bits of a float, the first
// in the lower half.
typedef float cprocessor_pairs __attribute__((ext_vector_type(8)));
typedef uint16_t cprocessor_halves __attribute__((ext_vector_type(16)));

// Floats in bfloat16, rounded to the nearest and ties to even; subnormal ones are zero, NaNs stay NaNs. VCVTNEPS2BF16
// has the same bits.
CPROCESSOR_VECTOR cprocessor_halves cprocessor_rounded(cprocessor_floats values) {
#ifdef __AVX512BF16__
  return (cprocessor_halves)_mm512_cvtneps_pbh((__m512)values);
#else
  const cprocessor_words bits = (cprocessor_words)values, magnitude = bits & 0x7FFFFFFFu;
  cprocessor_words halves = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
  halves = magnitude > 0x7F800000u ? bits >> 16 | 0x40u : halves;
  halves = magnitude < 0x00800000u ? bits >> 16 & 0x8000u : halves;
  return __builtin_convertvector(halves, cprocessor_halves);
#endif
}

// The pairs of sixteen neighbours.
CPROCESSOR_VECTOR cprocessor_pairs cprocessor_neighbour_pairs(cprocessor_floats values) {
  return (cprocessor_pairs)cprocessor_rounded(values);
}

// Each of the first eight with its like of the last eight.
CPROCESSOR_VECTOR cprocessor_pairs cprocessor_half_pairs(cprocessor_floats values) {
  const cprocessor_halves halves = cprocessor_rounded(values);
  return (cprocessor_pairs)__builtin_shufflevector(
      halves, halves, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
}

// Each of `first` with its like of `second`.
CPROCESSOR_VECTOR cprocessor_floats cprocessor_row_pairs(
    cprocessor_floats first, cprocessor_floats second) {
  return (cprocessor_floats)(__builtin_convertvector(cprocessor_rounded(first), cprocessor_words) |
                             __builtin_convertvector(cprocessor_rounded(second), cprocessor_words) << 16);
}

// sums + a · b over the two numbers of each pair: the second product is added before the first, each in one rounding.
// VDPBF16PS has the same bits where subnormal numbers are flushed, as it always does.
CPROCESSOR_VECTOR cprocessor_floats cprocessor_add_pair_products(
    cprocessor_floats sums, cprocessor_floats a, cprocessor_floats b) {
#ifdef __AVX512BF16__
  return (cprocessor_floats)_mm512_dpbf16_ps((__m512)sums, (__m512bh)a, (__m512bh)b);
#else
  const cprocessor_words x = (cprocessor_words)a, y = (cprocessor_words)b;
  const cprocessor_floats second = cprocessor_fused_multiply_add(
      (cprocessor_floats)(x & 0xFFFF0000u), (cprocessor_floats)(y & 0xFFFF0000u), sums);
  return cprocessor_fused_multiply_add((cprocessor_floats)(x << 16), (cprocessor_floats)(y << 16), second);
#endif
}
