import Basics
import Settings
import Testing
import Training
import ddp_train

/// How command lines become commands, without running them.
@Suite struct ParsingTests {
  func parse<Parsed: Command>(_ line: String..., as type: Parsed.Type = Parsed.self) throws -> Parsed {
    guard case .run(let command) = try request(line), let parsed = command as? Parsed else {
      throw SettingsError("\(line) is no \(type)")
    }
    return parsed
  }

  func request(_ line: [String]) throws -> ddp_train.Commands.Request {
    try ddp_train.Commands.parse(line, fileExists: { $0 == "existing" })
  }

  func text(_ line: String...) throws -> String {
    guard case .print(let text) = try request(line) else { throw SettingsError("\(line) prints nothing") }
    return text
  }

  /// The error that a command line meets.
  func message(_ line: [String]) -> String {
    do {
      _ = try ddp_train.Commands.parse(line, fileExists: { _ in false })
      return "no error"
    } catch {
      return (error as? any UserFacingError)?.exitCode == .usage ? "\(error)" : "not of usage: \(error)"
    }
  }

  @Test func noCommandMeansTrain() throws {
    func arguments(_ line: String...) throws -> TrainArguments {
      guard case .run(let command as Train) = try request(line) else { throw SettingsError("not train") }
      return command.arguments
    }
    #expect(try arguments() == TrainArguments())
    #expect(try arguments("train") == TrainArguments())
    #expect(try arguments("run.json5") == TrainArguments(configurationFile: "run.json5"))
    #expect(try arguments("a/config.json") == TrainArguments(configurationFile: "a/config.json"))
    #expect(try arguments("existing") == TrainArguments(configurationFile: "existing"))
    #expect(try arguments("--epochs", "3", "run.json5").configurationFile == "run.json5")
    #expect(try arguments("train", "anything").configurationFile == "anything")
    #expect(try arguments("--config", "c").configurationFile == "c")
    #expect(try arguments("train", "--", "--odd") == TrainArguments(configurationFile: "--odd"))
  }

