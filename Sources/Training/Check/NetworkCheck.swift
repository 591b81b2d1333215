import Basics
import Collectives
import Foundation
import NumericCore

/// What the network between hosts does, how their clocks stand, and what both are good for.
package struct NetworkCheck {
  /// The way from rank 0's host to another one.
  package struct Link: Codable, Sendable, Equatable {
    let host: String
    let figures: LinkFigures

    package init(host: String, figures: LinkFigures) { (self.host, self.figures) = (host, figures) }
  }

  /// Of rank 0's host.
  let host: String
  let links: [Link]

  package init(host: String, links: [Link]) { (self.host, self.links) = (host, links) }

  /// Measures the ways to the other hosts, one after the other: at most a second each and five in all. Collective.
  init(_ topology: Topology) throws {
    let world = topology.world
    let seconds = min(1, 5 / Double(max(1, topology.nodeCount - 1)))
    let hosts = try world.allGather(Array(hostName.utf8)).map { String(decoding: $0, as: UTF8.self) }
    var links: [Link] = []
    for node in 0..<topology.nodeCount where node > 0 {
      let other = topology.ranks(ofNode: node).lowerBound
      if world.rank == other { try world.answerMeasurement(by: 0) }
      if world.isRoot {
        links.append(Link(host: hosts[other], figures: try world.measureLink(to: other, seconds: seconds)))
      }
      try world.quietBarrier()
    }
    let text = String(decoding: try JSONEncoder().encode(links), as: UTF8.self)
    self.links = try JSONDecoder().decode([Link].self, from: Data(world.broadcast(text, from: 0).utf8))
    host = hosts[0]
  }

  /// What clocks may differ by before times in logs and of files mislead.
  private static let greatestLead = 1.0

  package var clockRow: CheckRow {
    guard let worst = links.map({ abs($0.figures.clockLead) }).max() else { return CheckRow("clocks", "one host") }
    let doubts = links.filter { abs($0.figures.clockLead) > Self.greatestLead }.map { link in
      let lead = link.figures.clockLead
      return CheckFinding.warning(
        "the clock of \(link.host) is \(shortTime(abs(lead))) \(lead > 0 ? "ahead of" : "behind") that of \(host): "
          + "times in logs and of files mislead; let chrony or ntpd set it")
    }
    return CheckRow("clocks", "within \(shortTime(worst)) of that of \(host)", doubts)
  }

  /// - Parameters:
  ///   - step: nil where the model is not known.
  ///   - rate: floating-point operations a second of a matrix product.
  package func row(_ step: StepSize?, ranksPerNode: Int, rate: Double) -> CheckRow {
    guard let slowest = links.min(by: { $0.figures.bandwidth < $1.figures.bandwidth }),
      let latency = links.map(\.figures.latency).max()
    else { return CheckRow("network", "one host, nothing to measure") }
    let found = "\(Self.text(latency: latency)) and \(Self.text(slowest.figures)) to \(slowest.host)"
    var doubts: [CheckFinding] = []
    let bandwidths = links.map(\.figures.bandwidth)
    if let slow = OddOneOut(bandwidths), links.count > 2 {
      doubts.append(
        .warning(
          "the network to \(links[slow.index].host) carries \(Self.text(links[slow.index].figures)), to the median "
            + "host \(shortNumber(slow.median * 8e-9)) Gbit/s, and all wait for it: look at its cable, port and load"))
    }
    guard let step, step.operations > 0 else { return CheckRow("network", found, doubts) }
    let model = Self.model(step, ranksPerNode: ranksPerNode, rate: rate, latency: latency, slowest.figures.bandwidth)
    let hosts = links.count + 1
    let share = model.efficiency(nodes: hosts, overlaps: true)
    if share < 0.5 {
      doubts.append(
        .warning(
          "steps on \(hosts) hosts are expected to take \(shortNumber(1 / share)) times as long as without a network "
            + "between them, which carries \(shortBytes(model.bytes)) in each; a larger batch_size, "
            + "exchange_precision=bfloat16, a faster network or fewer hosts would help"))
    }
    return CheckRow(
      "network",
      found + String(format: "; expected efficiency of %d hosts: %.0f %%", hosts, share * 100)
        + " (\(shortBytes(model.bytes)) a step of about \(shortTime(model.step)), by its operations)", doubts)
  }

  /// Half of the rate of a matrix product is what steps reach, and backward is two thirds of one.
  private static func model(
    _ step: StepSize, ranksPerNode: Int, rate: Double, latency: Double, _ bandwidth: Double
  ) -> ScalingModel {
    let seconds = step.operations / (rate / 2)
    return ScalingModel(
      step: seconds, backward: seconds * 2 / 3,
      bytes: step.bytes, ranksPerNode: ranksPerNode,
      latency: latency, bandwidth: bandwidth)
  }

  private static func text(latency: Double) -> String { String(format: "%.0f µs", latency * 1e6) }
  private static func text(_ figures: LinkFigures) -> String { "\(shortNumber(figures.bandwidth * 8e-9)) Gbit/s" }
}
