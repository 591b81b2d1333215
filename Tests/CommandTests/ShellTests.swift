import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// Completion and the manual page, from the declarations of `--help`.
  @Suite struct ShellTests {
    /// What bash offers for the last of some words.
    private func completions(_ words: [String], in sandbox: Sandbox) throws -> [String] {
      let line = (["ddp-train"] + words).map { "'\($0)'" }.joined(separator: " ")
      let script = """
        source <("$0" completion bash)
        compopt() { :; }  # which works inside of a completion alone
        COMP_WORDS=(\(line)); COMP_CWORD=\(words.count)
        $(complete -p ddp-train | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
        printf '%s\\n' "${COMPREPLY[@]}"
        """
      let result = try run(
        "bash", ["-c", script, builtExecutable("ddp-train")], environment: Sandbox.environment,
        directory: sandbox.path, timeout: .seconds(20))
      #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
      return result.outputLines
    }

    @Test func bashCompletesCommandsOptionsValuesAndFiles() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("mine.h5", Data())
        try FileManager.default.createDirectory(atPath: sandbox.file("runs"), withIntermediateDirectories: true)
        #expect(try completions(["ev"], in: sandbox) == ["evaluate"])
        #expect(try completions(["data", "ma"], in: sandbox) == ["make"])
        #expect(try completions(["data", "make", "mo"], in: sandbox) == ["moons"])
        #expect(try completions(["train", "--learn"], in: sandbox) == ["--learning-rate"])
        #expect(try completions(["--optimizer", "adam"], in: sandbox) == ["adam", "adamw"])
        #expect(try completions(["--optimizer", "=", "adag"], in: sandbox) == ["adagrad"])
        #expect(try completions(["predict", "mine.h5", "--format", "c"], in: sandbox) == ["csv"])
        #expect(try completions(["predict", "mine.h5", "--data", "mi"], in: sandbox) == ["mine.h5"])
        #expect(try completions(["--run", ""], in: sandbox) == ["runs"])
        #expect(try completions(["--set", "data.pa"], in: sandbox) == ["data.path="])
        #expect(try completions(["help", "opti"], in: sandbox) == ["optimizers"])
      }
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func scriptsNameEveryOption(_ shell: String) throws {
      try Sandbox.with { sandbox in
        let script = try sandbox.succeed(["completion", shell]).output
        let help = try sandbox.succeed(["predict", "--help"]).output
        let options = help.matches(of: /\n  (--[a-z-]+)/).map { String($0.output.1) }
        #expect(options.count > 4)
        for option in options {
          #expect(script.contains(shell == "fish" ? "-l \(option.dropFirst(2))" : option), "\(option)")
        }
      }
    }

    @Test func manualPageIsWellFormed() throws {
      try Sandbox.with { sandbox in
        let page = try sandbox.succeed(["man"]).output
        #expect(page.utf8.allSatisfy { $0 < 128 }, "characters beyond ASCII stand by their number")
        let requests = [
          ".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".BI", ".BR", ".RI", ".I", ".RS", ".RE", ".br", ".nf", ".fi",
        ]
        for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
          #expect(requests.contains(String(line.prefix { $0 != " " })), "\(line)")
        }
        for word in [".SS \"ddp\\-train data convert\"", ".BI \"\\-\\-batch\\-size\"", ".B \"75\"", ".B \"conv2d\""] {
          #expect(page.contains(word), "\(word)")
        }
      }
    }

    @Test func unknownShellIsOneLine() throws {
      try Sandbox.with { sandbox in
        try sandbox.expectFailure(
          ["completion", "fisch"], status: 2, "completion: unknown shell 'fisch' (did you mean 'fish'?)")
        try sandbox.expectFailure(
          ["completion"], status: 2, "completion: expected a shell: bash, zsh, fish")
      }
    }
  }
}
