import Basics
internal import CProcessor

/// Extensions of the instruction set, each with the older ones of its generation.
public struct ProcessorFeatures: OptionSet, Sendable, Hashable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
  private init(_ bit: Int) { rawValue = Int32(bit) }

  package static let avx = Self(CPROCESSOR_AVX), fma = Self(CPROCESSOR_FMA), avx2 = Self(CPROCESSOR_AVX2)
  package static let bmi2 = Self(CPROCESSOR_BMI2), f16c = Self(CPROCESSOR_F16C)
  /// F, DQ, BW and VL.
  package static let avx512 = Self(CPROCESSOR_AVX512)
  package static let avx512BF16 = Self(CPROCESSOR_AVX512_BF16)
  /// AMD's, which its later processors have no more.
  package static let fma4 = Self(CPROCESSOR_FMA4), threeDNow = Self(CPROCESSOR_3DNOW)

  private static let names: [(Self, String)] = [
    (avx, "AVX"), (fma, "FMA"), (avx2, "AVX2"), (bmi2, "BMI2"), (f16c, "F16C"), (avx512, "AVX-512"),
    (Self(CPROCESSOR_AVX512_IFMA), "AVX-512 IFMA"), (Self(CPROCESSOR_AVX512_VBMI), "AVX-512 VBMI"),
    (Self(CPROCESSOR_AVX512_VBMI2), "AVX-512 VBMI2"), (Self(CPROCESSOR_AVX512_VNNI), "AVX-512 VNNI"),
    (avx512BF16, "AVX-512 BF16"), (Self(CPROCESSOR_AVX512_FP16), "AVX-512 FP16"), (fma4, "FMA4"),
    (threeDNow, "3DNow!"),
  ]

  /// Such as `AVX2 and AVX-512`.
  public var text: String {
    let names = Self.names.filter { contains($0.0) }.map(\.1)
    guard let last = names.last, names.count > 1 else { return names.first ?? "nothing beyond SSE2" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}

/// The processor that this process runs on.
public enum Processor {
  /// What it can execute; empty on other than x86-64.
  public static let features = ProcessorFeatures(rawValue: cprocessor_features())

  /// What the kernels of this program were compiled for.
  public static let compiledFeatures = ProcessorFeatures(rawValue: cprocessor_compiled_features())

  /// - Throws: where the program was compiled for a processor that has more than this one.
  static func checkProgram() throws(Failure) {
    let missing = compiledFeatures.subtracting(features)
    guard !missing.isEmpty else { return }
    throw Failure(
      "this program was compiled for a CPU with \(missing.text), which this CPU or its virtual machine does not have; "
        + "build it with DDP_TRAIN_CPU=x86-64-v3, or x86-64 for the oldest", exitCode: .launch)
  }
}

/// Numbers so small that they have fewer digits, below 1.2·10⁻³⁸ in single precision: the moments of Adam get there in
/// long runs, and each operation with one takes a hundred times as long.
public enum Subnormals {
  /// Has the calling thread, and those that it creates from now on, take them for zero, as operands and as results.
  public static func flush() { cprocessor_flush_subnormals() }

  /// Whether the calling thread does so.
  public static var areFlushed: Bool { cprocessor_flushes_subnormals() != 0 }
}
