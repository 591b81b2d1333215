import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Files that are not what they seem, and words from them on the terminal.
  @Suite struct FileTests {
    @Test func memoryThatIsNotThere() throws {
      try Sandbox.with {
        try $0.makeBlobs()
        for arguments in [["--data", "blobs.h5", "--run", "out"], ["data", "inspect", "blobs.h5"]] {
          let result = try $0.train(arguments, environment: ["DDP_TRAIN_MEMORY": "1kB"])
          #expect(result.status == 3 && result.errorLines.count == 1, "\(result)")
          let line = result.errorLines.first ?? ""
          #expect(line.contains("kB of memory, and 1.0 kB is what DDP_TRAIN_MEMORY allows; use fewer rows"), "\(line)")
        }
        let odd = try $0.train(["--data", "blobs.h5", "--run", "out"], environment: ["DDP_TRAIN_MEMORY": "much"])
        #expect(odd.status == 2 && odd.errorLines.first?.contains("expected a size such as 8GB") == true, "\(odd)")
      }
    }

    /// A terabyte that was declared in 3 kB.
    @Test func rowsThatWereNeverWritten() throws {
      try Sandbox.with {
        for (name, rows) in [("small.h5", 1_000), ("large.h5", 1_000_000_000_000)] {
          let file = try HDF5File.create($0.file(name))
          _ = try file.createDataset("/train/x", shape: [rows, 64], elementType: .float32, chunkShape: [1024, 64])
          _ = try file.createDataset("/train/y", shape: [rows], elementType: .uint8, chunkShape: [1024])
          try file.close()
          for arguments in [["--data", name, "--run", "out"], ["data", "inspect", name]] {
            let result = try $0.train(arguments)
            #expect(result.status == 3 && result.errorLines.count == 1, "\(result)")
            let text = name == "small.h5" ? "all 1,000 rows" : "never written"
            #expect(result.errorLines.first?.contains(text) == true, "\(result)")
          }
        }
      }
    }

    @Test func wordsOfFilesAreEscaped() throws {
      try Sandbox.with {
        try $0.write("names.h5", features: "/a\u{1B}[31m\nddp-train: done", labels: Sandbox.labels())
        let result = try $0.train(["data", "inspect", "names.h5"])
        #expect(result.status == 3)
        #expect(result.errorLines.count == 1, "\(result)")
        #expect(result.errorLines.first?.contains("/a\\u{1B}[31m\\nddp-train: done") == true, "\(result)")

        let file = try HDF5File.create($0.file("classes.h5"))
        try file.write("/X", shape: [3, 1], elements: [Float(1), 2, 3])
        try file.write("/y", shape: [3], elements: [Int64(0), 1, 0])
        try file.setAttribute("classes", to: "cat\u{1B}]0;title\u{7}\ndog\u{202E}", of: "/y")
        try file.close()
        let inspection = try $0.succeed(["data", "inspect", "classes.h5"])
        #expect(inspection.output.contains("cat\\u{1B}]0;title\\u{7}") && inspection.output.contains("dog\\u{202E}"))
        #expect(!inspection.output.unicodeScalars.contains { $0 != "\n" && ($0.value < 32 || $0.value == 0x202E) })
      }
    }

    @Test func aLockedFileNamesTheHolder() throws {
      try Sandbox.with {
        try $0.makeBlobs()
        let file = open($0.file("blobs.h5"), O_RDWR)
        defer { close(file) }
        #expect(flock(file, LOCK_EX) == 0)
        let result = try $0.train(["data", "inspect", "blobs.h5"])
        #expect(result.status == 3 && result.errorLines.count == 1, "\(result)")
        #expect(result.errorLines.first?.contains("blobs.h5: it is locked: ") == true, "\(result)")
        #expect(result.errorLines.first?.contains("HDF5_USE_FILE_LOCKING=FALSE") == true, "\(result)")
      }
    }

    /// What the help calls the default can be given.
    @Test func theBundledDigitsByName() throws {
      try Sandbox.with {
        let result = try $0.succeed(["--data", "digits", "--model", "linear", "--epochs", "1", "--run", "out"])
        #expect(result.output.contains("train 1,437, test 360"), "\(result)")
        try $0.succeed(["evaluate", "out/checkpoints/best.h5", "--data", "digits"])
      }
    }

    @Test func theHeaderNamesWhatIsNotUsed() throws {
      try Sandbox.with {
        let file = try HDF5File.create($0.file("more.h5"))
        try file.write("/X", shape: [48, 1], elements: (0..<48).map { Float($0 % 3) })
        try file.write("/y", shape: [48], elements: Sandbox.labels())
        try file.write("/offsets", shape: [1], elements: [Float(1)])
        try file.close()
        let result = try $0.succeed(["--data", "more.h5", "--model", "linear", "--epochs", "1", "--run", "out"])
        #expect(result.output.contains("not used: /offsets"), "\(result)")
        #expect(try $0.succeed(["data", "inspect", "more.h5"]).output.contains("not used: /offsets"))
      }
    }
  }
}
