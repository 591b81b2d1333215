import NeuralNetwork
import Optimizers
import Training
import Foundation
import Settings
import Testing

@Suite struct TrainArgumentsTests {
  func train(_ line: String...) throws(SettingsError) -> TrainArguments { try TrainArguments(line) }

  /// The description of the error that `body` throws.
  func message<Result>(_ body: () throws(SettingsError) -> Result) -> String {
    do throws(SettingsError) {
      let result = try body()
      return "no error, but \(result)"
    } catch { return error.description }
  }

  @Test func everyOptionSetsItsKey() throws {
    let arguments = try train(
      "--data", "d.h5", "--model=linear", "--loss", "mse", "--epochs=3", "--batch-size", "64", "--learning-rate",
      "1e-2",
      "--optimizer", "sgd", "--seed", "7", "--shards", "8", "--run", "2024", "--resume", "auto", "--exchange", "mpi",
      "--threads", "2", "--quiet")
    let read = try arguments.configuration(over: [:])
    var expected = TrainingConfiguration()
    expected.data.path = "d.h5"
    expected.model = .named(.linear)
    expected.loss = LossChoice(MeanSquaredError())
    expected.epochs = 3
    expected.batchSize = 64
    expected.optimizer = OptimizerSettings(SGD(), learningRate: 0.01)
    expected.seed = 7
    expected.shards = 8
    expected.run = "2024"
    expected.resume = .auto
    expected.exchange = .mpi
    expected.threads = 2
    expected.quiet = true
    #expect(read == expected)
  }

  @Test func laterOnesWinAndTheFileComesFirst() throws {
    let file: JSONValue = ["epochs": 1, "batch_size": 2, "optimizer": "sgd"]
    let read = try train(
      "--epochs", "3", "--set", "epochs=4", "--set=seed=5", "--seed", "6", "--set", "optimizer.momentum=0.5"
    )
    .configuration(over: file)
    #expect(read.epochs == 4 && read.batchSize == 2 && read.seed == 6)
    #expect((read.optimizer.rule as? SGD)?.momentum == 0.5)
  }

  @Test func theFileIsRead() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString).json5").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("{ epochs: 5 }".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try train(path, "--seed", "1").configuration().epochs == 5)
    try Data("{ epochs 5 }".utf8).write(to: URL(fileURLWithPath: path))
    #expect(
      message { () throws(SettingsError) in try train(path).configuration() }
        == "\(path):1:10: expected ':' after key 'epochs', found '5'")
  }

  @Test func aSettingOfAnUnknownKeyNamesTheNearest() throws {
    let arguments = try train("--set", "optimizer.learningrate=1")
    #expect(
      message { () throws(SettingsError) in try arguments.configuration() }
        == "unknown key 'optimizer.learningrate' (did you mean 'optimizer.learning_rate'?)")
  }

  @Test func helpNamesEveryKey() throws {
    let text =
      TrainingConfiguration.helpSections.flatMap(HelpText.section).joined(separator: "\n")
      + TrainArguments.optionHelp.compactMap(\.key).joined(separator: "\n")
    let words = Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    func keys(_ value: JSONValue, _ path: String) -> [String] {
      guard let members = value.members, !members.isEmpty else { return [path] }
      return members.flatMap { keys($0.value, path.isEmpty ? $0.key : "\(path).\($0.key)") }
    }
    let names =
      OptimizerCatalog.all.names.map { "{ optimizer: '\($0)' }" }
      + ScheduleCatalog.all.names.map {
        "{ schedule: { name: '\($0)', \($0 == MultiStepDecay.name ? "milestones: [1]" : "") } }"
      }
    for description in ["{}", "{ early_stopping: {} }"] + names {
      for key in keys(try TrainingConfiguration(JSON5Parser.parse(description, file: "run.json5")).json, "") {
        let last = key.split(separator: ".").last.map(String.init) ?? key
        #expect(words.contains(key) || words.contains(last) || last == "name", "\(key)")
      }
    }
  }

  @Test func ofTwoConfigurationFilesTheLastCounts() throws {
    #expect(try train("--config", "a", "--config=b").configurationFile == "b")
    #expect(
      message { () throws(SettingsError) in try train("a.json5", "--config", "b") }
        == "--config: expected one configuration file, found 'a.json5' and 'b'")
  }

  @Test func helpTellsTheDefaultsAndAllModels() throws {
    let options = TrainArguments.optionHelp
    func option(_ name: String) throws -> OptionSpelling { try #require(options.first { $0.name == name }) }
    #expect(try option("--epochs").defaultText == "20" && option("--optimizer").defaultText == "adam")
    #expect(try option("--learning-rate").defaultText == "0.001" && option("--model").defaultText == "mlp")
    let text = HelpText.options(options).joined(separator: " ")
    for name in ModelDescription.knownNames { #expect(text.contains(name), "\(name)") }
    #expect(ModelDescription.knownNames.count == 13)
  }
}
