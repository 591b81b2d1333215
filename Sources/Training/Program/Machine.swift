package import Collectives
import Basics
import DataPipeline
import Foundation
import HDF5Storage
import NumericCore

/// A rank's machine and program: what of them decides the bits that it computes, in which ranks have to be equal since
/// what several kinds compute together is the result of no one kind; and what else should be.
package struct Machine: Equatable, Sendable {
  /// The host's name, for messages.
  package let host: String
  /// As in `parts`.
  private let values: [String]
  /// MPI and HDF5, whose versions decide no bits.
  package let libraries: [String]

  /// One of the things that ranks have to be equal in.
  package enum Part: Int, CaseIterable, Sendable {
    case kernels, library, features, program, subnormals

    package var name: String {
      switch self {
      case .kernels: "BLAS kernels"
      case .library: "BLAS library"
      case .features: "kernels compiled for"
      case .program: "program"
      case .subnormals: "subnormal numbers"
      }
    }

    /// - Parameter found: the kinds that there are.
    fileprivate func remedy(_ found: [String]) -> String {
      switch self {
      case .kernels:
        let common = BLAS.slowest(of: found)
        let option = Launch.option(setting: "OPENBLAS_CORETYPE", to: common)
        return "give all ranks the same, with OPENBLAS_CORETYPE=\(common) (mpirun \(option))"
      case .library: return "install one version on every host"
      case .features: return "build once, with DDP_TRAIN_CPU=x86-64-v3, and run that program on every host"
      case .program: return "run one program on every host, byte for byte"
      case .subnormals: return "run ranks on one kind of CPU"
      }
    }
  }

  private static var own: Machine {
    Machine(
      host: hostName,
      values: Part.allCases.map { part in
        switch part {
        case .kernels: BLAS.coreName
        case .library: BLAS.version
        case .features: Processor.compiledFeatures.text
        case .program: "\(programVersion) (\(programDigest))"
        case .subnormals: Subnormals.areFlushed ? "zero" : "kept"
        }
      }, libraries: [MPILibrary.version, HDF5Library.version])
  }

  package init(host: String, values: [String], libraries: [String]) {
    (self.host, self.values, self.libraries) = (host, values, libraries)
  }

  package subscript(part: Part) -> String { values[part.rawValue] }

  /// Prepares this process to compute.
  static func prepare() throws { try BLAS.prepare() }

  /// Prepares this process to compute, and joins the MPI job.
  ///
  /// - Throws: also where the ranks would compute differently, or other things.
  package static func joinJob() throws -> MPICommunicator {
    let (ranks, machines) = try join()
    if let difference = differences(among: machines).first { throw Failure(difference.text, exitCode: .launch) }
    return ranks
  }

  /// The same, but that the machines may differ.
  ///
  /// - Returns: the machine of each rank too.
  package static func join() throws -> (ranks: MPICommunicator, machines: [Machine]) {
    try prepare()
    let ranks = try MPILibrary.start()
    let own = own, words = [DistributedProgram.command, own.host] + own.values + own.libraries
    let found = try ranks.allGather(Array(words.joined(separator: "\n").utf8)).map { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
    let count = Part.allCases.count
    let machines = found.map { lines in
      Machine(host: lines[1], values: Array(lines[2..<2 + count]), libraries: Array(lines.dropFirst(2 + count)))
    }
    // Each would wait for what the others never say.
    if let difference = RankPlaces(hosts: machines.map(\.host)).difference(found.map { $0[0] }) {
      throw Failure(
        "ranks differ in their command: \(difference.text); start all ranks with the same arguments",
        exitCode: .launch)
    }
    return (ranks, machines)
  }

  /// What is wrong with ranks on these machines together.
  package static func differences(among machines: [Machine]) -> [(part: Part, text: String)] {
    let places = RankPlaces(hosts: machines.map(\.host))
    return Part.allCases.compactMap { part in
      places.difference(machines.map { $0[part] }).map { found in
        (
          part,
          "ranks differ in their \(part.name): \(found.text); together they give results that no equal ranks give; "
            + part.remedy(found.kinds)
        )
      }
    }
  }

  /// Tells this program's file from others: eight hexadecimal digits of a hash of all of it.
  private static let programDigest: String = {
    let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "unknown" }
    defer { close(file) }
    var hash = RowHash(key: 0), piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(file, &piece, piece.count)
      guard count > 0 else { break }
      piece.withUnsafeBytes { hash.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
    let digits = String(hash.value >> 32, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }()
}
