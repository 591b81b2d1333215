import Basics
import Settings
import Training

/// The manual page in the macros of man(7), from the declarations that `--help` prints.
struct ManualPage {
  private var lines: [String] = []

  /// Without a line break at its end.
  var text: String { lines.joined(separator: "\n") }

  init() {
    lines.append(".TH DDP\\-TRAIN 1 \(programDate) \"ddp\\-train \(programVersion)\" \"User Commands\"")
    section("NAME")
    lines.append(Self.escaped("ddp-train") + " \\-")
    fill("trains neural networks on CPUs by synchronous data parallelism over MPI ranks")
    section("SYNOPSIS")
    synopsis("ddp-train", "[COMMAND] [arguments]")
    lines.append(".br")
    synopsis("mpirun -np 4 ddp-train", "[COMMAND] [arguments]")
    section("DESCRIPTION")
    paragraph(
      "Every MPI rank holds a shard of an HDF5 data set, gradients are summed each mini-batch, rank 0 reports and writes "
        + "checkpoints. The result is the same, bit for bit, on any number of ranks. Without a command it trains; alone, "
        + "on the bundled digits.")
    section("COMMANDS")
    for command in Commands.all { add(command) }
    section("CONFIGURATION")
    paragraph("A configuration is a JSON5 file. Every key is optional; --set KEY=VALUE sets one on the command line.")
    for topic in TrainingConfiguration.helpTopics { for section in topic.sections { add(section) } }
    section("EXIT STATUS")
    for code in ExitCode.allCases { entry("\(code.rawValue)", code.meaning) }
    section("ENVIRONMENT")
    entry("DDP_TRAIN_MEMORY", "the memory that data and model may take, such as 8GB")
    entry("OPENBLAS_CORETYPE", "the kernels of OpenBLAS, such as HASWELL; ranks must have the same")
    section("SEE ALSO")
    lines.append(".BR mpirun (1)")
  }

  private mutating func add(_ command: any Command.Type) {
    lines.append(".SS \"\(Self.escaped("ddp-train \(command.name)"))\"")
    synopsis("ddp-train \(command.name)", command.operands)
    paragraph(command.discussion)
    for option in command.optionHelp { add(option) }
    for section in command.sections where !section.options.isEmpty || !section.text.isEmpty { addPart(section) }
  }

  private mutating func addPart(_ section: HelpSection) {
    lines += [".PP", ".I \(Self.escaped(section.title))"]
    if !section.text.isEmpty { paragraph(section.text) }
    for option in section.options { add(option) }
  }

  private mutating func add(_ option: OptionSpelling) {
    let placeholder = option.isFlag ? "" : " " + option.placeholder
    let notes = [
      option.accepted, option.key.map { "key \($0)" }, option.defaultText.map { "default \($0)" },
    ].compactMap(\.self).filter { !$0.isEmpty }
    let behind = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
    entry(option.name, argument: placeholder, option.help + behind)
  }

  private mutating func add(_ section: HelpSection) {
    lines.append(".SS \"\(Self.escaped(section.title))\"")
    if !section.text.isEmpty { paragraph(section.text) }
    for row in section.rows { add(row, prefix: section.prefix) }
    for (name, summary, settings) in section.entries {
      entry(name, summary)
      guard !settings.isEmpty else { continue }
      lines.append(".RS")
      for row in settings { add(row, prefix: "") }
      lines.append(".RE")
    }
  }

  private mutating func add(_ setting: SettingHelp, prefix: String) {
    let notes = [setting.accepted, setting.defaultText.map { "default \($0)" } ?? ""].filter { !$0.isEmpty }
    entry(prefix + setting.key, setting.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"))
  }

  // MARK: Macros

  private mutating func section(_ title: String) { lines.append(".SH \"\(title)\"") }

  private mutating func synopsis(_ name: String, _ operands: String) {
    lines.append(".B \(Self.escaped(name))")
    if !operands.isEmpty { lines.append(".RI \"\(Self.escaped(operands))\"") }
  }

  /// A term and what it means.
  private mutating func entry(_ term: String, argument: String = "", _ meaning: String) {
    lines += [
      ".TP",
      argument.isEmpty ? ".B \"\(Self.escaped(term))\"" : ".BI \"\(Self.escaped(term))\" \"\(Self.escaped(argument))\"",
    ]
    fill(meaning)
  }

  /// Lines that begin with a space stay as they are.
  private mutating func paragraph(_ text: String) {
    // Behind a heading a paragraph begins by itself.
    if lines.last?.hasPrefix(".S") != true { lines.append(".PP") }
    var isVerbatim = false
    for line in text.split(separator: "\n") {
      if line.hasPrefix(" ") != isVerbatim {
        isVerbatim.toggle()
        lines.append(isVerbatim ? ".nf" : ".fi")
      }
      if isVerbatim { lines.append(Self.escaped(String(line))) } else { fill(String(line)) }
    }
    if isVerbatim { lines.append(".fi") }
  }

  /// Text in lines of at most 80 bytes, as far as its words allow.
  private mutating func fill(_ text: String) {
    var line = ""
    for word in Self.escaped(text).split(separator: " ") {
      if !line.isEmpty, line.utf8.count + word.utf8.count > 78 {
        lines.append(line)
        line = word.hasPrefix(".") ? "\\&" : ""
      }
      line += (line.isEmpty || line == "\\&" ? "" : " ") + word
    }
    lines.append(line)
  }

  /// Text as the macros take it: characters beyond ASCII by their number, none that begins a request.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "\"": result += "\\(dq"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
      default:
        result +=
          "\\[u" + String(repeating: "0", count: max(0, 4 - String(scalar.value, radix: 16).count))
          + String(scalar.value, radix: 16, uppercase: true) + "]"
      }
    }
    return result.hasPrefix(".") ? "\\&" + result : result
  }
}
