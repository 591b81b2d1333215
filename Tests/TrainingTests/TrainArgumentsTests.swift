import DataPipeline
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

  /// No setting of the file is lost without a word where the command line chooses another name.
  @Test(arguments: [
    ("{ optimizer: { name: 'adam', beta1: 0.8 } }", ["--optimizer", "sgd"], "optimizer.beta1"),
    ("{ optimizer: { name: 'adam', beta1: 0.8 } }", ["--set", "optimizer=sgd"], "optimizer.beta1"),
    ("{ loss: { name: 'huber', delta: 0.5 } }", ["--loss", "mse"], "loss.delta"),
    ("{ schedule: { name: 'step', gamma: 0.5 } }", ["--set", "schedule=cosine"], "schedule.gamma"),
    ("{ model: { layers: ['relu'] } }", ["--model", "mlp"], "model.layers"),
    ("{ layers: ['relu'] }", ["--model", "mlp"], "layers"),
  ])
  func whatAnotherNameLacksIsNamed(file: String, options: [String], lost: String) throws {
    let value = try JSON5Parser.parse(file, file: "run.json5")
    let arguments = try TrainArguments(options)
    let text = message { () throws(SettingsError) in try arguments.configuration(over: value) }
    #expect(
      text.contains("\(lost)") && text.hasSuffix("; --set \(lost)=null leaves out what the file gives"), "\(text)")
    #expect(throws: Never.self) {
      try TrainArguments(options + ["--set", "\(lost)=null"]).configuration(over: value)
    }
  }

  @Test func whatAnotherNameHasIsKept() throws {
    let value = try JSON5Parser.parse(
      "{ optimizer: { name: 'sgd', learning_rate: 0.5, momentum: 0.8 }, loss: { name: 'huber', delta: 0.5 }, "
        + "data: { path: 'a.h5', validation: 0.2 } }", file: "run.json5")
    let read = try TrainArguments(["--set", "optimizer=lars", "--set", "data=b.h5", "--loss", "huber"]).configuration(
      over: value)
    #expect(read.optimizer.name == "lars" && read.optimizer.learningRate == 0.5)
    #expect((read.optimizer.rule as? LARS)?.momentum == 0.8 && (read.loss.value as? HuberLoss)?.delta == 0.5)
    #expect(read.data.path == "b.h5" && read.data.validation == 0.2)
  }

  /// What the shell has left of a list or an object is no text.
  @Test(arguments: [
    (
      "model.layers=[{ dense: 8 }, relu]",
      "model.layers: expected a value, found 'relu'; text needs quotes: \"relu\", column 16 of [{ dense: 8 }, relu]; "
    ),
    ("metrics=[rmse]", "metrics: expected a value, found 'rmse'; text needs quotes: \"rmse\", column 2 of [rmse]; "),
    ("optimizer={ name: 'sgd', name: 'adam' }", "optimizer: key 'name' is given twice, first on line 1, column 16 of "),
    ("loss.class_weights=[1, 2", "loss.class_weights: the file ends before"),
    ("data.augment=[flip]", "data.augment: expected a value, found 'flip'"),
  ])
  func brokenJSONOnTheCommandLineSaysWhere(assignment: String, beginning: String) throws {
    let arguments = try TrainArguments(["--set", "loss.name=cross_entropy", "--set", assignment])
    let text = message { () throws(SettingsError) in try arguments.configuration() }
    #expect(text.hasPrefix(beginning) && text.hasSuffix("put all of it in single quotes"), "\(text)")
    #expect(try TrainArguments(["--set", "data.path=[0-9].h5"]).configuration().data.path == "[0-9].h5")
  }

  /// Every number at the limits of its type is read or refused, never a trap.
  @Test func extremeNumbers() {
    let numbers = [
      "0", "-1", "2147483647", "2147483648", "4294967296", "9223372036854775807", "18446744073709551616", "1e308",
      "-1e308", "NaN", "'x'", "1e-320", "[9223372036854775807]",
    ]
    func keys(_ value: JSONValue, _ path: String) -> [String] {
      (value.members ?? []).flatMap { member -> [String] in
        let own = path.isEmpty ? member.key : "\(path).\(member.key)"
        return [own] + keys(member.value, own)
      }
    }
    let catalogs = [
      ("optimizer", OptimizerCatalog.all.help), ("schedule", ScheduleCatalog.all.help), ("loss", LossCatalog.all.help),
    ]
    var paths = keys(TrainingConfiguration().json, "").map { ([String](), $0) }
    for (key, entries) in catalogs {
      for entry in entries {
        paths += entry.settings.map { (["--set", "\(key).name=\(entry.name)"], "\(key).\($0.key)") }
      }
    }
    for entry in LayerCatalog.all.help {
      paths += entry.settings.map { ([], "model.layers=[{ \(entry.name): { \($0.key): NUMBER } }]") }
    }
    for entry in AugmentationCatalog.all.help {
      paths += entry.settings.map { ([], "data.augment=[{ \(entry.name): { \($0.key): NUMBER } }]") }
    }
    for (options, path) in paths {
      for number in numbers {
        let assignment =
          path.contains("NUMBER") ? path.replacingOccurrences(of: "NUMBER", with: number) : "\(path)=\(number)"
        _ = try? TrainArguments(options + ["--set", assignment]).configuration()
      }
    }
    #expect(paths.count > 150)
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
