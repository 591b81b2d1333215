import Basics

/// The arguments of one `data` command: options as `--name value` or `--name=value`, the rest in order.
struct DataArguments {
  let command: String
  private(set) var positional: [String] = []
  private(set) var wantsHelp = false
  /// The options given, in order.
  private(set) var given: [String] = []
  private var values: [String: String] = [:]

  /// - Throws: `Failure` for an unknown option, naming the nearest known one, a missing value or an option given twice.
  init(_ arguments: [String], command: String, valued: [String], flags: [String] = []) throws {
    self.command = command
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument.count > 1 else {
        positional.append(argument)
        continue
      }
      if argument == "--" {
        positional += rest
        break
      }
      if argument == "--help" || argument == "-h" {
        wantsHelp = true
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = parts[0]
      guard !given.contains(name) else { throw Failure.usage("\(command): \(name) is given twice") }
      if valued.contains(name) {
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
          throw Failure.usage("\(command): \(name) needs a value; see ddp-train \(command) --help")
        }
        values[name] = value
      } else if flags.contains(name) {
        guard parts.count == 1 else { throw Failure.usage("\(command): \(name) takes no value") }
      } else {
        throw Failure.usage(
          "\(command): unknown option \(name); \((valued + flags + ["--help"]).suggestion(for: name))")
      }
      given.append(name)
    }
  }

  subscript(name: String) -> String? { values[name] }

  /// The value of an option as a number.
  func number<Number: LosslessStringConvertible>(_ name: String) throws -> Number? {
    guard let text = values[name] else { return nil }
    guard let number = Number(text) else {
      let expected = Number.self == Double.self ? "a number" : "a whole number"
      throw Failure.usage("\(command): \(name) '\(text)': expected \(expected)")
    }
    return number
  }

  /// The value of an option as one of a few words.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws -> Choice? {
    guard let text = values[name] else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw Failure.usage("\(command): \(name) '\(text)': \(Choice.allCases.map(\.rawValue).suggestion(for: text))")
    }
    return choice
  }

  /// The first positional argument as one of a few words.
  func kind<Choice: RawRepresentable<String> & CaseIterable>(_ what: String) throws -> Choice {
    let names = Choice.allCases.map(\.rawValue)
    guard let text = positional.first else {
      throw Failure.usage("\(command): expected a \(what) first: \(names.joined(separator: ", "))")
    }
    guard let choice = Choice(rawValue: text) else {
      throw Failure.usage("\(command) \(text): unknown \(what); \(names.suggestion(for: text))")
    }
    return choice
  }

  /// The value of `--output`, which every command that writes must have.
  func output() throws -> String {
    guard let output = values["--output"], !output.isEmpty else {
      throw Failure.usage("\(command): --output FILE.h5 is missing")
    }
    return output
  }

  /// - Throws: if there are any `options`, which mean nothing to `subject`.
  func refuse(options: [String], for subject: String) throws {
    guard let option = options.first else { return }
    throw Failure.usage("\(command) \(subject): \(option) has no meaning for \(subject)")
  }
}
