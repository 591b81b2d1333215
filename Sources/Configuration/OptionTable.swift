import Basics
import Settings

/// One option of a command: how it is written, what it accepts, and what `--help` says of it.
struct CommandOption: Sendable {
  /// What the text behind an option must be.
  enum Kind: Sendable {
    /// Stands alone.
    case flag
    case text
    case integer(Interval<Int>)
    case number(Interval<Double>)
    case name([String])
  }

  /// With its dashes.
  let name: String
  let kind: Kind
  /// What stands for the value in `--help`, such as `FILE`; empty for a flag.
  let placeholder: String
  /// The configuration key that the option sets; `nil` where there is none.
  var key: String?
  /// The default in words; `nil` if there is nothing to say.
  var defaultText: String?
  let meaning: String

  init(
    _ name: String, _ kind: Kind, _ placeholder: String, key: String? = nil, default defaultText: String? = nil,
    _ meaning: String
  ) {
    self.name = name
    self.kind = kind
    self.placeholder = placeholder
    self.key = key
    self.defaultText = defaultText
    self.meaning = meaning
  }

  /// The value that `text` spells, checked against the kind; errors begin with the option's name.
  func value(_ text: String) throws(SettingsError) -> JSONValue {
    switch kind {
    case .flag: return true
    case .text: return .string(try JSONValue.string(text).requireString(name))
    case .integer(let interval):
      return .integer(try JSONValue(commandLineText: text).requireInteger(name, in: interval))
    case .number(let interval): return .number(try JSONValue(commandLineText: text).requireDouble(name, in: interval))
    case .name(let known): return .string(try JSONValue.string(text).requireName(name, of: known))
    }
  }
}

/// A command line taken apart: options in the order given, and the words between them.
struct ScannedArguments {
  private(set) var options: [(option: CommandOption, text: String)] = []
  private(set) var words: [String] = []

  /// Takes `--key value`, `--key=value`, flags and words apart; behind `--` all are words.
  init(_ arguments: some Sequence<String>, of command: String, options known: [CommandOption])
    throws(SettingsError)
  {
    var rest = Array(arguments)[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        return
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        words.append(argument)
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let option = known.first(where: { $0.name == parts[0] }) else {
        let suggestion = known.isEmpty ? "it takes none" : known.map(\.name).suggestion(for: parts[0])
        throw SettingsError("\(command): unknown option '\(parts[0])' (\(suggestion))")
      }
      if case .flag = option.kind {
        guard parts.count == 1 else { throw SettingsError("\(option.name): takes no value, found '\(parts[1])'") }
        options.append((option, ""))
      } else if parts.count == 2 {
        options.append((option, parts[1]))
      } else {
        // A value may begin with a dash, as negative numbers do, but another option means that it was forgotten.
        guard let text = rest.first, !known.contains(where: { text == $0.name || text.hasPrefix($0.name + "=") }) else {
          throw SettingsError("\(option.name): expected a value, as in \(option.name) \(option.placeholder)")
        }
        rest.removeFirst()
        options.append((option, text))
      }
    }
  }

  /// The text of the last `name`, if it was given.
  func last(_ name: String) throws(SettingsError) -> String? {
    guard let found = options.last(where: { $0.option.name == name }) else { return nil }
    _ = try found.option.value(found.text)
    return found.text
  }

  func has(_ name: String) -> Bool { options.contains { $0.option.name == name } }

  /// The words, of which there may be at most `count`.
  func words(atMost count: Int, of command: String) throws(SettingsError) -> [String] {
    guard words.count <= count else {
      throw SettingsError("\(command): unexpected argument '\(words[count])' (see ddp-train \(command) --help)")
    }
    return words
  }
}
