import Basics
import Collectives
import DataPipeline
import NumericCore

/// The command `check`: looks at ranks, data and machines before a run, as the run would have them, and changes
/// nothing.
///
/// A rank that meets an error hands it over as a value (`RankAnswers`), so that no other waits for it. What stands on
/// something that is wrong is not looked at.
package enum RunCheck {
  /// Collective over all ranks of the job.
  ///
  /// - Parameters:
  ///   - machines: of the ranks, in their order.
  ///   - measuresSpeed: whether each rank's speed is measured too, which takes some seconds.
  package static func run(
    _ arguments: TrainArguments, machines: [Machine], ranks: MPICommunicator, measuresSpeed: Bool
  ) throws -> CheckReport {
    let places = RankPlaces(hosts: machines.map(\.host)), topology = try Topology(ranks)
    var report = CheckReport()
    report.add(ProgramCheck.program(machines, places))
    report.add(ProgramCheck.libraries(machines, places))
    report.add(try ProgramCheck.kernels(machines, places, ranks))

    let settings = try ConfigurationCheck(arguments, topology: topology, ranks: ranks, places)
    report.add(try CoreCheck.row(threads: settings.start?.configuration.threads ?? 1, places, ranks))
    report.add(settings.row)

    var model: ModelCheck?
    var data: DataCheck?
    let start = settings.start
    if let start {
      let found = try DataCheck(
        start.configuration, start.resumed, initial: settings.initial, world: topology.world, ranks: ranks, places)
      report.add(found.row)
      data = found
      if let opened = found.opened {
        model = try ModelCheck(
          start.configuration, opened, resumed: start.resumed, topology: topology, ranks: ranks, places)
      }
    } else {
      report.add(.skipped("data", "the configuration is not known"))
    }
    for row in model?.rows ?? [.skipped("model", "data and configuration are not known")] { report.add(row) }
    if let start {
      let room = model?.layout.map { CheckpointRoom($0) }
      let rows = try DirectoryCheck.rows(
        start.configuration, directory: start.hold?.directory.path, room: room, topology: topology, ranks: ranks, places
      )
      for row in rows { report.add(row) }
    } else {
      report.add(.skipped("file system", "the run directory is not known"))
    }

    let network = try NetworkCheck(topology)
    report.add(network.clockRow)
    let rate = topology.nodeCount > 1 ? RankSpeed.productRate(seconds: 0.05) : 1
    report.add(network.row(model?.step, ranksPerNode: topology.nodeSizes.max() ?? 1, rate: rate))
    if measuresSpeed {
      report.speeds = try RankSpeed.measure(
        data?.opened, layout: model?.layout, topology: topology, ranks: ranks)
      report.add(CheckRow("speed", "see below", RankSpeed.doubts(report.speeds)))
    }
    try topology.close()
    return report
  }
}
