import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// `launch/supervise`, which starts a failed job again.
  @Suite struct SuperviseTests {
    private func start(
      _ sandbox: Sandbox, _ command: [String], program: String = builtExecutable("ddp-train"),
      environment: [String: String?] = [:]
    ) throws -> RunningProcess {
      try RunningProcess(
        SignalTests.launch("supervise"), ["--wait", "0", "--probe", "1", "3"] + command,
        environment: Sandbox.environment.merging(["DDP_TRAIN": program]) { $1 }.merging(environment) { $1 },
        directory: sandbox.path)
    }

    private func local(_ ranks: Int, _ arguments: [String]) -> [String] {
      [SignalTests.launch("local"), "\(ranks)"] + arguments + ["--run", "run"]
    }

    private func writeScript(_ text: String, as name: String, in sandbox: Sandbox) throws -> String {
      try sandbox.write(name, Data("#!/bin/sh\n\(text)\n".utf8))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sandbox.file(name))
      return sandbox.file(name)
    }

    /// The lines of a file of JSON, up to what no two runs have alike.
    private func figures(_ run: String, in sandbox: Sandbox) throws -> [Substring] {
      try sandbox.text("\(run)/metrics.jsonl").split(separator: "\n").map { line in
        line[..<(line.range(of: ", \"timing\"")?.lowerBound ?? line.endIndex)]
      }
    }

    @Test("A job that loses a rank goes on from its checkpoint, with the figures of one that does not")
    func killedRank() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let mortal = try writeScript(
          """
          if [ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 1 ] && mkdir once 2>/dev/null; then
            (until ls -d run.old-* && [ -e run/checkpoints/latest.h5 ]; do sleep 0.01; done >/dev/null 2>&1
             kill -KILL $$) &
          fi
          exec \(builtExecutable("ddp-train")) "$@"
          """, as: "mortal", in: sandbox)
        let arguments = quickTraining + ["--epochs", "300", "--quiet"]
        // What was there before is set aside by the first start alone.
        try sandbox.succeed(quickTraining + ["--run", "run"])
        let result = try start(sandbox, local(2, arguments + ["--overwrite"]), program: mortal)
          .wait(timeout: .seconds(60))
        #expect(result.status == 0, "\(result)")
        let restarts = try sandbox.text("run/restarts.jsonl").split(separator: "\n")
        #expect(restarts.count == 1 && restarts[0].contains(#""restart": 1, "of": 3, "exit_code": 137, "step": "#))
        #expect(try sandbox.text("run/log.txt").contains("restart 1 of 3: exit code 137 (SIGKILL)"))
        #expect(result.errors.contains("supervise: exit code 137 (SIGKILL)"), "\(result)")

        try sandbox.succeed(arguments + ["--run", "whole"])
        #expect(try figures("run", in: sandbox) == figures("whole", in: sandbox))
      }
    }

    @Test(
      "Errors of the user end a job at once, in one line",
      arguments: [
        (["--mdel", "mlp"], 2, "train: unknown option '--mdel' (did you mean '--model'?)"),
        (["--data", "nosuch.h5"], 3, "cannot open nosuch.h5: there is no such file"),
      ])
    func finalErrors(arguments: [String], status: Int32, message: String) throws {
      try Sandbox.with { sandbox in
        let result = try start(sandbox, local(2, arguments)).wait(timeout: .seconds(60))
        #expect(result.status == status && result.errors == "ddp-train: \(message)\n", "\(result)")
      }
    }

    @Test("A step that fails twice ends a job and is named with its samples")
    func poisonedStep() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let fatal = ["--optimizer", "sgd", "--learning-rate", "1e38", "--epochs", "20"]
        let result = try start(sandbox, local(2, quickTraining + fatal)).wait(timeout: .seconds(60))
        #expect(result.status == 4, "\(result)")
        let lines = result.errorLines(beginningWith: "supervise:")
        #expect(lines.count == 2, "\(result)")
        let samples = #/time and again: not started again; its samples are rows (\d+, ){7}\d+ and 24 more$/#
        #expect(lines.last?.contains(#/exit code 4 at step \d+, /#) == true, "\(result)")
        #expect(lines.last?.contains(samples) == true, "\(result)")
      }
    }

    @Test("A signal reaches the job and ends both", arguments: [SIGTERM, SIGINT])
    func signals(signal: Int32) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let job = try start(sandbox, local(2, quickTraining + ["--epochs", "1000000"]))
        let hasBegun = job.wait(until: { sandbox.exists("run/metrics.jsonl") }, timeout: .seconds(30))
        try #require(hasBegun, "\(job.errorsSoFar)")
        job.send(signal)
        let result = job.wait(timeout: .seconds(60))
        #expect(result.status == 75 && result.errorLines(beginningWith: "supervise:").isEmpty, "\(result)")
        try sandbox.succeed(["verify", "run/checkpoints/latest.h5"])
      }
    }

    /// The agent stands for ssh to a host that is off and comes back.
    @Test("A host that does not answer is left out, and taken in when it is back")
    func lostHost() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.write("hostfile", Data("localhost slots=1\nelsewhere slots=1\n".utf8))
        let agent = try writeScript("[ -e back ] && [ \"$2\" = true ]", as: "agent", in: sandbox)
        // MPICH's launcher waits for a host that does not answer: the rank that has come ends the job.
        let onHosts =
          usesMPICH
          ? [SignalTests.launch("hosts"), "hostfile", "-np", "2"]
          : mpiLauncher + ["--hostfile", "hostfile", "-np", "2", builtExecutable("ddp-train")]
        let job = try start(
          sandbox,
          onHosts + quickTraining + ["--epochs", "1000000", "--run", "run"],
          environment: [
            "OMPI_MCA_plm_rsh_agent": agent, "HYDRA_LAUNCHER_EXEC": agent, "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "DDP_TRAIN_START_SECONDS": usesMPICH ? "3" : nil,
          ])
        // The launcher passes on what is printed in its own time.
        let hasBegun = job.wait(
          until: { sandbox.exists("run/metrics.jsonl") && job.outputSoFar.contains("1 rank on 1 node") },
          timeout: .seconds(30))
        #expect(hasBegun, "\(job.errorsSoFar)")
        #expect(job.errorsSoFar.contains("; without elsewhere: no answer"), "\(job.errorsSoFar)")
        try sandbox.write("back", Data())
        let isTakenIn = job.wait(
          until: { job.errorsSoFar.contains("supervise: elsewhere answers again") }, timeout: .seconds(30))
        #expect(isTakenIn, "\(job.errorsSoFar)")
        let isRecorded = job.wait(until: { sandbox.exists("run/restarts.jsonl") }, timeout: .seconds(30))
        try #require(isRecorded, "\(job.errorsSoFar)")
        usleep(100_000)
        job.send(SIGTERM)
        _ = job.wait(timeout: .seconds(60))
        #expect(try sandbox.text("run/restarts.jsonl").contains(#""reason": "elsewhere answers again""#))
      }
    }

    /// The line of error of a comparison of copies, such as `TrainingRun` makes it.
    private static func copies(_ values: String) -> String {
      "ddp-train: step 40, epoch 2: the copies of model/0.weight[3, 5] differ: \(values); all agreed after step 20; "
        + "check the memory of these hosts, and that all run the same program; the last checkpoint on which all agreed "
        + "is run/left/step-00000020.h5: go on from it with --resume auto"
    }

    @Test(
      "The host of the one copy that differs from all others is left out after the second time, and no other",
      arguments: [
        (copies("0.5 (0x3f000000) on bad (ranks 2, 3), 0.25 (0x3e800000) on the other 2"), true),
        (copies("0.5 (0x3f000000) on bad (rank 2), bad (rank 3), 0.25 (0x3e800000) on the other 4"), true),
        (copies("0.5 (0x3f000000) on bad (ranks 2, 3), 0.25 (0x3e800000) on left (ranks 0, 1)"), false),
        (
          copies(
            "0.5 (0x3f000000) on bad (ranks 2, 3), 0.75 (0x3f400000) on left (ranks 0, 1), 0.25 (0x3e800000) on the "
              + "other 3"), false
        ),
        (copies("0.5 (0x3f000000) on very-bad (ranks 2, 3), 0.25 (0x3e800000) on the other 2"), false),
      ])
    func otherBits(line: String, isLeftOut: Bool) throws {
      try Sandbox.with { sandbox in
        try sandbox.write("hostfile", Data("left slots=2\nbad slots=2\nright slots=2\n".utf8))
        let agent = try writeScript("exit 0", as: "agent", in: sandbox)
        // Fails as long as the host is there.
        let job = try writeScript(
          "grep -q '^bad ' \"$2\" || exit 0; echo '\(line)' >&2; exit 6", as: "job", in: sandbox)
        let result = try start(
          sandbox, [job, "--hostfile", "hostfile", "--run", "run"], environment: ["OMPI_MCA_plm_rsh_agent": agent]
        ).wait(timeout: .seconds(60))
        #expect(result.status == (isLeftOut ? 0 : 6), "\(result)")
        #expect(result.errors.contains("; without bad: named by two failures in a row") == isLeftOut, "\(result)")
        #expect(!result.errors.contains("without left"), "\(result)")
      }
    }

    /// Slurm sets SLURM_RESTART_COUNT for a job that comes back from the queue.
    @Test("Restarts count on over Slurm's queue", arguments: [nil, "1"])
    func requeued(count: String?) throws {
      try Sandbox.with { sandbox in
        let now = Date(), format = ISO8601DateFormatter()
        // One before the window, one for the host that came back, and two that count.
        let lines = [(90_000, 1), (600, 75), (500, 137), (400, 5)].map { seconds, code in
          let time = format.string(from: now - TimeInterval(seconds))
          return #"{"time": "\#(time)", "restart": 1, "of": 3, "exit_code": \#(code), "step": null, "#
            + #""waited_seconds": 0, "left_out": [], "reason": "\"exit_code\": 75, told"}"#
        }
        try FileManager.default.createDirectory(atPath: sandbox.file("run"), withIntermediateDirectories: true)
        try sandbox.write("run/restarts.jsonl", Data((lines.joined(separator: "\n") + "\n").utf8))
        let job = try writeScript("echo start; exit 1", as: "job", in: sandbox)
        let result = try start(sandbox, [job, "--run", "run"], environment: ["SLURM_RESTART_COUNT": count])
          .wait(timeout: .seconds(60))
        #expect(result.status == 1 && result.outputLines.count == (count == nil ? 4 : 2), "\(result)")
        let end = "exit code 1: not started again, after 3 restarts in 86400 s"
        #expect(result.errorLines.last == "supervise: \(end)", "\(result)")
      }
    }

    @Test("It needs a directory to go on from")
    func noDirectory() throws {
      try Sandbox.with { sandbox in
        let result = try start(sandbox, ["true"]).wait(timeout: .seconds(10))
        #expect(result.status == 2 && result.errorLines.count == 1, "\(result)")
        #expect(result.errors.contains("give it --run DIR"), "\(result)")
      }
    }
  }
}