  @Test func everyOptionOfTheOtherCommandsArrives() throws {
    let evaluate = try parse("evaluate", "c.h5", "--data=d.h5", "--split", "val", "--json", as: Evaluate.self)
    #expect(evaluate.arguments == EvaluateArguments(checkpoint: "c.h5", data: "d.h5", split: "val") && evaluate.json)
    let plain = try parse("evaluate", "c.h5", as: Evaluate.self)
    #expect(plain.arguments == EvaluateArguments(checkpoint: "c.h5") && !plain.json)
    let predict = try parse("predict", "c.h5", "--data", "d.h5", "--output", "o.h5", "--split=val", as: Predict.self)
    #expect(
      predict.arguments == PredictArguments(checkpoint: "c.h5", data: "d.h5", output: "o.h5", split: "val"))
    #expect(try parse("predict", "c", "--data", "d", "--output", "o", as: Predict.self).arguments.split == nil)
    #expect(try parse("verify", "c.h5", as: Verify.self).checkpoint == "c.h5")
    let generate = try parse(
      "generate", "c.h5", "--prompt", "p", "--length", "5", "--temperature", "0.5", "--samples", "7", "--grid", "g.png",
      "--output", "o.h5", "--seed", "9", as: Generate.self)
    #expect(generate.prompt == "p" && generate.length == 5 && generate.temperature == 0.5 && generate.samples == 7)
    #expect(generate.grid == "g.png" && generate.output == "o.h5" && generate.seed == 9)
    #expect(generate.given.count == 7)
    let find = try parse(
      "lr-find", "run.json5", "--from", "0.1", "--to", "2", "--steps", "20", "--output", "f.json", "--seed", "4",
      as: LearningRateFind.self)
    #expect(find.first == 0.1 && find.last == 2 && find.steps == 20 && find.output == "f.json")
    #expect(
      find.train == TrainArguments(configurationFile: "run.json5", settings: [.init(path: "seed", value: 4)]))
    let make = try parse(
      "data", "make", "blobs", "--output", "o.h5", "--seed", "3", "--test", "0.5", "--gzip", "4", "--classes", "9",
      as: DataMake.self)
    #expect(make.output == "o.h5" && make.seed == 3 && make.testFraction == 0.5 && make.gzip == 4)
    #expect(make.kind.name == "blobs")
    let convert = try parse(
      "data", "convert", "csv", "a", "--label", "0", "--output", "o.h5", "--gzip=2", "--", "-b", as: DataConvert.self)
    #expect(convert.output == "o.h5" && convert.gzip == 2 && convert.sources == ["a", "-b"])
    #expect(convert.format.name == "csv")
    let inspect = try parse(
      "data", "inspect", "f.h5", "--features", "/a", "--labels", "/b", "--json", as: DataInspect.self)
    #expect(inspect.file == "f.h5" && inspect.features == "/a" && inspect.labels == "/b" && inspect.json)
  }

  @Test("Of an option that is given twice, the last counts, after every command")
  func theLastCounts() throws {
    #expect(try parse("evaluate", "c", "--split", "val", "--split=test", as: Evaluate.self).arguments.split == "test")
    #expect(
      try parse("data", "make", "moons", "--seed", "1", "--output", "a", "--seed", "2", as: DataMake.self).seed == 2)
  }

  @Test(arguments: [
    (["trian"], "unknown command 'trian' (did you mean 'train'?)"),
    (["generate", "--length", "5"], "generate: expected a checkpoint, such as runs/NAME/checkpoints/best.h5"),
    (["generate", "c", "--length", "-5"], "--length: expected at least 0, found -5"),
    (["generate", "c", "--temperature", "hot"], "--temperature: expected a number, found \"hot\""),
    (
      ["xyzzyxyzzy"],
      "unknown command 'xyzzyxyzzy' (known: train, check, lr-find, tune, compare, cross-validate, evaluate, predict, "
        + "generate, report, export, data, verify, completion, man, help, version)"
    ),
    (["--epoch", "3"], "train: unknown option '--epoch' (did you mean '--epochs'?)"),
    (["--epochs"], "--epochs: expected a value, as in --epochs N"),
    (["--epochs", "--quiet"], "--epochs: expected a value, as in --epochs N"),
    (["--epochs", "abc"], "--epochs: expected a whole number, found \"abc\""),
    (["--epochs", "-1"], "--epochs: expected at least 0, found -1"),
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
    (["predict", "c", "--data", "d"], "predict: expected --output FILE, the file to write"),
    (["verify", "a", "b"], "verify: unexpected argument 'b' (see ddp-train verify --help)"),
    (["verify", "a", "--x"], "verify: unknown option '--x' (it takes none)"),
    (["verify", "a", "--hepl"], "verify: unknown option '--hepl' (did you mean '--help'?)"),
    (["train", "--hepl"], "train: unknown option '--hepl' (did you mean '--help'?)"),
    (["--lr", "0.1"], "train: unknown option '--lr' (did you mean '--learning-rate'?)"),
    (["--bs", "0.1"], "train: unknown option '--bs' (did you mean '--batch-size'?)"),
    (["convert", "csv"], "unknown command 'convert' (did you mean 'data convert'?)"),
    (["version", "extra"], "version: unexpected argument 'extra' (see ddp-train version --help)"),
    (["help", "laeyrs"], "help: unknown command or topic 'laeyrs' (did you mean 'layers'?)"),
    (["help", "conv2"], "help: unknown command or topic 'conv2' (did you mean 'conv2d'?)"),
    (["help", "layers", "dense"], "help: unexpected argument 'dense' (see ddp-train help --help)"),
    (["lr-find", "--set", "epochs=3"], "--set epochs: has no effect on lr-find; leave it out"),
    (["lr-find", "--set", "run=x"], "--set run: has no effect on lr-find; leave it out"),
    (["lr-find", "--steps", "100001"], "--steps: expected from 10 to 100000, found 100001"),
    (["--epochs", "4294967296"], "--epochs: expected at most 2147483647, found 4294967296"),
    (
      ["generate", "c", "--length", "9223372036854775807"],
      "--length: expected at most 2147483647, found 9223372036854775807"
    ),
    (["data", "make", "moons", "--seed", "1e300"], "--seed: expected at most 9223372036854775807, found 1e+300"),
    (["lr-find", "--step", "30"], "lr-find: unknown option '--step' (did you mean '--steps'?)"),
    (["lr-find", "--steps", "9"], "--steps: expected from 10 to 100000, found 9"),
    (["lr-find", "--from", "2", "--to", "1"], "--to: expected more than --from, 2.0, found 1.0"),
    (["data"], "data: expected one of convert, make, inspect (see ddp-train data --help)"),
    (["data", "mke"], "unknown command 'data mke' (did you mean 'data make'?)"),
    (
      ["data", "make"], "data make: expected a kind first: linear, classification, moons, blobs, spirals, shapes, tones"
    ),
    (["data", "make", "moon"], "data make: unknown kind 'moon' (did you mean 'moons'?)"),
    (["data", "make", "moons"], "data make: expected --output F.h5, the file to write"),
    (["data", "make", "moons", "x"], "data make: unexpected argument 'x' (see ddp-train data make --help)"),
    (["data", "make", "moons", "--seed", "-1"], "--seed: expected at least 0, found -1"),
    (["data", "make", "moons", "--test", "1"], "--test: expected at least 0 and less than 1, found 1"),
    (["data", "make", "blobs", "--nois", "1"], "data make: unknown option '--nois' (did you mean '--noise'?)"),
    (["data", "make", "blobs", "--noise"], "--noise: expected a value, as in --noise S"),
    (["data", "convert", "jpg"], "data convert: unknown format 'jpg' (did you mean 'npy'?)"),
    (
      ["data", "convert", "csv", "--test-fil=x"],
      "data convert: unknown option '--test-fil' (did you mean '--test-file'?)"
    ),
    (["data", "convert", "csv", "a", "--gzip", "10"], "--gzip: expected from 0 to 9, found 10"),
    (
      ["data", "convert", "csv", "a", "--delimiter", "::"], "--delimiter: expected one character, or tab, found \"::\""
    ),
    (["data", "convert", "csv", "a", "--header", "y"], "--header: unknown name 'y' (did you mean 'yes'?)"),
    (["data", "convert", "text", "a", "--label", "x"], "data convert text: --label has no meaning for text"),
    (["data", "inspect"], "data inspect: expected an HDF5 file"),
    (["data", "inspect", "a", "b"], "data inspect: unexpected argument 'b' (see ddp-train data inspect --help)"),
    (["data", "inspect", "a", "--labels", "/y"], "data inspect: --labels needs --features beside it"),
    (["help", "trains"], "help: unknown command or topic 'trains' (did you mean 'train'?)"),
  ])
  func mistakesNameTheOption(line: [String], expected: String) {
    #expect(message(line) == expected)
  }

  // MARK: Help

  @Test(arguments: [
    (["--help"], "ddp-train trains neural networks"), (["-h"], "ddp-train trains"), (["help"], "ddp-train trains"),
    (["help", "train"], "Usage: ddp-train [train]"), (["train", "--help"], "Usage: ddp-train [train]"),
    (["--epochs", "3", "--help"], "Usage: ddp-train [train]"), (["predict", "-h"], "Usage: ddp-train predict"),
    (["verify", "c.h5", "--help"], "Usage: ddp-train verify"), (["evaluate", "--help"], "Usage: ddp-train evaluate"),
    (["generate", "-h"], "Usage: ddp-train generate"), (["help", "data"], "Usage: ddp-train data COMMAND"),
    (["data", "--help"], "Usage: ddp-train data COMMAND"), (["data", "-h"], "Usage: ddp-train data COMMAND"),
    (["help", "data", "make"], "Usage: ddp-train data make"),
    (["data", "convert", "csv", "-x", "--help"], "Usage: ddp-train data convert"), (["version"], "ddp-train "),
    (["--version"], "ddp-train "), (["help", "convert"], "Usage: ddp-train data convert"),
    (["help", "data", "convert"], "Usage: ddp-train data convert"), (["help", "layers"], "model.layers"),
    (["help", "conv2d"], "model.layers"), (["help", "adamw"], "optimizer"), (["help", "help"], "ddp-train trains"),
    (["data", "help", "convert"], "Usage: ddp-train data convert"), (["help", "keys"], "Keys of the configuration"),
  ])
  func helpIsFoundAnywhere(line: [String], beginning: String) throws {
    guard case .print(let text) = try request(line) else { throw SettingsError("\(line) prints nothing") }
    #expect(text.hasPrefix(beginning), "\(text)")
  }

  @Test("The help of each command names each of its options and fits the screen")
  func helpOfEveryCommand() throws {
    let general = try text("help")
    var texts = [general, try text("data", "--help")]
    for command in ddp_train.Commands.all {
      #expect(general.contains("\n  \(command.name) "), "\(command.name)")
      let help = command.help(for: [])
      for option in command.optionHelp { #expect(help.contains(option.name), "\(command.name) \(option.name)") }
      texts.append(help)
    }
    for code in ExitCode.allCases { #expect(general.contains(code.meaning)) }
    for line in texts.flatMap({ $0.split(separator: "\n") }) {
      #expect(line.count <= HelpText.width && line.last != " ", "\(line)")
    }
  }

  @Test func helpOfTrainIsShortAndNamesTheTopics() throws {
    let train = try text("train", "--help")
    #expect(train.split(separator: "\n").count < 80, "\(train)")
    for topic in TrainingConfiguration.helpTopics {
      #expect(train.contains("\n  \(topic.name) "), "\(topic.name)")
      for line in try text("help", topic.name).split(separator: "\n") {
        #expect(line.count <= HelpText.width, "\(line)")
      }
    }
    #expect(try text("help", "keys").contains("\n  layers "))
    #expect(
      try text("help", "optimizers").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        .contains("by default learning_rate 0.01"))
    #expect(try text("help", "conv2d").contains("dilation") && !text("help", "conv2d").contains("lstm"))
  }

  @Test func helpOfOneFormatIsThatAlone() throws {
    let one = try text("data", "convert", "text", "--help")
    #expect(one.contains("--context") && one.contains("--output") && !one.contains("--delimiter"))
    #expect(try text("data", "convert", "--help").contains("--delimiter"))
  }
}
