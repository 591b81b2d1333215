import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// What the program does when it is asked to end.
  @Suite struct SignalTests {
    /// Long enough for any signal to come first.
    private static let endless = quickTraining + ["--epochs", "1000000", "--set", "checkpoint.every_epochs=0"]

    private func start(_ sandbox: Sandbox, _ executable: String, _ arguments: [String]) throws -> RunningProcess {
      try RunningProcess(
        executable, arguments,
        environment: Sandbox.environment.merging(["DDP_TRAIN": builtExecutable("ddp-train")]) { $1 },
        directory: sandbox.path)
    }

    private func waitForEpochs(_ process: RunningProcess, _ sandbox: Sandbox) throws {
      let hasBegun = process.wait(until: { sandbox.exists("run/metrics.jsonl") }, timeout: .seconds(30))
      try #require(hasBegun, "\(process.errorsSoFar)")
    }

    private func expectPreemption(_ process: RunningProcess, _ sandbox: Sandbox) throws {
      let result = process.wait(timeout: .seconds(60))
      #expect(result.status == 75 && !result.timedOut, "\(result)")
      #expect(result.output.contains("run/checkpoints/latest.h5 is complete"), "\(result)")
      #expect(result.errorLines.allSatisfy { $0.hasPrefix("mpirun: Forwarding") }, "\(result)")
      try sandbox.succeed(["verify", "run/checkpoints/latest.h5"])
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2]) func aProcessStops(signal: Int32) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try start(sandbox, builtExecutable("ddp-train"), Self.endless + ["--run", "run"])
        try waitForEpochs(training, sandbox)
        training.send(signal)
        try expectPreemption(training, sandbox)
      }
    }

    /// The scripts hand on what `mpirun` would answer by killing its ranks.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1]) func aLaunchScriptStops(signal: Int32) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try start(sandbox, Self.launch("local"), ["3"] + Self.endless + ["--run", "run"])
        try waitForEpochs(training, sandbox)
        training.send(signal)
        try expectPreemption(training, sandbox)
      }
    }

    /// A terminal sends Ctrl-C to all that it runs, `mpirun` too.
    @Test func ctrlCStopsALaunchScript() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try start(sandbox, Self.launch("local"), ["2"] + Self.endless + ["--run", "run"])
        try waitForEpochs(training, sandbox)
        kill(-training.identifier, SIGINT)
        try expectPreemption(training, sandbox)
      }
    }

    /// Open MPI's `mpirun` kills its ranks after two seconds and always ends with 1, but the checkpoint is there.
    /// MPICH's `mpiexec` waits for them.
    @Test func theCheckpointOutlivesAPlainLauncher() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try startMPI(
          ranks: 2, builtExecutable("ddp-train"), Self.endless + ["--run", "run"], environment: Sandbox.environment,
          directory: sandbox.path)
        try waitForEpochs(training, sandbox)
        training.send(SIGTERM)
        let result = training.wait(timeout: .seconds(60))
        #expect(result.status == (usesMPICH ? 75 : 1), "\(result)")
        #expect(result.errorLines(beginningWith: "ddp-train").isEmpty, "\(result)")
        try sandbox.succeed(["verify", "run/checkpoints/latest.h5"])
      }
    }

    /// Soon after the script has said what it runs.
    @Test(arguments: [50_000, 100_000, 200_000, 400_000]) func aLaunchScriptStopsEarly(
      microseconds: UInt32
    ) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try start(sandbox, Self.launch("local"), ["2"] + Self.endless + ["--run", "run"])
        let hasBegun = training.wait(until: { training.outputSoFar.contains("-np") }, timeout: .seconds(30))
        try #require(hasBegun)
        usleep(microseconds)
        training.send(SIGTERM)
        let result = training.wait(timeout: .seconds(60))
        #expect(result.status == 75, "\(result)")
      }
    }

    /// A signal that waits for the program is one that comes in its first moment.
    @Test func beforeTheFirstStep() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let script = #"kill -USR1 $$; exec "$@""#
        let result = try run(
          "env",
          ["--block-signal=USR1", "sh", "-c", script, "sh", builtExecutable("ddp-train")] + Self.endless + [
            "--run", "run",
          ],
          environment: Sandbox.environment, directory: sandbox.path)
        #expect(result.status == 75, "\(result)")
        #expect(
          result.errors == "ddp-train: stopped by a signal before the first step; nothing new was trained: start it "
            + "again in the same way\n")
        try sandbox.succeed(quickTraining + ["--run", "run", "--resume", "auto"])
      }
    }

    @Test func aSecondInterruptEndsAtOnce() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        // A step that takes long, so that the second comes before its end.
        let training = try start(
          sandbox, builtExecutable("ddp-train"),
          [
            "--data", "blobs.h5", "--run", "run", "--batch-size", "240", "--set",
            "model.layers=[{dense:2048},{dense:2048},'dense']", "--epochs", "1000000",
          ])
        let hasBegun = training.wait(until: { training.outputSoFar.contains("epoch") }, timeout: .seconds(30))
        try #require(hasBegun)
        training.send(SIGINT)
        usleep(1_000)
        training.send(SIGINT)
        #expect(training.wait(timeout: .seconds(60)).status == 130)
      }
    }

    /// `nohup` and shells that start a job in the background say by that: this signal is not for it.
    @Test func anIgnoredSignalStaysIgnored() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try start(
          sandbox, "sh",
          // MPICH's UCX would take SIGHUP before the program begins.
          ["-c", #"trap "" HUP; UCX_DEBUG_SIGNO=0 exec "$@""#, "sh", builtExecutable("ddp-train")] + Self.endless + [
            "--run", "run",
          ])
        try waitForEpochs(training, sandbox)
        training.send(SIGHUP)
        usleep(200_000)
        #expect(!training.outputSoFar.contains("stopped"))
        training.send(SIGTERM)
        try expectPreemption(training, sandbox)
      }
    }

    @Test func aReaderThatIsGone() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let result = try run(
          "bash",
          ["-c", #""$@" | head -n 1; exit ${PIPESTATUS[0]}"#, "bash", builtExecutable("ddp-train")] + Self.endless + [
            "--run", "run",
          ], environment: Sandbox.environment, directory: sandbox.path)
        #expect(result.status == 75, "\(result)")
        try sandbox.succeed(["verify", "run/checkpoints/latest.h5"])
      }
    }

    @Test func noHalfFileIsLeft() throws {
      try Sandbox.with { sandbox in
        let making = try start(
          sandbox, builtExecutable("ddp-train"),
          ["data", "make", "blobs", "--output", "big.h5", "--samples", "20000000", "--features", "16"])
        let hasBegun = making.wait(
          until: { (try? sandbox.names(in: "."))?.isEmpty == false }, timeout: .seconds(30))
        try #require(hasBegun)
        making.send(SIGTERM)
        #expect(making.wait(timeout: .seconds(60)).status == 128 + SIGTERM)
        #expect(try sandbox.names(in: ".") == [])
      }
    }

    static func launch(_ script: String) -> String {
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "launch/\(script)").path
    }
  }

  /// What a job says and leaves when it ends early.
  @Suite struct LaunchTests {
    /// Under `mpirun` too an error is one line, of ours, whichever ranks meet it and whenever.
    @Test(arguments: [
      (["--mdel", "mlp"], 2, "train: unknown option '--mdel' (did you mean '--model'?)"),
      (["--data", "nosuch.h5"], 3, "cannot open nosuch.h5: there is no such file"),
    ])
    func oneLine(arguments: [String], status: Int32, message: String) throws {
      try Sandbox.with {
        let result = try $0.train(arguments, ranks: 3)
        #expect(result.status == status && result.errors == "ddp-train: \(message)\n", "\(result)")
      }
    }

    /// And under the scripts, at once.
    @Test func aLaunchScriptReturnsAtOnce() throws {
      try Sandbox.with { sandbox in
        let start = ContinuousClock.now
        let result = try run(
          SignalTests.launch("local"), ["2", "--data", "nosuch.h5"],
          environment: Sandbox.environment.merging(["DDP_TRAIN": builtExecutable("ddp-train")]) { $1 },
          directory: sandbox.path)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(result.status == 3, "\(result)")
        #expect(result.errors == "ddp-train: cannot open nosuch.h5: there is no such file\n")
      }
    }

    @Test func aLaunchScriptPassesOnTheCodeOfAKilledRank() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("dies", Data("#!/bin/sh\nsleep 0.5\nkill -KILL $$\n".utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sandbox.file("dies"))
        let result = try run(
          SignalTests.launch("local"), ["2"],
          environment: Sandbox.environment.merging(["DDP_TRAIN": sandbox.file("dies")]) { $1 }, directory: sandbox.path)
        #expect(result.status == 128 + SIGKILL, "\(result)")
      }
    }

    /// As Open MPI's does where a rank was killed as it started.
    @Test(arguments: ["sleep 1 &\nkill -STOP $$", "mkfifo f\nexec 3<>f\nsleep 0.3\nread -r -t 60 <&3"])
    func aLauncherThatOutlivesItsRanksIsKilled(whetherItSeesTheirEndOrNot text: String) throws {
      try Sandbox.with { sandbox in
        try sandbox.write("mpirun", Data("#!/bin/bash\n\(text)\n".utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sandbox.file("mpirun"))
        let script = #". "$0"; ./mpirun & end_stuck_launcher $! stuck 4; [[ -e stuck ]] && wait $!"#
        let result = try run("bash", ["-c", script, SignalTests.launch("common.sh")], directory: sandbox.path)
        #expect(result.status == 128 + SIGKILL && !result.timedOut, "\(result)")
      }
    }

    @Test func oneProcessNeedsNoSecureShell() throws {
      try Sandbox.with {
        try $0.makeBlobs()
        try $0.succeed(quickTraining + ["--run", "run"], environment: ["PATH": "/nonexistent"])
      }
    }

    /// Neither directories of Open MPI nor its shared memory.
    @Test(arguments: [nil, 3]) func nothingIsLeft(ranks: Int?) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try FileManager.default.createDirectory(atPath: sandbox.file("t"), withIntermediateDirectories: true)
        let environment = [
          "TMPDIR": sandbox.file("t"), "OMPI_MCA_btl_vader_backing_directory": sandbox.file("t"),
        ]
        for (options, status) in [
          (["--data", "nosuch.h5"], 3), (["--optimizer", "sgd", "--learning-rate", "1e38", "--epochs", "20"], 4),
        ] {
          let result = try sandbox.train(
            quickTraining + ["--run", "run"] + options, ranks: ranks, environment: environment)
          #expect(result.status == Int32(status), "\(result)")
          #expect(try sandbox.names(in: "t") == [], "\(result)")
        }
      }
    }
  }
}
