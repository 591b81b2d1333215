import Configuration
import NeuralNetwork
import NumericCore
import Settings
import Training

/// The model that `text` describes, for samples of `inputShape`.
///
/// - Parameter indexCount: the numbers that features can be; nil for as many as outputs.
func model<S: Scalar>(
  _ text: String, inputShape: Shape, outputSize: Int, indexCount: Int? = nil, of type: S.Type = Double.self
) throws(SettingsError) -> Model<S> {
  let description = try ModelDescription(try JSON5Parser.parse(text, file: "model.json5"), path: "model")
  return try ModelCatalog(inputShape: inputShape, outputSize: outputSize, indexCount: indexCount).makeModel(
    description, of: type)
}
