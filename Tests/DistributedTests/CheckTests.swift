import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension DistributedTests {
  /// `ddp-train check` before a run, and what of it `train` looks at too.
  @Suite(.serialized) struct CheckTests {
    /// A directory with data of three classes, in which the program is started.
    private struct Place {
      let scratch: Scratch
      let data: String

      init() throws {
        scratch = try Scratch()
        data = try scratch.dataset("data.h5", samples: 400)
      }

      var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() }
      }

      /// - Parameter others: programs and arguments of further ranks, one each.
      func run(
        ranks: Int = 2, _ arguments: [String], others: [[String]] = [], environment: [String: String?] = [:]
      ) throws -> FinishedProcess {
        let more = others.flatMap { [":", "-np", "1"] + $0 }
        let finished = try mpirun(
          ranks: ranks, trainer, arguments + more,
          environment: ["OPENBLAS_CORETYPE": nil, "OPENBLAS_NUM_THREADS": "1"].merging(environment) { $1 },
          directory: scratch.path)
        #expect(!finished.timedOut, "\(finished)")
        return finished
      }
    }

    /// The state of each row, by its name.
    private func states(_ finished: FinishedProcess) -> [String: String] {
      let states = ["ok", "warning", "fault", "–"]
      return finished.outputLines.reduce(into: [:]) { result, line in
        guard !line.hasPrefix(" ") else { return }
        let words = line.split(separator: " ").map(String.init)
        if let index = words.firstIndex(where: states.contains) {
          result[words[..<index].joined(separator: " ")] = words[index]
        }
      }
    }

    private func faults(_ finished: FinishedProcess) -> [String] {
      finished.errorLines(beginningWith: "ddp-train: ").filter { !$0.contains("warning: ") }
    }

    @Test("A sound job passes, in a table of 80 columns, and nothing is left behind", arguments: [1, 2, 4])
    func healthy(ranks: Int) throws {
      let place = try Place(), before = try place.names
      let finished = try place.run(ranks: ranks, ["check", "--data", place.data])
      #expect(finished.status == 0, "\(finished)")
      let rows = states(finished)
      #expect(rows.count == 13 && !rows.values.contains("fault"), "\(finished)")
      #expect(rows["data"] == "ok" && rows["model"] == "ok" && rows["shared memory"] == "ok", "\(finished)")
      #expect(finished.outputLines.allSatisfy { $0.count <= 80 }, "\(finished)")
      #expect(try place.names == before)
    }

    @Test("Every rank's speed is measured, and all is said as JSON")
    func speeds() throws {
      let place = try Place(), data = try place.scratch.dataset("large.h5", samples: 50_000)
      let finished = try place.run(["check", "--data", data, "--bench", "--json"])
      #expect(finished.status == 0, "\(finished)")
      let json = try JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any]
      let ranks = try #require(json?["ranks"] as? [[String: Any]])
      let keys = ["gflops", "memory_gb_per_s", "exchange_gb_per_s", "data_gb_per_s"]
      #expect(ranks.count == 2)
      for rank in ranks { for key in keys { #expect((rank[key] as? Double ?? 0) > 0, "\(key) \(finished)") } }
      #expect((json?["checks"] as? [[String: Any]])?.count == 14 && json?["exit_code"] as? Int == 0)
      let table = try place.run(["check", "--data", place.data, "--bench"])
      #expect(table.output.contains("rank  host") && table.outputLines.count { $0.hasPrefix("   ") } >= 2, "\(table)")
    }

    @Test("Another program on one rank is named, also by train", arguments: ["check", "train"])
    func otherProgram(command: String) throws {
      let place = try Place(), other = place.scratch.path + "/other"
      var bytes = try Data(contentsOf: URL(filePath: trainer))
      bytes.append(0)
      try bytes.write(to: URL(filePath: other))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other)
      let arguments = [command, "--data", place.data, "--epochs", "1"]
      let finished = try place.run(arguments, others: [[other] + arguments])
      #expect(finished.status == 5, "\(finished)")
      let lines = faults(finished)
      let expected = #/differ in their program: \S+ \(\w{8}\) on \S+ \(ranks 0, 1\), \S+ \(\w{8}\) on \S+ \(rank 2\);/#
      #expect(lines.count == 1 && lines[0].contains(expected), "\(finished)")
      #expect(try !place.names.contains("runs"))
    }

    @Test("A configuration that is another on one rank is named, also by train", arguments: ["check", "train"])
    func otherConfiguration(command: String) throws {
      let place = try Place(), arguments = [command, "--data", place.data, "--epochs", "2"]
      let finished = try place.run(
        arguments + ["--learning-rate", "0.1"],
        others: [[trainer] + arguments + ["--learning-rate", "0.2", "--quiet"]])
      #expect(finished.status == 5, "\(finished)")
      let lines = faults(finished)
      let expected = #/optimizer.learning_rate is 0.1 on \S+ \(ranks 0, 1\), 0.2 on \S+ \(rank 2\);/#
      #expect(lines.count == 1 && lines[0].contains(expected), "\(finished)")
      // What belongs to a rank's start, and where it has its copy of the data, may differ.
      try FileManager.default.copyItem(atPath: place.data, toPath: place.data + ".copy.h5")
      let same = [command, "--data", place.data + ".copy.h5", "--epochs", "2", "--quiet", "--run", "elsewhere"]
      #expect(try place.run(arguments + ["--run", "here"], others: [[trainer] + same]).status == 0)
    }

    @Test("Ranks that are given other commands end at once")
    func otherCommand() throws {
      let place = try Place(), start = ContinuousClock.now
      let finished = try place.run(
        ranks: 1, ["check", "--data", place.data], others: [[trainer, "train", "--data", place.data]])
      #expect(finished.status == 5 && start.duration(to: .now) < .seconds(20), "\(finished)")
      let lines = faults(finished)
      let expected = #/differ in their command: check on \S+ \(rank 0\), train on \S+ \(rank 1\); start all ranks/#
      #expect(lines.count == 1 && lines[0].contains(expected), "\(finished)")
      #expect(try !place.names.contains("runs"))
    }

    @Test("Data that one rank does not have, or has otherwise, are named; no other rank waits")
    func otherData() throws {
      let place = try Place()
      let missing = try place.run(
        ["check", "--data", place.data], others: [[trainer, "check", "--data", place.scratch.path + "/none.h5"]])
      #expect(missing.status == 3 && states(missing)["data"] == "fault", "\(missing)")
      #expect(states(missing)["model"] == "–" && states(missing)["network"] == "ok", "\(missing)")
      #expect(faults(missing).count == 1 && faults(missing)[0].contains(#/on \S+ \(rank 2\): cannot open .*none.h5/#))
      let other = try place.scratch.dataset("other.h5", samples: 401)
      let different = try place.run(["check", "--data", place.data], others: [[trainer, "check", "--data", other]])
      #expect(different.status == 5 && faults(different).count == 1, "\(different)")
      #expect(faults(different).first?.contains(#/\(rank 2\) finds other data than rank 0;/#) == true, "\(different)")
    }

    @Test("Damaged files, values and labels are what training says of them")
    func damagedData() throws {
      let place = try Place()
      func expectFault(_ name: String, _ words: Regex<Substring>, _ arguments: [String] = []) throws {
        let file = place.scratch.path + "/" + name
        let finished = try place.run(["check", "--data", file] + arguments)
        #expect(finished.status == 3, "\(finished)")
        #expect(faults(finished).count == 1 && faults(finished)[0].contains(words), "\(finished)")
        let training = try place.run(["train", "--data", file, "--epochs", "1"] + arguments)
        #expect(training.status == 3 && faults(training).first?.contains(words) == true, "\(training)")
      }
      let whole = try Data(contentsOf: URL(filePath: place.data))
      try whole.prefix(whole.count / 2).write(to: URL(filePath: place.scratch.path + "/half.h5"))
      try expectFault("half.h5", #/half\.h5/#)
      func write(_ name: String, _ change: (inout [Float], inout [Int32]) -> Void) throws {
        var values = (0..<200).map { Float($0) }, labels = (0..<100).map { Int32($0 % 3) }
        change(&values, &labels)
        let file = try HDF5File.create(place.scratch.path + "/" + name)
        try file.write("/train/x", shape: [100, 2], elements: values)
        try file.write("/train/y", shape: [100], elements: labels)
        try file.close()
      }
      try write("nan.h5") { values, _ in values[103] = .nan }
      try expectFault("nan.h5", #/\/train\/x row 51, value 1, is nan/#)
      try write("label.h5") { _, labels in labels[50] = 7 }
      try expectFault("label.h5", #/\/train\/y row 50 has the label 7/#, ["--set", "model.layers=[{dense:3}]"])
    }

    @Test("A disk without room for one checkpoint is a fault before the first step, also of train")
    func fullDisk() throws {
      let place = try Place()
      let script = """
        mkdir disk && mount -t tmpfs -o size=64k none disk || exit 77
        "$@" check --run disk/run; echo "check $?"; "$@" train --run disk/run; echo "train $?"; ls -A disk
        """
      let finished = try inNamespace(place, script, [trainer], ["--data", place.data, "--epochs", "1"])
      // 1 MB of checkpoint: parameters and Adam's two moments.
      #expect(finished.output.contains("\ncheck 3\n") && finished.output.hasSuffix("train 3\n"), "\(finished)")
      let lines = faults(finished)
      let expected = #/disk: a checkpoint takes [\d.]+ MB, and [\d.]+ kB are free; free some space/#
      #expect(lines.count == 2 && lines.allSatisfy { $0.contains(expected) }, "\(finished)")
      #expect(finished.errors.contains("is in memory (tmpfs)"), "\(finished)")
    }

    @Test("A small /dev/shm is a warning, as ranks share other memory")
    func smallSharedMemory() throws {
      let place = try Place()
      let script = "mount -t tmpfs -o size=3m none /dev/shm || exit 77; exec \"$@\""
      let finished = try inNamespace(
        place, script, mpiLauncher + ["-np", "2", trainer, "check"], ["--data", place.data])
      #expect(finished.status == 0 && states(finished)["shared memory"] == "warning", "\(finished)")
      #expect(finished.errors.contains(#/: /dev/shm has 2|3 of \d+ MiB: memory beside it is shared, /#), "\(finished)")
    }

    /// Runs a script that may mount; `"$@"` in it stands for a command, and what follows comes before its `arguments`.
    private func inNamespace(
      _ place: Place, _ script: String, _ words: [String], _ arguments: [String]
    ) throws -> FinishedProcess {
      let wrapper = try place.scratch.file(
        "program", text: "#!/bin/sh\nexec \(words.joined(separator: " ")) \"$@\" \(arguments.joined(separator: " "))\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper)
      let finished = try run(
        "unshare", ["--mount", "sh", "-c", script, "sh", wrapper],
        environment: [
          "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OPENBLAS_NUM_THREADS": "1",
        ], directory: place.scratch.path)
      if finished.status == 77 || finished.errors.contains("unshare failed") {
        try Test.cancel("no mounts of its own here: \(finished.errors)")
      }
      return finished
    }

    @Test("Ranks on one core are warned of, with the command that helps")
    func oneCore() throws {
      let place = try Place()
      let finished = try mpirun(
        ranks: 2, "taskset", ["--cpu-list", "0", trainer, "check", "--data", place.data], directory: place.scratch.path)
      #expect(finished.status == 0 && states(finished)["ranks"] == "warning", "\(finished)")
      let lines = finished.errorLines.filter { $0.contains("warning: ") }
      let cores = ProcessInfo.processInfo.activeProcessorCount
      let expected = cores > 1 ? "bound to 1 core (0) and take turns on it; give mpirun -np 2 --bind-to core" : "1 core"
      #expect(lines.contains { $0.contains(expected) }, "\(finished)")
    }

    @Test("A kernel family that one rank is given is named, and what it costs")
    func otherKernels() throws {
      let place = try Place(), arguments = ["check", "--data", place.data]
      let finished = try place.run(
        arguments, others: [["env", "OPENBLAS_CORETYPE=Nehalem", trainer] + arguments],
        environment: ["OPENBLAS_CORETYPE": "Prescott"])
      #expect(finished.status == 5 && states(finished)["kernels"] == "fault", "\(finished)")
      #expect(faults(finished).count == 1 && faults(finished)[0].contains("BLAS kernels: Prescott on"), "\(finished)")
    }

    @Test("What is wrong on all ranks is told once, and a used directory as train tells it")
    func wrongSettings() throws {
      let place = try Place()
      let model = ["--set", "model.layers=[{dense:3}]", "--loss", "mse"]
      let layers = try place.run(["check", "--data", place.data] + model)
      #expect(layers.status == 2 && faults(layers).count == 1, "\(layers)")
      let missing = try place.run(["check", "none.json5"])
      #expect(missing.status == 2 && faults(missing).count == 1 && states(missing)["data"] == "–", "\(missing)")
      let run = ["--data", place.data, "--epochs", "1", "--run", "used"]
      #expect(try place.run(["train"] + run).status == 0)
      let used = try place.run(["check"] + run)
      #expect(used.status == 2 && faults(used).first?.contains("used holds a run already") == true, "\(used)")
      let resumed = try place.run(["check"] + run + ["--resume", "auto"])
      #expect(resumed.status == 0 && resumed.output.contains("goes on from used/checkpoints/step-"), "\(resumed)")
      // Quiet is what is sound.
      let quiet = try place.run(["check"] + run + ["--resume", "auto", "--quiet"])
      #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet)")
      let wrong = try place.run(["check"] + run + ["--quiet"])
      #expect(wrong.status == 2 && wrong.output.isEmpty && faults(wrong) == faults(used), "\(wrong)")
      let object = try place.run(["check"] + run + ["--quiet", "--json"])
      #expect(object.output.hasPrefix("{\"exit_code\": 2, "), "\(object)")
      let changed = try place.run(["check"] + run + ["--resume", "auto", "--seed", "3"])
      #expect(changed.status == 2 && faults(changed).first?.contains("keeps seed") == true, "\(changed)")
    }

    @Test("A run's directory stays as it is, and what would change of the run is listed as training lists it")
    func runDirectory() throws {
      let place = try Place(), directory = place.scratch.path + "/used"
      func files() throws -> [String: [String]] {
        let arguments = [directory, "-mindepth", "1", "-printf", "%P %i %s %T@ %C@\\n"]
        let found = try ProcessSupport.run("find", arguments).outputLines.sorted()
        return ["files": found, "lock": [try String(contentsOfFile: directory + "/.lock", encoding: .utf8)]]
      }
      let run = ["--data", place.data, "--run", "used"]
      #expect(try place.run(["train"] + run + ["--epochs", "1"]).status == 0)
      let before = try files()
      let more = run + ["--resume", "auto", "--epochs", "2", "--learning-rate", "0.5"]
      let checked = try place.run(["check"] + more)
      #expect(checked.status == 0 && states(checked)["configuration"] == "warning", "\(checked)")
      #expect(try files() == before)
      let changes = "goes on with other settings than before: optimizer.learning_rate 0.001 → 0.5, epochs 1 → 2"
      #expect(checked.errors.contains("ddp-train: warning: \(changes)\n"), "\(checked)")

      // What another job has is told all the same.
      let lock = open(directory + "/.lock", O_RDWR)
      defer { close(lock) }
      try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
      let held = try place.run(["check"] + more)
      #expect(held.status == 2, "\(held)")
      #expect(faults(held).first?.contains("used is in use by another job, process ") == true, "\(held)")
      #expect(try files() == before)
      flock(lock, LOCK_UN)
      let trained = try place.run(["train"] + more)
      #expect(trained.status == 0 && trained.errors.contains("ddp-train: warning: \(changes)\n"), "\(trained)")
    }

    @Test("Data that are not those of the checkpoint to go on from are what training says of them")
    func changedData() throws {
      let place = try Place(), file = place.scratch.path + "/changed.h5"
      func write(rows: Int = 120, weight: Float = 1) throws {
        let data = try HDF5File.create(file)
        for (split, factor) in [("train", weight), ("val", 1)] {
          var values = (0..<rows * 4).map { Float($0 * 7919 % 101) }
          values[77] *= factor
          try data.write("/\(split)/x", shape: [rows, 4], elements: values)
          try data.write("/\(split)/y", shape: [rows], elements: (0..<rows).map { Int32($0 % 3) })
        }
        try data.close()
      }
      let run = ["--data", file, "--run", "run", "--resume", "auto", "--epochs"]
      try write()
      #expect(try place.run(["train"] + run + ["1"]).status == 0)
      let same = try place.run(["check"] + run + ["2"])
      #expect(same.status == 0 && states(same)["data"] == "ok", "\(same)")
      for (rows, words) in [(120, "trained on other values than"), (117, "trained on 120 samples, but")] {
        try write(rows: rows, weight: 2)
        let checked = try place.run(["check"] + run + ["2"]), trained = try place.run(["train"] + run + ["2"])
        #expect(checked.status == 3 && faults(checked).count == 1, "\(checked)")
        #expect(faults(checked).first?.contains(words) == true && faults(checked) == faults(trained), "\(trained)")
      }
      try write(weight: 2)
      let allowed = try place.run(["check"] + run + ["2", "--set", "data.may_change=true"])
      #expect(allowed.status == 0, "\(allowed)")
    }

    @Test("The network between two hosts is measured")
    func twoHosts() throws {
      let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "netns-cluster.sh").path
      let place = try Place()
      let finished = try ProcessSupport.run(
        script, [place.scratch.path, "2", trainer, "check", "--data", place.data],
        environment: ["OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": nil], directory: place.scratch.path,
        timeout: .seconds(60))
      if finished.status == 77 { try Test.cancel("no cluster of network namespaces here: \(finished.output)") }
      #expect(finished.status == 0, "\(finished)")
      #expect(finished.output.contains("4 ranks of 1 thread on 2 hosts"), "\(finished)")
      #expect(finished.output.contains(#/clocks +ok +within \d+ ms of that of ddp-\d+-1/#), "\(finished)")
      #expect(finished.output.contains(#/network +\w+ +\d+ µs and [\d.]+ Gbit/s to ddp-\d+-2;/#), "\(finished)")
    }
  }
}
