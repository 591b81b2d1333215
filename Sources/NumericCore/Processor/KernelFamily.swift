/// A set of OpenBLAS's kernels, named after the processor that it was written for.
package struct KernelFamily: Sendable, Equatable {
  let name: String
  /// What the kernels execute.
  let needs: ProcessorFeatures

  private init(_ name: String, _ needs: ProcessorFeatures = []) { (self.name, self.needs) = (name, needs) }

  /// Those for x86-64 that need more than every such processor has.
  private static let demanding = [
    KernelFamily("SapphireRapids", [.avx, .fma, .avx2, .avx512, .avx512BF16]),
    KernelFamily("Cooperlake", [.avx, .fma, .avx2, .avx512, .avx512BF16]),
    KernelFamily("SkylakeX", [.avx, .fma, .avx2, .avx512]),
    KernelFamily("Haswell", [.avx, .fma, .avx2]), KernelFamily("Zen", [.avx, .fma, .avx2]),
    KernelFamily("Excavator", [.avx, .fma, .fma4]), KernelFamily("Steamroller", [.avx, .fma, .fma4]),
    KernelFamily("Piledriver", [.avx, .fma, .fma4]), KernelFamily("Bulldozer", [.avx, .fma4]),
    KernelFamily("Sandybridge", [.avx]), KernelFamily("Opteron", [.threeDNow]),
    KernelFamily("Opteron_SSE3", [.threeDNow]),
  ]
  /// Those that every x86-64 processor runs.
  private static let plain = [
    "Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Barcelona", "Bobcat", "Nano", "Atom",
  ].map { KernelFamily($0) }

  /// The families that are chosen for a processor that OpenBLAS does not know, the fastest first.
  static let choices = ["Cooperlake", "SkylakeX", "Haswell"].compactMap { KernelFamily(named: $0) }

  /// Nil for a name that is not known here; OpenBLAS does not mind the case of letters.
  package init?(named name: String) {
    let known = Self.demanding + Self.plain
    guard let family = known.first(where: { $0.name.lowercased() == name.lowercased() }) else { return nil }
    self = family
  }

  /// How many products its kernels do in the time of one by those for SSE: medians of matrices of a training step.
  var speed: Double {
    if needs.contains(.avx512) { return 3.2 }
    if needs.contains(.avx2) { return 2.1 }
    return needs.contains(.avx) ? 1.6 : 1
  }
}
