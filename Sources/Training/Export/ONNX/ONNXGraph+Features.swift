import DataPipeline
import HDF5Storage
import Interchange
import NeuralNetwork
import NumericCore

// What brings features as they lie in a data file to what a model reads: the same numbers, scaled in the same
// precision.

extension ONNXGraph {
  /// Adds an input of features as files hold them, and scales it.
  ///
  /// - Parameters:
  ///   - type: of the features of training; nil where the checkpoint does not tell.
  ///   - storage: how a sample lies in the files.
  ///   - shape: of a sample as the model reads it.
  ///   - isIndex: whether features are whole numbers that are looked up.
  mutating func addFeatures(
    _ type: ElementType?, _ storage: FeatureStorage, scaledBy transform: FeatureTransform, as shape: Shape,
    isIndex: Bool
  ) -> ONNXFlow {
    scope = "features"
    let type = type ?? (isIndex ? .int64 : .float32)
    addInput(
      ONNXModel.Value(
        "features", type.onnx, shape: storage.shape.extents,
        "one sample as the data files have it, not scaled" + (storage.isChannelsFirst ? "; channels first" : "")))
    if isIndex, transform.kind == .none || transform == .identity {
      let indices = type == .int64 ? "features" : cast("features", to: .int64)
      return ONNXFlow(indices, shape: shape, isInteger: true)
    }
    var value = scaled("features", type, storage, transform)
    let flow = ONNXFlow("", shape: shape, isChannelsFirst: storage.isChannelsFirst)
    if storage.shape.extents != flow.extents { value = reshape(value, to: flow.extents) }
    return ONNXFlow(value, shape: shape, isChannelsFirst: storage.isChannelsFirst)
  }

  /// (x − offset) · factor in float32; of types with more digits than that computed in float64 where there is something
  /// to subtract, as `ShardStore` does.
  private mutating func scaled(
    _ value: String, _ type: ElementType, _ storage: FeatureStorage, _ transform: FeatureTransform
  ) -> String {
    let isUniform = transform.offset.count == 1, hasOffset = transform.offset.contains { $0 != 0 }
    let shape = isUniform ? [] : storage.shape.extents
    let offset = storage.ordered(transform.offset), factor = storage.ordered(transform.factor)
    if type.isWide && (hasOffset || !isUniform) {
      let offsets = constant(ONNXTensor("feature_offset", shape: shape, offset))
      let factors = constant(ONNXTensor("feature_factor", shape: shape, factor.map { Double($0) }))
      let double = type == .float64 ? value : cast(value, to: .float64)
      return cast(append("Mul", append("Sub", double, offsets), factors), to: .float32)
    }
    var result = type == .float32 ? value : cast(value, to: .float32)
    if hasOffset {
      let offsets = constant(ONNXTensor("feature_offset", shape: shape, offset.map { Float($0) }))
      result = append("Sub", result, offsets)
    }
    if factor.contains(where: { $0 != 1 }) {
      result = append("Mul", result, constant(ONNXTensor("feature_factor", shape: shape, factor)))
    }
    return result
  }

  /// Adds an output of samples as a generator makes them: in the units of the data and as files hold them.
  mutating func addSamples(
    _ flow: ONNXFlow, _ storage: FeatureStorage, scaledBy transform: FeatureTransform, as shape: Shape
  ) {
    scope = "samples"
    let isUniform = transform.offset.count == 1
    let extents = isUniform ? [] : shape.extents
    let factors = constant(ONNXTensor("feature_factor", shape: extents, transform.factor))
    let offsets = constant(ONNXTensor("feature_offset", shape: extents, transform.offset.map { Float($0) }))
    let memory = reshape(channelsLast(flow), to: shape.extents)
    let samples = ONNXFlow(append("Add", append("Div", memory, factors), offsets), shape: shape)
    let ordered = storage.isChannelsFirst ? channelsFirst(samples) : samples.name
    addOutput(
      reshape(ordered, to: storage.shape.extents),
      as: ONNXModel.Value("samples", .float32, shape: storage.shape.extents, "in the units and the shape of the data"))
  }
}

extension FeatureStorage {
  /// One for all features, or one for each in the order of the file.
  fileprivate func ordered<Element>(_ values: [Element]) -> [Element] {
    values.count == 1 ? values : fileOrder(values[...])
  }
}

extension ElementType {
  /// Whether it has more digits than `Float`.
  fileprivate var isWide: Bool {
    switch self {
    case .int8, .uint8, .int16, .uint16, .float32: false
    case .int32, .uint32, .int64, .uint64, .float64: true
    }
  }

  fileprivate var onnx: ONNXElementType {
    switch self {
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .float32: .float32
    case .float64: .float64
    }
  }
}
