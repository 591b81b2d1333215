import Collectives
import Basics
import Foundation
import Training

// Runs one case on every rank of an MPI job: what the tests start under mpirun. A rank that finds something wrong says
// so in one line and ends the job; success is one line from rank 0 and exit code 0.

do {
  try run(Array(CommandLine.arguments.dropFirst()))
} catch {
  let text = (error as? any UserFacingError)?.description ?? "\(error)"
  FileHandle.standardError.write(Data("ddp-selftest: \(text)\n".utf8))
  MPILibrary.abort(((error as? any UserFacingError)?.exitCode ?? .usage).rawValue)
}

func run(_ arguments: [String]) throws {
  switch arguments.first {
  case "crash": CrashCase.run(arguments.last ?? "")
  case "mutants": return print(try MutantsCase.run(Array(arguments.dropFirst())))
  case "sampler": return print(try SamplerCase.run(Array(arguments.dropFirst())))
  default: break
  }
  let ranks = try Machine.joinJob()
  let summary: String
  switch arguments.first {
  case "collectives": summary = try CollectivesCase.run(ranks)
  case "exchange": summary = try ExchangeCase.run(ranks)
  case "rounding": summary = try RoundingCase.run(ranks)
  case "barrier": summary = try BarrierCase.run(ranks)
  case "fail": summary = try FailureCase.run(ranks, waitingIn: arguments.dropFirst().first ?? "")
  case "steps": summary = try StepsCase(Array(arguments.dropFirst())).run(ranks)
  case "library": summary = try LibraryCase(Array(arguments.dropFirst())).run(ranks)
  case "search": summary = try SearchCase(Array(arguments.dropFirst())).run(ranks)
  case "disturbance": summary = try DisturbanceCase(Array(arguments.dropFirst())).run(ranks)
  case "subnormals": summary = try SubnormalCase.run()
  case "audit": summary = try AuditCase(Array(arguments.dropFirst())).run(ranks)
  default:
    throw SelfTestFailure(
      "expected collectives, exchange, rounding, barrier, subnormals, crash KIND, mutants KIND …, fail exchange|mpi, "
        + "audit DATA RUN SHARDS BATCH, disturbance KIND STEP RANK …, library RUN …, search DATA …, sampler …, or "
        + "steps …"
    )
  }
  if ranks.isRoot { print(summary) }
  try MPILibrary.finish()
}
