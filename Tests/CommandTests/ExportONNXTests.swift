import Foundation
import TestSupport
import Testing

extension Commands {
  /// `export` to ONNX, as a graph; what it computes, Tests/compare_onnx_with_predict.py tests.
  @Suite struct ExportONNXTests {
    @Test func graphTakesRawFeaturesAndGivesWhatPredictWrites() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("table.csv", Data(table().utf8))
        try sandbox.succeed(["data", "convert", "csv", "table.csv", "--output", "table.h5"])
        try sandbox.succeed([
          "--data", "table.h5", "--model", "logistic", "--epochs", "2", "--batch-size", "8", "--run", "run", "--quiet",
        ])
        let result = try sandbox.succeed(["export", "run", "--output", "model.onnx"])
        #expect(result.output.hasPrefix("model.onnx: "), "\(result)")
        let file = try ONNXFile([UInt8](sandbox.bytes("model.onnx")))
        #expect(file.faults == [])
        #expect(file.inputs == [ONNXFile.Value(name: "features", type: 1, shape: [nil, 2])])
        #expect(
          file.outputs == [
            ONNXFile.Value(name: "logits", type: 1, shape: [nil, 3]),
            ONNXFile.Value(name: "probabilities", type: 1, shape: [nil, 3]),
            ONNXFile.Value(name: "classes", type: 7, shape: [nil]),
          ])
        #expect(file.nodes.prefix(3).map(\.operation) == ["Sub", "Mul", "Gemm"], "features are scaled in the graph")
        #expect(file.metadata["class_names"] == #"["ant", "bee", "crow, big"]"#)
        #expect(file.metadata["feature_names"] == #"["length", "width"]"#)
        let before = try sandbox.bytes("model.onnx")
        try sandbox.succeed(["export", "run/checkpoints/best.h5", "--output", "model.onnx"])
        #expect(try sandbox.bytes("model.onnx") == before, "equal bytes for equal checkpoints")
      }
    }

    @Test func generatorOfAGANTakesLatentVectors() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("images.h5", features: "/train/x", rows: 48, columns: 16, labels: [Int64]?.none)
        try sandbox.succeed([
          "--data", "images.h5", "--epochs", "1", "--batch-size", "16", "--run", "run", "--quiet", "--set",
          "model={generator:[{dense:8},'relu',{dense:16},'sigmoid'],discriminator:[{dense:8},'relu','dense'],latent:5}",
        ])
        try sandbox.succeed(["export", "run/checkpoints/latest.h5", "--output", "generator.onnx"])
        let file = try ONNXFile([UInt8](sandbox.bytes("generator.onnx")))
        #expect(file.faults == [])
        #expect(file.inputs.map(\.name) == ["latent"] && file.inputs.map(\.shape) == [[nil, 5]])
        #expect(file.outputs.map(\.name) == ["samples"] && file.outputs.map(\.shape) == [[nil, 16]])
      }
    }

    /// Three classes of two lengths; a name that CSV has to quote.
    private func table() -> String {
      let rows = (0..<30).map { row in
        "\(row % 3 * 10 + row % 5),\(Double(row % 7) / 4),\(["ant", "bee", "\"crow, big\""][row % 3])"
      }
      return (["length,width,label"] + rows).joined(separator: "\n") + "\n"
    }
  }
}
