import Basics
import Collectives
import NumericCore

/// Whether all ranks run one program, one set of libraries and one kind of kernels.
enum ProgramCheck {
  static func program(_ machines: [Machine], _ places: RankPlaces) -> CheckRow {
    let differences = Machine.differences(among: machines).filter { [.program, .features].contains($0.part) }
    return CheckRow(
      "program", "ddp-train \(machines[0][.program])", differences.map { .fault($0.text, .launch) })
  }

  static func libraries(_ machines: [Machine], _ places: RankPlaces) -> CheckRow {
    let faults = Machine.differences(among: machines).filter { $0.part == .library }
    let doubts = machines[0].libraries.indices.compactMap { index in
      places.difference(machines.map { $0.libraries[index] }).map { found in
        CheckFinding.warning(
          "hosts differ in a library: \(found.text); install one version on every host")
      }
    }
    return CheckRow(
      "libraries", (machines[0].libraries + [machines[0][.library]]).joined(separator: ", "),
      faults.map { .fault($0.text, .launch) } + doubts)
  }

  /// Collective.
  static func kernels(_ machines: [Machine], _ places: RankPlaces, _ ranks: any Communicator) throws -> CheckRow {
    let answers = try RankAnswers(ranks) { BLAS.kernelChoice.warning ?? "" }.values.map { $0 ?? "" }
    let faults = Machine.differences(among: machines).filter { [.kernels, .subnormals].contains($0.part) }
    let doubts = Set(answers).filter { !$0.isEmpty }.sorted().map { text in
      let met = answers.indices.filter { answers[$0] == text }
      return CheckFinding.warning((met.count < answers.count ? "on \(places.text(met)): " : "") + text)
    }
    return CheckRow(
      "kernels",
      "BLAS \(machines[0][.kernels]), subnormal numbers "
        + (machines[0][.subnormals] == "zero" ? "count as zero" : "are kept"),
      faults.map { .fault($0.text, .launch) } + doubts)
  }
}
