package import Collectives
import Basics
import Foundation
import NumericCore

/// What of a rank's machine and program decides the bits that it computes. Ranks have to be equal in it: what several
/// kinds compute together is the result of no one kind.
package struct Machine: Equatable {
  /// The host's name, for messages.
  private let host: String
  private let values: [String]

  /// What `values` are, and what to do where they differ.
  private static let parts: [(name: String, remedy: @Sendable (_ found: [String]) -> String)] = [
    (
      "BLAS kernels",
      { found in
        let common = BLAS.slowest(of: found)
        return "give all ranks the same, with OPENBLAS_CORETYPE=\(common) (mpirun -x OPENBLAS_CORETYPE=\(common))"
      }
    ),
    ("BLAS library", { _ in "install one version on every host" }),
    ("program", { _ in "run one program on every host" }),
    ("kernels compiled for", { _ in "build once, with DDP_TRAIN_CPU=x86-64-v3, and run that program on every host" }),
    ("subnormal numbers", { _ in "run ranks on one kind of CPU" }),
  ]

  private static var own: Machine {
    Machine(
      host: hostName,
      values: [
        BLAS.coreName, BLAS.version, programVersion, Processor.compiledFeatures.text,
        Subnormals.areFlushed ? "zero" : "kept",
      ])
  }

  private init(host: String, values: [String]) { (self.host, self.values) = (host, values) }

  /// Prepares this process to compute.
  static func prepare() throws { try BLAS.prepare() }

  /// Prepares this process to compute, and joins the MPI job.
  ///
  /// - Throws: also where the ranks would compute differently.
  package static func joinJob() throws -> MPICommunicator {
    try prepare()
    let ranks = try MPILibrary.start()
    let machines = try ranks.allGather(Array(([own.host] + own.values).joined(separator: "\n").utf8)).map { bytes in
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
      return Machine(host: lines[0], values: Array(lines.dropFirst()))
    }
    if let difference = difference(among: machines) { throw Failure(difference, exitCode: .launch) }
    return ranks
  }

  /// What is wrong with ranks on these machines together; nil for nothing.
  static func difference(among machines: [Machine]) -> String? {
    for (index, part) in parts.enumerated() {
      var found: [String] = []
      for machine in machines where !found.contains(machine.values[index]) { found.append(machine.values[index]) }
      guard found.count > 1 else { continue }
      let kinds = found.map { value in
        "\(value) on " + places(of: machines.indices.filter { machines[$0].values[index] == value }, machines)
      }
      return "ranks differ in their \(part.name): \(kinds.joined(separator: ", ")); together they give results that no "
        + "equal ranks give; \(part.remedy(found))"
    }
    return nil
  }

  /// Such as `node1 (ranks 0, 1)`; four hosts at most.
  private static func places(of ranks: [Int], _ machines: [Machine]) -> String {
    var hosts: [String] = []
    for rank in ranks where !hosts.contains(machines[rank].host) { hosts.append(machines[rank].host) }
    let named = hosts.prefix(4).map { host in
      let here = ranks.filter { machines[$0].host == host }
      let numbers = here.prefix(4).map(String.init).joined(separator: ", ") + (here.count > 4 ? ", …" : "")
      return "\(host) (\(here.count == 1 ? "rank" : "ranks") \(numbers))"
    }
    return named.joined(separator: ", ") + (hosts.count > 4 ? " and \(hosts.count - 4) more" : "")
  }
}
