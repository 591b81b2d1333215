import Basics
import NeuralNetwork
import NumericCore
import Optimizers
import Settings

// Which parameters a configuration means by name: those that stay as they are, and those of groups.

extension TrainingConfiguration {
  /// The parameters that `freeze` names.
  ///
  /// - Throws: where a pattern matches none, or none would be left to learn in a run that trains.
  func frozenParameters(in layout: ParameterLayout) throws -> Set<String> {
    let names = layout.entries.map(\.name)
    let frozen = try freeze.select(from: names, key: "freeze", noun: "parameter")
    guard frozen.isEmpty || frozen.count < names.count || epochs == 0 else {
      throw Failure.usage(
        "freeze: leaves none of the \(names.count) parameters to learn; freeze fewer, or give --epochs "
          + "0 to keep them all"
      )
    }
    return frozen
  }
}

extension TrainableNetwork {
  /// Which optimizer updates which part of the parameters.
  func updateParts(_ configuration: TrainingConfiguration) -> [ParameterUpdate.Part] {
    optimizers(configuration).map { own in
      ParameterUpdate.Part(
        own.settings.rule, range: own.range,
        rateFactor: Float(own.settings.learningRate / configuration.optimizer.learningRate),
        decaysVectors: own.settings.decaysBiases)
    }
  }

  /// The groups of each optimizer, with the parameters that each has.
  ///
  /// - Throws: where a group has none, or two groups have the same.
  func parameterGroups(
    _ configuration: TrainingConfiguration
  ) throws -> [(settings: ParameterGroupSettings, optimizer: OptimizerSettings, entries: [Int])] {
    let layout = model.parameterLayout, optimizers = optimizers(configuration)
    var owners: [Int: String] = [:]
    return try optimizers.enumerated().filter { index, own in
      // One optimizer may update several parts.
      optimizers.firstIndex { $0.key == own.key } == index
    }.flatMap { _, own in
      let parts = optimizers.filter { $0.key == own.key }.map(\.range)
      let indices = layout.entries.indices.filter { index in
        parts.contains { $0.contains(layout.entries[index].range.lowerBound) }
      }
      return try own.settings.groups.enumerated().map { number, group in
        let key = "\(own.key).groups[\(number)]"
        let names = try group.match.select(
          from: indices.map { layout.entries[$0].name }, key: "\(key).match", noun: "parameter")
        let entries = indices.filter { names.contains(layout.entries[$0].name) }
        for entry in entries {
          if let other = owners.updateValue(key, forKey: entry) {
            throw Failure.usage(
              "\(key).match: '\(layout.entries[entry].name)' is in \(other) already; a parameter is in one group")
          }
        }
        return (group, own.settings, entries)
      }
    }
  }

  /// What is updated in another way than its optimizer's other parameters, or not at all.
  func updateExceptions(_ configuration: TrainingConfiguration) throws -> [ParameterUpdate.Exception] {
    try [.frozen(model.frozenEntries)]
      + parameterGroups(configuration).map { group, optimizer, entries in
        ParameterUpdate.Exception(
          Set(entries), rateFactor: Float(group.factor(of: optimizer.learningRate)), weightDecay: group.weightDecay)
      }
  }

  /// What is frozen, and the groups, in words for the header.
  func selectionLines(_ configuration: TrainingConfiguration) -> [(name: String, lines: [String])] {
    var rows: [(name: String, lines: [String])] = []
    let entries = model.parameterLayout.entries
    if !model.frozenEntries.isEmpty {
      let count = model.frozenEntries.reduce(0) { $0 + entries[$1].range.count }
      rows.append(
        (
          "frozen",
          [
            "\(grouped(count)) of \(grouped(model.parameterLayout.elementCount)) parameters: "
              + configuration.freeze.map(\.text).shownList()
          ]
        ))
    }
    let groups = ((try? parameterGroups(configuration)) ?? []).map { group, optimizer, entries in
      let frozenCount = entries.count { model.frozenEntries.contains($0) }
      let name = "\(group.match.map(\.text).shownList()): \(plural(entries.count, "array"))"
      guard frozenCount < entries.count else { return "\(name), frozen: nothing in it learns" }
      let rate = optimizer.learningRate * group.factor(of: optimizer.learningRate)
      return "\(name)\(frozenCount > 0 ? ", \(frozenCount) of them frozen" : ""), learning rate "
        + trimmedNumber(rate) + (group.weightDecay.map { ", weight decay \(trimmedNumber($0))" } ?? "")
    }
    if !groups.isEmpty { rows.append(("groups", groups)) }
    return rows
  }
}
