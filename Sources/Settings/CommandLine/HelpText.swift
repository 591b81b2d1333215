import Basics

/// The parts of a help text, in at most `width` columns.
public enum HelpText {
  public static let width = 100

  /// A paragraph in lines; line breaks of its own stay, and lines that begin with a space are left as they are.
  public static func paragraph(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
      line.hasPrefix(" ") ? [String(line)] : TextTable.wrapped(String(line), width: width)
    }
  }

  /// Options in columns: option, configuration key, default, meaning. Columns without an entry are left out.
  public static func options(_ options: [OptionSpelling]) -> [String] {
    let rows = options.map { option in
      [
        option.isFlag ? option.name : "\(option.name) \(option.placeholder)", option.key ?? "",
        option.defaultText ?? "",
        meaning(option.help, accepted: option.accepted),
      ]
    }
    return table(["Option", "Key", "Default", "Meaning"], rows)
  }

  /// A section in lines, its title first.
  public static func section(_ section: HelpSection) -> [String] {
    func cells(_ setting: SettingHelp, _ prefix: String) -> [String] {
      [prefix + setting.key, setting.defaultText ?? "", meaning(setting.help, accepted: setting.accepted)]
    }
    var rows = section.rows.map { cells($0, section.prefix) }
    for entry in section.entries {
      rows.append([entry.name, "", entry.summary])
      rows += entry.settings.map { cells($0, "  ") }
    }
    let parts = [
      section.text.isEmpty ? [] : paragraph(section.text),
      rows.isEmpty ? [] : table(["Key", "Default", "Meaning"], rows),
      section.options.isEmpty ? [] : options(section.options),
    ].filter { !$0.isEmpty }
    return [section.title, ""] + parts.joined(separator: [""])
  }

  private static func meaning(_ help: String, accepted: String) -> String {
    accepted.isEmpty ? help : "\(help) (\(accepted))"
  }

  private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
    let used = head.indices.filter { column in column == 0 || rows.contains { !$0[column].isEmpty } }
    var table = TextTable(used.map { _ in .left }, indentation: 2, width: width)
    for row in [head] + rows { table.add(used.map { row[$0] }) }
    return table.lines
  }
}

/// A part of a help text: settings under a title.
public struct HelpSection: Sendable {
  public let title: String
  /// What stands before the keys of `rows`, such as `data.`.
  public var prefix = ""
  public var rows: [SettingHelp] = []
  /// The things of a catalogue, each with its settings.
  public var entries: [(name: String, summary: String, settings: [SettingHelp])] = []
  /// Options of a command that hold under this title alone.
  public var options: [OptionSpelling] = []
  /// What is said before the table.
  public var text = ""

  public init(_ title: String, text: String = "", options: [OptionSpelling] = []) {
    (self.title, self.text, self.options) = (title, text, options)
  }

  /// Settings under a prefix, such as `optimizer.`.
  public init(_ title: String, prefix: String, rows: [SettingHelp]) {
    (self.title, self.prefix, self.rows) = (title, prefix, rows)
  }

  /// The settings of a group, such as those of `data`.
  public init<Group: SettingsGroup>(_ title: String, prefix: String, _ group: Group.Type) {
    (self.title, self.prefix, rows) = (title, prefix, group.help)
  }

  /// The same section with the one entry called `name`; nil where there is none.
  public func only(_ name: String) -> HelpSection? {
    var section = HelpSection(title)
    section.entries = entries.filter { $0.name == name }
    return section.entries.isEmpty ? nil : section
  }

  /// What a catalogue has, such as all optimizers.
  public init<Item>(_ title: String, _ catalog: Catalog<Item>) { (self.title, entries) = (title, catalog.help) }
}
