internal import CProcessor

/// The vectors that kernels of this module are compiled for. Constants: a choice by them costs nothing at run time.
///
/// A kernel's sums depend on the lanes of its vectors only where it sums across lanes; where it does, it sums in an
/// order of its own that does not.
enum VectorWidth {
  /// Whether there are 32 registers of sixteen floats (AVX-512), else sixteen of eight (AVX2), or fewer lanes that the
  /// compiler makes up for.
  @inline(__always)
  static var isWide: Bool { cprocessor_compiled_features() & Int32(CPROCESSOR_AVX512) != 0 }

  /// Whether a product and a sum of eight floats are one instruction.
  @inline(__always)
  static var hasMultiplyAdd: Bool {
    let needed = Int32(CPROCESSOR_AVX2 | CPROCESSOR_FMA)
    return cprocessor_compiled_features() & needed == needed
  }
}
