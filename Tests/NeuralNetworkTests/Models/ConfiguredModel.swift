import NeuralNetwork
import NumericCore
import Settings

/// The model that `text` describes, for samples of `inputShape`.
///
/// - Parameter indexCount: the numbers that features can be; nil for as many as outputs.
func model<S: Scalar>(
  _ text: String, inputShape: Shape, outputSize: Int, indexCount: Int? = nil, of type: S.Type = Double.self
) throws(SettingsError) -> Model<S> {
  let description = try ModelDescription(try JSON5Parser.parse(text, file: "model.json5"), path: "model")
  return try ModelFactory(inputShape: inputShape, outputSize: outputSize, indexCount: indexCount).makeModel(
    description, of: type)
}

/// The layer, or the list of layers, that `text` describes, by itself, for inputs of `inputShape`.
func network<S: Scalar>(
  _ text: String, inputShape: Shape, of type: S.Type = Double.self, precision: ProductPrecision = .float32
) throws(SettingsError) -> Model<S> {
  let value = try JSON5Parser.parse(text.hasPrefix("[") ? text : "[\(text)]", file: "layers.json5")
  let description = try ModelDescription(value, path: "layers")
  return try ModelFactory(inputShape: inputShape, outputSize: 1, precision: precision).makeNetwork(
    description.layers, of: type)
}
