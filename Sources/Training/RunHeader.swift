import Basics
import Collectives
import Configuration
import DataPipeline
import Foundation
import NeuralNetwork
import NumericCore
import Settings

/// What a run says of itself before the first step: a name and what belongs to it, within 80 columns where paths allow.
enum RunHeader {
  static func lines(
    configuration: TrainingConfiguration, topology: Topology, data: TrainingData, trainer: Trainer,
    directory: RunDirectory, resumed: ResumePoint?
  ) -> [String] {
    let exchange = trainer.exchange
    let kind =
      exchange is AllReduceExchange
      ? "MPI all-reduce" : topology.nodeCount > 1 ? "shared memory and MPI" : "shared memory"
    let splits = [("train", data.train), ("val", data.validation), ("test", data.test)].compactMap { name, store in
      store.map { "\(name) \(grouped($0.dealing.sampleCount))" }
    }
    let source = data.train.source
    var rows: [(name: String, lines: [String])] = [
      ("ddp-train", ["\(programVersion), \(MPILibrary.version), \(BLAS.version)"]),
      (
        "ranks",
        [
          "\(plural(topology.world.size, "rank")) on \(plural(topology.nodeCount, "node")), \(kind), BLAS \(BLAS.coreName) with "
            + "\(plural(BLAS.threads, "thread"))"
        ]
      ),
      (
        "data",
        [
          data.source.path,
          splits.joined(separator: ", ") + ": \(source.featureShape) \(source.featureType.name), "
            + "\(outputText(data.outputSize, trainer.objective))scaling \(data.transform.kind.rawValue)",
        ]
      ),
      (
        "model",
        modelLines(configuration.model, trainer) + [
          "\(grouped(trainer.model.parameterLayout.elementCount)) parameters"
        ]
      ),
      (
        "training",
        [
          "\(trainer.objective.name), \(optimizerText(configuration, trainer)) "
            + "(\(configuration.schedule.name.rawValue)), seed \(configuration.seed)",
          "\(plural(configuration.epochs, "epoch")) of \(plural(trainer.plan.stepsPerEpoch, "step")), "
            + "\(plural(configuration.samplesPerStep, "sample")) a step over \(plural(exchange.assignment.shardCount, "shard"))",
        ]
      ),
      ("run", [directory.path]),
    ]
    if let resumed {
      rows.append(
        ("resumed", [resumed.path, "after epoch \(trainer.progress.epoch), step \(grouped(trainer.progress.step))"]))
    }
    return rows.flatMap { name, lines in
      lines.enumerated().map { ($0 == 0 ? name : "").padding(toLength: 11, withPad: " ", startingAt: 0) + $1 }
    }
  }

  /// What the model is to give, such as `10 classes, `; nothing for a GAN.
  private static func outputText(_ size: Int, _ objective: Objective) -> String {
    if objective.isAdversarial { return "" }
    if objective.isDetection { return classText(size - boxSize) + " and a box, " }
    return objective.isClassification ? classText(size) + ", " : plural(size, "output") + ", "
  }

  private static func classText(_ count: Int) -> String { "\(grouped(count)) \(count == 1 ? "class" : "classes")" }

  private static func modelLines(_ description: ModelDescription, _ trainer: Trainer) -> [String] {
    guard let networks = trainer.networks else {
      return wrapped(layerTexts(try? ModelCatalog.layers(of: description), trainer.model))
    }
    let layers = networks.layers
    return wrapped(
      ["generator: latent \(layers.latent)"] + layerTexts(layers.generator, networks.generator, "generator."))
      + wrapped(
        ["discriminator: \(networks.discriminator.inputShapes[0])"]
          + layerTexts(layers.discriminator, networks.discriminator, "discriminator."))
  }

  private static func optimizerText(_ configuration: TrainingConfiguration, _ trainer: Trainer) -> String {
    let (own, rate) = (configuration.optimizer, trainer.schedule.base)
    guard trainer.networks != nil else { return "\(own.name), learning rate \(trimmedNumber(rate))" }
    let other = configuration.generatorOptimizer ?? own
    return "generator \(other.name) \(trimmedNumber(rate * other.learningRate / own.learningRate)), "
      + "discriminator \(own.name) \(trimmedNumber(rate))"
  }

