import Basics
import Foundation

/// Which of OpenBLAS's kernel families this process runs, and why.
///
/// OpenBLAS goes by the model number of the processor, and takes one that is younger than itself for a Prescott, whose
/// kernels are a quarter as fast as they might be. In its place the processor is asked what it can execute. A processor
/// that OpenBLAS knows keeps what OpenBLAS takes for it, and `OPENBLAS_CORETYPE` overrides both.
public struct KernelChoice: Sendable, Equatable {
  /// In use.
  public let family: String
  /// What OpenBLAS would take for this processor, where another family was chosen in its place.
  public let replaced: String?
  /// What to tell the user of the choice; nil for nothing.
  public let warning: String?
  /// Why the family cannot be used.
  package let error: String?

  private init(_ family: String, replacing replaced: String? = nil, warning: String? = nil, error: String? = nil) {
    (self.family, self.replaced, self.warning, self.error) = (family, replaced, warning, error)
  }

  /// A line for the user where the family is not OpenBLAS's own choice, else none.
  public var explanation: [String] {
    replaced.map { ["\(family) chosen for this CPU, OpenBLAS would take \($0)"] } ?? []
  }

  func check() throws(Failure) {
    if let error { throw .usage(error) }
  }

  /// What the choice depends on.
  package struct Environment {
    package var features = Processor.features
    /// The value of `OPENBLAS_CORETYPE`; nil where it is not set.
    package var forced = variable("OPENBLAS_CORETYPE")
    /// For tests: the processor as one that OpenBLAS does not know and that executes no more than the family which
    /// `DDP_TRAIN_UNKNOWN_CPU` names.
    package var unknown = variable("DDP_TRAIN_UNKNOWN_CPU").flatMap { KernelFamily(named: $0) }

    package init() {}

    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
  }

  /// Makes the choice and has the library follow it.
  package static func make(environment: Environment, library: some KernelLibrary) -> KernelChoice {
    var features = environment.features
    if let unknown = environment.unknown { features.formIntersection(unknown.needs) }
    guard library.canChoose else { return withoutChoice(features, environment, library) }
    guard let forced = environment.forced, !forced.isEmpty else { return byProcessor(features, environment, library) }

    // What the variable is worth is what would be there without it.
    let free = byProcessor(features, environment, library).family
    if let family = KernelFamily(named: forced), !family.needs.isSubset(of: features) {
      return KernelChoice(
        free,
        error: "OPENBLAS_CORETYPE=\(forced): these kernels need \(family.needs.subtracting(features).text), which this "
          + "CPU or its virtual machine does not have; unset the variable, which gives \(free)")
    }
    library.choose(forced)
    let taken = library.family
    if taken.lowercased() != forced.lowercased() {
      return KernelChoice(
        taken, warning: "OPENBLAS_CORETYPE=\(forced): this OpenBLAS has no such kernels, took \(taken)")
    }
    guard let cost = cost(of: taken, against: free) else { return KernelChoice(taken) }
    return KernelChoice(
      taken,
      warning: "OPENBLAS_CORETYPE=\(forced): matrix products take about \(cost) times as long as with \(free), which "
        + "this CPU gets where the variable is not set")
  }

  private static func byProcessor(
    _ features: ProcessorFeatures, _ environment: Environment, _ library: some KernelLibrary
  ) -> KernelChoice {
    // As a processor that OpenBLAS does not know would be treated.
    if environment.unknown != nil {
      library.choose("Prescott")
    } else if environment.forced != nil {
      library.choose(nil)
    }
    let own = library.family
    guard isForSSE(own), features.isSuperset(of: [.avx2, .fma]) else { return KernelChoice(own) }
    for family in KernelFamily.choices where family.needs.isSubset(of: features) {
      library.choose(family.name)
      if library.family == family.name { return KernelChoice(family.name, replacing: own) }
    }
    library.choose(nil)
    return KernelChoice(own)
  }

  /// For an OpenBLAS whose kernels cannot be changed from here: perhaps they can from outside.
  private static func withoutChoice(
    _ features: ProcessorFeatures, _ environment: Environment, _ library: some KernelLibrary
  ) -> KernelChoice {
    let own = library.family
    let best = KernelFamily.choices.first { $0.needs.isSubset(of: features) }
    guard library.isDynamic, isForSSE(own), let best, let cost = cost(of: own, against: best.name) else {
      return KernelChoice(own)
    }
    return KernelChoice(
      own,
      warning: "OpenBLAS takes this CPU for a \(own), which makes matrix products take about \(cost) times as long; "
        + "set OPENBLAS_CORETYPE=\(best.name)")
  }

  private static func isForSSE(_ name: String) -> Bool { KernelFamily(named: name)?.needs.isEmpty ?? false }

  /// How many times as long products take; nil where they do not, or where it is not known.
  private static func cost(of name: String, against other: String) -> String? {
    guard let family = KernelFamily(named: name), let other = KernelFamily(named: other), other.speed > family.speed
    else { return nil }
    return String(format: "%.1f", other.speed / family.speed)
  }
}

/// A BLAS library with several families of kernels.
package protocol KernelLibrary {
  /// In use.
  var family: String { get }
  /// Whether `choose` works.
  var canChoose: Bool { get }
  /// Whether the library chooses by the processor when it is loaded.
  var isDynamic: Bool { get }
  /// Takes a family, or for nil its own choice.
  func choose(_ family: String?)
}
