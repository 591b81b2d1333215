import Configuration
import NeuralNetwork
import Optimizers
import Foundation
import Settings
import Testing

@Suite struct CommandTests {
  func parse(_ line: String...) throws(SettingsError) -> Command {
    try Command.parse(line, fileExists: { $0 == "existing" })
  }

  func train(_ line: String...) throws(SettingsError) -> TrainArguments {
    guard case .train(let arguments) = try Command.parse(line, fileExists: { $0 == "existing" }) else {
      throw SettingsError("not train")
    }
    return arguments
  }

  @Test func noCommandMeansTrain() throws {
    #expect(try parse() == .train(TrainArguments()))
    #expect(try parse("train") == .train(TrainArguments()))
    #expect(try parse("run.json5") == .train(TrainArguments(configurationFile: "run.json5")))
    #expect(try parse("a/config.json") == .train(TrainArguments(configurationFile: "a/config.json")))
    #expect(try parse("existing") == .train(TrainArguments(configurationFile: "existing")))
    #expect(try train("--epochs", "3", "run.json5").configurationFile == "run.json5")
    #expect(try train("train", "anything").configurationFile == "anything")
    #expect(try train("--config", "c").configurationFile == "c")
    #expect(try parse("train", "--", "--odd").self == .train(TrainArguments(configurationFile: "--odd")))
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

  @Test func theOtherCommands() throws {
    guard case .evaluate(let evaluate) = try parse("evaluate", "c.h5", "--data=d.h5", "--split", "val", "--json") else {
      Issue.record("expected evaluate")
      return
    }
    #expect(evaluate.checkpoint == "c.h5" && evaluate.data == "d.h5" && evaluate.split == "val" && evaluate.json)
    guard case .evaluate(let plain) = try parse("evaluate", "c.h5") else {
      Issue.record("expected evaluate")
      return
    }
    #expect(plain.data == nil && plain.split == nil && !plain.json)
    guard case .predict(let predict) = try parse("predict", "c.h5", "--data", "d.h5", "--output", "o.h5") else {
      Issue.record("expected predict")
      return
    }
    #expect(predict.checkpoint == "c.h5" && predict.data == "d.h5" && predict.output == "o.h5" && predict.split == nil)
    #expect(try parse("verify", "c.h5") == .verify(checkpoint: "c.h5"))
    #expect(try parse("data", "convert", "--help", "-x") == .data(["convert", "--help", "-x"]))
    #expect(try parse("--version") == .version)
    #expect(try parse("version") == .version)
  }

  @Test(arguments: [
    (["--help"], HelpTopic.general), (["-h"], .general), (["help"], .general), (["help", "train"], .train),
    (["train", "--help"], .train), (["--epochs", "3", "--help"], .train), (["predict", "-h"], .predict),
    (["verify", "c.h5", "--help"], .verify), (["evaluate", "--help"], .evaluate), (["generate", "-h"], .generate),
  ])
  func helpIsFoundAnywhere(line: [String], topic: HelpTopic) throws {
    #expect(try Command.parse(line) == .help(topic))
  }

  @Test(arguments: [
    (["trian"], "unknown command 'trian' (did you mean 'train'?)"),
    (["generate", "--length", "5"], "generate: expected a checkpoint, such as runs/NAME/checkpoints/best.h5"),
    (["generate", "c", "--length", "-5"], "--length: expected at least 0, found -5"),
    (["generate", "c", "--temperature", "hot"], "--temperature: expected a number, found \"hot\""),
    (
      ["xyzzyxyzzy"],
      "unknown command 'xyzzyxyzzy' (known: train, lr-find, evaluate, predict, generate, data, verify, help, version)"
    ),
    (["--epoch", "3"], "train: unknown option '--epoch' (did you mean '--epochs'?)"),
    (["--epochs"], "--epochs: expected a value, as in --epochs N"),
    (["--epochs", "--quiet"], "--epochs: expected a value, as in --epochs N"),
    (["--epochs", "abc"], "--epochs: expected a whole number, found \"abc\""),
    (["--epochs", "0"], "--epochs: expected at least 1, found 0"),
    (["--epochs", "-1"], "--epochs: expected at least 1, found -1"),
    (["--batch-size=0"], "--batch-size: expected at least 1, found 0"),
    (["--learning-rate", "0"], "--learning-rate: expected more than 0, found 0"),
    (["--model", "mpl"], "--model: unknown name 'mpl' (did you mean 'mlp'?)"),
    (["--optimizer", "adan"], "--optimizer: unknown name 'adan' (did you mean 'adam'?)"),
    (["--exchange", "share"], "--exchange: unknown name 'share' (did you mean 'shared'?)"),
    (["--data="], "--data: expected text that is not empty, found \"\""),
    (["--quiet=yes"], "--quiet: takes no value, found 'yes'"),
    (["--set", "epochs"], "--set: expected path=value, as in --set optimizer.momentum=0.9, found 'epochs'"),
    (["a.json5", "b.json5"], "train: unexpected argument 'b.json5' (see ddp-train train --help)"),
    (["a.json5", "--config", "b"], "--config: expected one configuration file, found 'a.json5' and 'b'"),
    (["evaluate"], "evaluate: expected a checkpoint, such as runs/NAME/checkpoints/best.h5"),
    (["evaluate", "c", "--splt", "x"], "evaluate: unknown option '--splt' (did you mean '--split'?)"),
    (["predict", "c", "--output", "o"], "predict: expected --data FILE, the samples to predict"),
    (["predict", "c", "--data", "d"], "predict: expected --output OUT.h5, the file to write"),
    (["verify", "a", "b"], "verify: unexpected argument 'b' (see ddp-train verify --help)"),
    (["verify", "a", "--x"], "verify: unknown option '--x' (it takes none)"),
    (["lr-find", "--step", "30"], "lr-find: unknown option '--step' (did you mean '--steps'?)"),
    (["lr-find", "--steps", "9"], "--steps: expected at least 10, found 9"),
    (["lr-find", "--from", "2", "--to", "1"], "--to: expected more than --from, 2.0, found 1.0"),
    (["help", "trains"], "help: unknown command 'trains' (did you mean 'train'?)"),
  ])
  func mistakesNameTheOption(line: [String], expected: String) {
    #expect(
      message { () throws(SettingsError) in try Command.parse(line, fileExists: { _ in false }) } == expected)
  }

  @Test func aSettingOfAnUnknownKeyNamesTheNearest() throws {
    let arguments = try train("--set", "optimizer.learningrate=1")
    #expect(
      message { () throws(SettingsError) in try arguments.configuration() }
        == "unknown key 'optimizer.learningrate' (did you mean 'optimizer.learning_rate'?)")
  }

  @Test(arguments: [HelpTopic.general, .train, .rangeTest, .evaluate, .predict, .generate, .verify])
  func helpFitsTheScreen(topic: HelpTopic) {
    for line in topic.text.split(separator: "\n") {
      #expect(line.count <= 100, "\(line)")
      #expect(line.last != " ", "\(line)")
    }
  }

  @Test func helpNamesEveryKey() throws {
    let text = HelpTopic.train.text
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
      for key in keys(try configuration(description).json, "") {
        let last = key.split(separator: ".").last.map(String.init) ?? key
        #expect(text.contains(key) || text.contains(".\(last)"), "\(key)")
      }
    }
  }
}
