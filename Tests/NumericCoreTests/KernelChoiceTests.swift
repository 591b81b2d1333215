import NumericCore
import Testing

@Suite("The choice of OpenBLAS's kernels")
struct KernelChoiceTests {
  /// A library that takes `own` for its processor and has the `families`.
  final class FakeLibrary: KernelLibrary {
    private let own: String
    private let families: [String]
    private(set) var family: String
    let canChoose: Bool, isDynamic: Bool

    /// - Parameter given: the value of the variable with which the library was loaded.
    init(own: String, given: String? = nil, families: [String], canChoose: Bool = true, isDynamic: Bool = true) {
      (self.own, self.families, self.canChoose, self.isDynamic) = (own, families, canChoose, isDynamic)
      family = own
      if let given { choose(given) }
    }

    func choose(_ name: String?) {
      family = name.map { name in families.first { $0.lowercased() == name.lowercased() } ?? "Prescott" } ?? own
    }
  }

  static let all = ["Prescott", "Nehalem", "Sandybridge", "Bulldozer", "Haswell", "Zen", "SkylakeX", "Cooperlake"]
  static let haswell: ProcessorFeatures = [.avx, .fma, .avx2]
  static let skylake: ProcessorFeatures = [.avx, .fma, .avx2, .avx512]
  static let cooperLake: ProcessorFeatures = [.avx, .fma, .avx2, .avx512, .avx512BF16]

  private func make(
    _ features: ProcessorFeatures, own: String, forced: String? = nil, families: [String] = Self.all,
    canChoose: Bool = true, isDynamic: Bool = true
  ) -> (choice: KernelChoice, inUse: String) {
    var environment = KernelChoice.Environment()
    (environment.features, environment.forced, environment.unknown) = (features, forced, nil)
    let library = FakeLibrary(
      own: own, given: forced, families: families, canChoose: canChoose, isDynamic: isDynamic)
    let choice = KernelChoice.make(environment: environment, library: library)
    return (choice, library.family)
  }

  @Test(
    "A processor that the library does not know gets the best that it runs",
    arguments: [(cooperLake, "Cooperlake"), (skylake, "SkylakeX"), (haswell, "Haswell")])
  func unknown(_ features: ProcessorFeatures, _ expected: String) {
    let (choice, inUse) = make(features, own: "Prescott")
    #expect((choice.family, choice.replaced, choice.warning) == (expected, "Prescott", nil))
    #expect(choice.explanation == ["\(expected) chosen for this CPU, OpenBLAS would take Prescott"])
    #expect(inUse == expected)
  }

  @Test("An older library gives the best that it has")
  func older() {
    let (choice, inUse) = make(Self.cooperLake, own: "Prescott", families: ["Prescott", "Haswell"])
    #expect((choice.family, inUse) == ("Haswell", "Haswell"))
  }

  @Test(
    "A processor that the library knows, or that has no more, keeps the library's own choice",
    arguments: [
      (cooperLake, "Zen"), (cooperLake, "SkylakeX"), (skylake, "Haswell"), ([.avx], "Sandybridge"), ([], "Prescott"),
      ([], "Nehalem"), (haswell, "NeoverseN1"),
    ] as [(ProcessorFeatures, String)])
  func known(_ features: ProcessorFeatures, _ own: String) {
    let (choice, inUse) = make(features, own: own)
    #expect((choice.family, choice.replaced, choice.warning) == (own, nil, nil))
    #expect(choice.explanation.isEmpty && inUse == own)
  }

  @Test("A forced family is respected, and its cost named where there is one")
  func forced() {
    let (slow, inUse) = make(Self.cooperLake, own: "Prescott", forced: "haswell")
    #expect((slow.family, inUse, slow.replaced) == ("Haswell", "Haswell", nil))
    #expect(slow.warning?.contains("about 1.5 times as long as with Cooperlake") == true)
    // Without the variable OpenBLAS would take what it knows, which is no faster.
    #expect(make(Self.cooperLake, own: "Zen", forced: "Haswell").choice.warning == nil)
    #expect(make(Self.cooperLake, own: "Prescott", forced: "SkylakeX").choice.warning == nil)
    #expect(make(Self.cooperLake, own: "Zen", forced: "Cooperlake").choice.family == "Cooperlake")
    let (other, _) = make(Self.cooperLake, own: "Haswell", forced: "Hasswell")
    #expect(other.warning == "OPENBLAS_CORETYPE=Hasswell: this OpenBLAS has no such kernels, took Prescott")
    // Empty is as if it were not set.
    #expect(make(Self.skylake, own: "Prescott", forced: "").choice.family == "SkylakeX")
  }

  @Test("A forced family that the processor cannot run is an error")
  func impossible() {
    let (choice, _) = make(Self.haswell, own: "Haswell", forced: "SkylakeX")
    #expect(choice.error?.contains("SkylakeX: these kernels need AVX-512, which this CPU") == true)
    #expect(choice.error?.hasSuffix("unset the variable, which gives Haswell") == true)
    #expect(make(Self.haswell, own: "Haswell", forced: "Bulldozer").choice.error?.contains("need FMA4") == true)
  }

  @Test("Nothing false is said where the kernels cannot be chosen")
  func fixed() {
    let (single, _) = make(Self.skylake, own: "Prescott", canChoose: false, isDynamic: false)
    #expect((single.family, single.replaced, single.warning) == ("Prescott", nil, nil))
    let (hidden, _) = make(Self.skylake, own: "Prescott", canChoose: false)
    #expect(hidden.warning?.hasSuffix("set OPENBLAS_CORETYPE=SkylakeX") == true)
    #expect(make(Self.haswell, own: "Haswell", canChoose: false).choice.warning == nil)
  }

  @Test("The program runs where it was compiled for")
  func compiled() { #expect(Processor.compiledFeatures.isSubset(of: Processor.features)) }
}
