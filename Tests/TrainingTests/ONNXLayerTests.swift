import Interchange
import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// What ONNX Runtime makes of these graphs, Tests/compare_onnx_with_predict.py holds against `predict`.
@Suite("Layers have a form in ONNX, or are refused by name")
struct ONNXLayerTests {
  static func file(_ model: Model<Float>) throws -> ONNXFile {
    let parameters = FlatBuffer<Float>(count: model.parameterLayout.count)
    let statistics = FlatBuffer<Float>(count: model.statisticLayout.count)
    let values = ModelValues(parameters: parameters.view, statistics: statistics.view)
    var graph = ONNXGraph(name: "test")
    let input = model.inputShapes[0]
    graph.addInput(ONNXModel.Value("features", .float32, shape: input.extents, ""))
    let outputs = try model.append(to: &graph, input: ONNXFlow("features", shape: input), values: values)
    graph.addOutput(
      graph.channelsLast(outputs[0]), as: ONNXModel.Value("output", .float32, shape: outputs[0].shape.extents, ""))
    return try ONNXFile(graph.model.bytes)
  }

  /// `LayerCatalogTests` has a case of every layer.
  @Test("Every layer of the catalogue but those of programs", arguments: LayerCatalogTests.cases)
  func form(test: LayerCatalogTests.Case) throws {
    let layers = try configuration("{ layers: ['relu', \(test.text)] }").model.layers
    let model = try ModelFactory(inputShape: test.input, outputSize: 5).makeNetwork(layers, of: Float.self)
    let file = try Self.file(model)
    #expect(file.faults == [])
    #expect(file.formatVersion == 8 && file.operationSet == 17)
    #expect(file.outputs.map(\.shape) == [[nil] + model.outputShapes[0].extents])
    // All that was learned is in it, but what no operation reads.
    let count = model.parameterLayout.entries.reduce(0) { $0 + $1.range.count }
    let elements = file.constants.filter { $0.type == 1 }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(elements >= count)
  }

  @Test("A layer of a program's own is refused by its type and place")
  func custom() throws {
    let entry = try LayerCatalogTests.entry("{ custom: 'Own' }")
    var layers = CustomLayers()
    layers["Own"] = { _ in Own() }
    let model = try ModelFactory(inputShape: [4], outputSize: 4, customLayers: layers)
      .makeNetwork([entry], of: Float.self)
    let error = #expect(throws: ONNXRefusal.self) { try Self.file(model) }
    #expect(error?.layer == "0" && error?.type == "Own")
  }

  private struct Own: Layer {
    let inputShapes: [Shape] = [[4]]
    let outputShape: Shape = [4]
    func forward(_ pass: LayerPass<Float>) {}
    func backward(_ pass: LayerPass<Float>) {}
  }

  @Test("Images pass from convolution to convolution without being transposed between")
  func transposes() throws {
    let layers = try configuration(
      "{ layers: [{ conv2d: 4 }, 'batch_norm', 'relu', { max_pool2d: 2 }, { conv2d: 5 }, 'flatten', { dense: 3 }] }"
    ).model.layers
    let model = try ModelFactory(inputShape: [12, 12, 3], outputSize: 3).makeNetwork(layers, of: Float.self)
    let operations = try Self.file(model).nodes.map(\.operation)
    #expect(
      operations
        == [
          "Transpose", "Conv", "BatchNormalization", "Relu", "MaxPool", "Conv", "Reshape", "Gemm", "Identity",
        ])
  }
}
