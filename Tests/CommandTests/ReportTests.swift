import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// The report that a run ends with, and the command that makes it again.
  @Suite struct ReportTests {
    private static let digits = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "datasets/digits.h5").path

    /// `report.json` without what the clock says.
    private func material(_ sandbox: Sandbox, _ run: String) throws -> NSDictionary {
      var material = try Sandbox.json(sandbox.text(run + "/report.json"))
      material["timing"] = nil
      return material as NSDictionary
    }

    /// The page of a run, which asks for nothing from elsewhere.
    private func page(_ sandbox: Sandbox, _ path: String = "run/report.html") throws -> String {
      let page = try sandbox.text(path)
      for word in ["http:", "https:", "@import", "url(", "src=\"/", "<link"] {
        #expect(!page.contains(word), "\(word) in \(path)")
      }
      #expect(page.hasSuffix("</html>\n"))
      return page
    }

    @Test("A run ends with its page; what it holds does not depend on the ranks, nor does the run on it")
    func ranks() throws {
      try Sandbox.with { sandbox in
        let options = [
          "--data", Self.digits, "--epochs", "12", "--set", "data.validation=0.2", "--set",
          "model.layers=[{dense:48},{batch_norm:{sync:true}},'relu','dense']", "--set", "data.augment=['noise']",
        ]
        for ranks in [1, 3] { try sandbox.succeed(options + ["--run", "run\(ranks)"], ranks: ranks) }
        let material = try material(sandbox, "run1")
        #expect(try material == self.material(sandbox, "run3"))
        let summary = try Sandbox.json(sandbox.text("run1/summary.json"))
        #expect((summary["diagnosis"] as? [Any])?.isEmpty == true)

        let page = try page(sandbox, "run1/report.html")
        for words in [
          "Nothing conspicuous", "Confusion matrix", "ROC curve", "Norm of the gradient", "Worst errors",
          "Training samples as the model sees them", "data:image/png;base64,iVBOR", "data-hover=",
        ] { #expect(page.contains(words), "\(words)") }
        let model = try #require(material["model"] as? [String: Any])
        #expect((model["layers"] as? [Any])?.count == 3)
        let evaluation = try #require(material["evaluation"] as? [String: Any])
        let confusion = try #require(evaluation["confusion"] as? [[Int]])
        #expect(confusion.joined().reduce(0, +) == 360)

        try sandbox.succeed(options + ["--run", "none", "--set", "log.report=false"])
        #expect(!sandbox.exists("none/report.html") && !sandbox.exists("none/report.json"))
        #expect(try sandbox.metrics("none") == sandbox.metrics("run1"))
        let checkpoints = try ["none", "run1", "run3"].map { run in
          try HDF5File.open(sandbox.file(run + "/checkpoints/latest.h5")).dataset("/model/0.weight").readAll(
            as: Float.self)
        }
        #expect(checkpoints[0] == checkpoints[1] && checkpoints[1] == checkpoints[2])
      }
    }

    @Test("The command makes the page again, of one run or several, and single figures")
    func command() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        for run in ["run", "other"] {
          try sandbox.succeed(quickTraining + ["--run", run, "--quiet", "--seed", run == "run" ? "1" : "2"])
        }
        let first = try sandbox.bytes("run/report.html")
        #expect(try sandbox.succeed(["report", "run"]).output == "run/report.html\n")
        #expect(try sandbox.bytes("run/report.html") == first)
        try sandbox.succeed(["report", "run", "other", "--output", "both.html"])
        let both = try page(sandbox, "both.html")
        #expect(both.contains("run training") && both.contains("other training") && both.contains("<td>seed</td>"))
        try sandbox.succeed(["report", "run", "--svg", "loss"])
        let drawn = try sandbox.train(["report", "run", "--png", "loss"])
        if drawn.status == 0 {
          let picture = try sandbox.bytes("loss.png")
          #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]) && picture.count > 5_000)
        } else {
          #expect(drawn.status == 2 && drawn.errors.contains("install libcairo2"), "\(drawn)")
        }
        #expect(try sandbox.text("loss.svg").hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "))

        // A run without what its report was made of has its curves.
        try FileManager.default.removeItem(atPath: sandbox.file("run/report.json"))
        let rest = try sandbox.succeed(["report", "run"])
        #expect(rest.errors.contains("no report.json, so the page has curves and configuration alone"))
        #expect(try page(sandbox).contains("Norm of the gradient"))

        for (arguments, status, message): ([String], Int32, String) in [
          (["report"], 2, "report: expected a run directory, such as runs/NAME"),
          (["report", "no"], 3, "no: is no run directory, expected one with a config.json, such as runs/NAME"),
          (["report", "run", "other"], 2, "report: of several runs, give the page's name with --output FILE.html"),
          (
            ["report", "run", "--svg", "los"], 2,
            "there is no figure 'los' of this run (did you mean 'loss'?)"
          ),
          (
            ["report", "run", "--output", "run/config.json"], 2,
            "--output run/config.json: an HTML page is written, expected a name that ends in .html"
          ),
          (
            ["report", "run", "--svg", "loss", "--png", "loss"], 2,
            "report: --svg and --png write one figure each; give one of the two"
          ),
        ] { try sandbox.expectFailure(arguments, status: status, message) }
        try sandbox.write("run/metrics.jsonl", Data("{\n{}\n".utf8))
        try sandbox.expectFailure(
          ["report", "run"], status: 3,
          "run/metrics.jsonl, line 1: expected a JSON object with a step and a loss; restore the file")
      }
    }

    @Test("Each task has its own part of the page")
    func tasks() throws {
      try Sandbox.with { sandbox in
        try sandbox.succeed(["data", "make", "linear", "--output", "line.h5", "--samples", "200"])
        try sandbox.succeed(["--data", "line.h5", "--model", "linear", "--epochs", "2", "--run", "line", "--quiet"])
        let line = try page(sandbox, "line/report.html")
        #expect(line.contains("Predicted over true values") && line.contains("How often errors occur"))

        try sandbox.succeed(["data", "make", "shapes", "--output", "shapes.h5", "--samples", "120"])
        try sandbox.succeed([
          "--data", "shapes.h5", "--model", "detector", "--epochs", "1", "--run", "shapes", "--quiet",
        ])
        #expect(try page(sandbox, "shapes/report.html").contains("Green is the true box"))

        try sandbox.write("abc.txt", Data(String(repeating: "abc<b>\n", count: 120).utf8))
        try sandbox.succeed(["data", "convert", "text", "abc.txt", "--context", "12", "--output", "abc.h5"])
        try sandbox.succeed([
          "--data", "abc.h5", "--set", "model.layers=[{embedding:8},{lstm:8},'dense']", "--epochs", "1", "--run", "abc",
          "--quiet",
        ])
        let text = try page(sandbox, "abc/report.html")
        #expect(text.contains("drawn character by character") && !text.contains("<b>\n"))

        try sandbox.succeed([
          "--data", Self.digits, "--model", "autoencoder", "--epochs", "1", "--run", "auto", "--quiet",
        ])
        #expect(try page(sandbox, "auto/report.html").contains("below what the model makes of it"))

        let gan = """
          { model: { generator: [{ dense: 64 }, "sigmoid"],
            discriminator: ["dense"], latent: 3 }, data: { path: "\(Self.digits)" }, epochs: 1 }
          """
        try sandbox.write("gan.json5", Data(gan.utf8))
        try sandbox.succeed(["gan.json5", "--run", "gan", "--quiet"])
        let samples = try page(sandbox, "gan/report.html")
        #expect(samples.contains("36 samples of the generator") && samples.contains("Loss of the discriminator"))
      }
    }

    @Test("What is wrong with a run is said at its end, in the summary and in the report")
    func diagnosis() throws {
      try Sandbox.with { sandbox in
        // Ten rows of test are rows of train.
        let features = (0..<200 * 3).map { Float(($0 * 7919) % 1009) / 1009 }
        let file = try HDF5File.create(sandbox.file("leak.h5"))
        let labels = (0..<200).map { Int64($0 % 2) }
        try file.write("/train/x", shape: [150, 3], elements: Array(features[..<450]))
        try file.write("/train/y", shape: [150], elements: Array(labels[..<150]))
        try file.write("/test/x", shape: [60, 3], elements: Array(features[450...]) + Array(features[30..<60]))
        try file.write("/test/y", shape: [60], elements: Array(labels[150...]) + Array(labels[10..<20]))
        try file.close()
        let run = try sandbox.succeed(["--data", "leak.h5", "--epochs", "2", "--run", "run"], ranks: 2)
        #expect(
          run.output.contains("diagnosis  leak: samples that the model is judged by were also trained on"), "\(run)")
        let summary = try Sandbox.json(sandbox.text("run/summary.json"))
        let findings = try #require(summary["diagnosis"] as? [[String: Any]])
        let leak = try #require(findings.first { $0["name"] as? String == "leak" })
        #expect(
          leak["evidence"] as? String
            == "10 of 60 rows of test stand in train too: 50, 51, 52, 53, 54, 55, 56, 57, 58, 59")
        #expect(try page(sandbox).contains("10 of 60 rows of test"))

        // The target of row 123 is an outlier.
        let values = (0..<400 * 4).map { Float(($0 * 7919) % 1009) / 1009 }
        var targets = (0..<400).map { values[4 * $0] - values[4 * $0 + 3] }
        targets[123] = 600
        let outlier = try HDF5File.create(sandbox.file("outlier.h5"))
        try outlier.write("/train/x", shape: [400, 4], elements: values)
        try outlier.write("/train/y", shape: [400], elements: targets)
        try outlier.close()
        try sandbox.succeed([
          "--data", "outlier.h5", "--epochs", "4", "--batch-size", "16", "--run", "outlier", "--quiet", "--set",
          "data.target_scaling=none", "--set", "model=linear",
        ])
        let spikes = try #require(
          (Sandbox.json(sandbox.text("outlier/summary.json"))["diagnosis"] as? [[String: Any]])?.first)
        #expect(spikes["name"] as? String == "loss spikes", "\(spikes)")
        let rows = try #require((spikes["evidence"] as? String)?.split(separator: "training rows ").last)
        #expect(rows.split(separator: ", ").contains("123"), "\(spikes)")

        let high = try sandbox.succeed([
          "--data", Self.digits, "--epochs", "10", "--run", "high", "--set",
          "model.layers=[{dense:64},'relu',{dense:64},'relu','dense']", "--set",
          "optimizer={name:'sgd',learning_rate:20}", "--set", "schedule=constant",
        ])
        #expect(high.output.contains("diagnosis  learning rate too high:"), "\(high)")
        #expect(high.output.contains("dead units:"), "\(high)")
        #expect(high.outputLines.allSatisfy { $0.count <= 80 }, "\(high)")
      }
    }

    @Test("A run whose loss is not finite any more ends with its diagnosis and page as well", arguments: [1, 2])
    func notFinite(ranks: Int) throws {
      try Sandbox.with { sandbox in
        let failed = try sandbox.train(
          [
            "--data", Self.digits, "--run", "run", "--set", "optimizer={name:'sgd',learning_rate:1e30}",
          ], ranks: ranks)
        #expect(failed.status == 4, "\(failed)")
        #expect(failed.output.contains("diagnosis  loss not finite:"), "\(failed)")
        #expect(failed.output.contains("report     run/report.html"), "\(failed)")
        #expect(try page(sandbox).contains("Training has left the numbers"))
        // And again from the files.
        try sandbox.succeed(["report", "run", "--output", "again.html"])
        #expect(try page(sandbox, "again.html").contains("Training has left the numbers"))
      }
    }

    @Test("Equal rows of a table that has few possible ones are no leak")
    func fewRows() throws {
      try Sandbox.with { sandbox in
        let file = try HDF5File.create(sandbox.file("few.h5"))
        for (split, count) in [("train", 150), ("test", 60)] {
          try file.write(
            "/\(split)/x", shape: [count, 2], elements: (0..<count).flatMap { [Float($0 % 3), Float($0 / 3 % 3)] })
          try file.write("/\(split)/y", shape: [count], elements: (0..<count).map { Int64($0 % 3 > 1 ? 1 : 0) })
        }
        try file.close()
        let run = try sandbox.succeed(["--data", "few.h5", "--epochs", "3", "--run", "few"])
        #expect(!run.output.contains("leak:"), "\(run)")
      }
    }
  }
}
