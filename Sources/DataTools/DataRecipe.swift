import Basics
public import Settings

/// A way to come by a data set that the command line chooses by its name: a format to convert, or a kind to make.
///
/// Its properties are its options. A new one is one file and one line in `DataFormats.all` or `SyntheticDataSets.all`.
public protocol DataRecipe: Configurable, OptionGroup {
  /// What stands behind the name on the command line, such as `FILE.csv`; empty for nothing.
  static var operands: String { get }
  /// What `--help` says beside the summary: what is written, and how defaults are found.
  static var discussion: String { get }
  /// Options that users may expect from other commands, and why there are none here. Default: none.
  static var fixed: [String: String] { get }
  /// Checks what holds between options. Default: nothing does.
  ///
  /// - Throws: `Failure` of usage.
  func check() throws
}

extension DataRecipe {
  public static var settings: [Setting<Self>] { options.compactMap(\.setting) }
  public static var operands: String { "" }
  public static var fixed: [String: String] { [:] }
  public func check() throws {}

  /// Reads its options.
  ///
  /// - Parameters:
  ///   - given: those that `command` does not know.
  ///   - command: such as `data make`, for errors.
  /// - Throws: for a value that an option does not take, and for an option of another recipe: it would be without
  ///   effect.
  public init(_ given: [GivenOption], of command: String) throws(SettingsError) {
    self.init()
    guard let stray = try read(given).first else { return }
    if let reason = Self.fixed[stray.name] { throw SettingsError("\(stray.name): \(reason); leave it out") }
    throw SettingsError("\(command) \(Self.name): \(stray.name) has no meaning for \(Self.name)")
  }

  /// What `--help` says of it.
  public static func helpSection(of command: String) -> HelpSection {
    HelpSection(
      [command, name, operands].filter { !$0.isEmpty }.joined(separator: " "),
      text: "\(summary). \(discussion)", options: optionHelp)
  }
}

/// The options of some recipes, each once.
public func recipeOptions(_ recipes: [any DataRecipe.Type]) -> [OptionSpelling] {
  var options: [OptionSpelling] = []
  for option in recipes.flatMap({ $0.optionHelp }) where !options.contains(where: { $0.name == option.name }) {
    options.append(option)
  }
  return options
}

/// The recipe that the first word of a command line names.
///
/// - Parameters:
///   - noun: what it is, such as `format`.
///   - command: such as `data convert`, for errors.
public func chosen<Recipe>(
  _ recipes: [Recipe], _ word: String?, _ noun: String, of command: String
) throws(SettingsError) -> Recipe {
  let names = recipes.map { ($0 as? any DataRecipe.Type)?.name ?? "" }
  guard let word else {
    throw SettingsError("\(command): expected a \(noun) first: \(names.joined(separator: ", "))")
  }
  guard let index = names.firstIndex(of: word) else {
    throw SettingsError("\(command): unknown \(noun) '\(word)' (\(names.suggestion(for: word)))")
  }
  return recipes[index]
}