  /// The layers by the names that a configuration gives them, with the sizes that were found; repeated ones once.
  ///
  /// - Parameter prefix: what stands before the numbers of the layers in the model.
  private static func layerTexts(
    _ layers: [LayerDescription]?, _ model: Model<Float>, _ prefix: String = ""
  ) -> [String] {
    guard let layers else { return folded(model.summary.map(\.type)) }
    let texts = layers.enumerated().map { index, layer in
      if let name = layer.customName { return name }
      // A layer of the configuration is a node of its number, or several whose names begin with it.
      let nodes = model.summary.filter { $0.name == "\(prefix)\(index)" || $0.name.hasPrefix("\(prefix)\(index).") }
      let options: [JSONValue.Member] = if case .object(let members) = layer.options.content { members } else { [] }
      if let heads = options.first(where: { $0.key == "heads" }) { return "\(layer.name) \(heads.value.line) heads" }
      if nodes.contains(where: { $0.parameterCount > 0 }), let last = nodes.last {
        return "\(layer.name) \(last.outputShape)"
      }
      guard let value = options.first?.value else { return layer.name }
      if case .array = value.content { return layer.name }
      return "\(layer.name) \(value.line)"
    }
    return folded(texts)
  }

  /// The same words with repetitions in parentheses: `a, b, b, b, c, d, c, d` as `a, 3 × b, 2 × (c, d)`.
  static func folded(_ words: [String]) -> [String] {
    var result: [String] = []
    var start = 0
    while start < words.count {
      var (period, count) = (1, 1)
      for candidate in 1...max(1, (words.count - start) / 2) {
        let pattern = words[start..<min(start + candidate, words.count)]
        var repeats = 1
        while words[(start + repeats * candidate)...].starts(with: pattern) { repeats += 1 }
        if repeats > 1, repeats * candidate > period * count { (period, count) = (candidate, repeats) }
      }
      var pattern = Array(words[start..<start + period])
      if count > 1 {
        pattern[0] = "\(count) × \(period > 1 ? "(" : "")\(pattern[0])"
        if period > 1 { pattern[period - 1] += ")" }
      }
      result += pattern
      start += period * count
    }
    return result
  }

  /// The words, joined by arrows, on lines of at most 69 characters.
  private static func wrapped(_ words: [String]) -> [String] {
    var lines: [String] = []
    for (index, word) in words.enumerated() {
      let text = word + (index < words.count - 1 ? " →" : "")
      if let line = lines.last, line.count + 1 + text.count <= 69 {
        lines[lines.count - 1] += " " + text
      } else {
        lines.append(text)
      }
    }
    return lines
  }

  static func warnings(resumed: ResumePoint?) -> [String] {
    var warnings: [String] = []
    let environment = ProcessInfo.processInfo.environment
    if let core = environment["OPENBLAS_CORETYPE"], ["haswell", "zen", "sandybridge"].contains(core.lowercased()),
      (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("avx512f") == true
    {
      warnings.append(
        "OPENBLAS_CORETYPE=\(core) keeps OpenBLAS from its AVX-512 kernels on this CPU, which are up to twice as fast; unset it"
      )
    }
    guard let resumed else { return warnings }
    for error in resumed.refused { warnings.append("not resumed from a newer checkpoint: \(error)") }
    let attributes = resumed.checkpoint.attributes
    if let core = attributes["blas_core"]?.text, core != BLAS.coreName {
      warnings.append(
        "trained so far with BLAS core \(core), now \(BLAS.coreName): the bits will not be those of one run")
    }
    if let threads = attributes["blas_threads"]?.integer, threads != BLAS.threads {
      warnings.append(
        "trained so far with \(threads) BLAS threads, now \(BLAS.threads): the bits will not be those of one run")
    }
    return warnings
  }
}
