import Basics
import DataPipeline
import Interchange
import Settings

/// What a safetensors file that `export` has written says of the data that its weights were trained on; of other files
/// nothing.
struct ExportedMetadata {
  private let file: SafetensorsFile

  /// - Throws: where the file is of `export`, and what it says cannot be read: its scaling would be lost in silence.
  init(_ file: SafetensorsFile) throws {
    self.file = file
    guard file.metadata["program"]?.hasPrefix("ddp-train ") == true else { return }
    let lists = ["columns", "targets", "classes", "words"].filter { file.metadata[$0] != nil && texts($0) == nil }
    let scaling =
      (transform == nil ? ["scaling"] : [])
      + (targetTransform == nil && file.metadata["target_scaling"] != nil ? ["target_scaling"] : [])
    guard let unread = (scaling + lists).first else { return }
    throw Failure.data(
      "\(file.path): '\(unread)' in its metadata is missing or not as ddp-train writes it; export the model again")
  }

  var names: DataNames {
    DataNames(
      columns: texts("columns"), targets: texts("targets"), classes: texts("classes"),
      characters: file.metadata["characters"], words: texts("words"), preparation: file.metadata["preparation"])
  }

  /// Classes, or target values.
  var outputSize: Int? { file.metadata["output_size"].flatMap { Int($0) }.flatMap { 1...1_000_000 ~= $0 ? $0 : nil } }

  var transform: FeatureTransform? {
    guard let kind = file.metadata["scaling"].flatMap(FeatureScaling.init), kind != .auto,
      let (offset, factor) = affine("scaling")
    else { return nil }
    return FeatureTransform(kind: kind, offset: offset, factor: factor)
  }

  var targetTransform: TargetTransform? {
    guard let kind = file.metadata["target_scaling"].flatMap(TargetTransform.Kind.init), kind != .none,
      let (offset, factor) = affine("target")
    else { return nil }
    let isNumbering =
      factor.count == 1 && Int(exactly: offset[0]).map { abs($0) < 1 << 53 } == true && (1e-6...1).contains(factor[0])
    return kind == .classes && !isNumbering ? nil : TargetTransform(kind: kind, offset: offset, factor: factor)
  }

  private func affine(_ key: String) -> (offset: [Double], factor: [Float])? {
    guard let offset = numbers(key + "_offset"), let factor = numbers(key + "_factor")?.map({ Float($0) }),
      offset.count == factor.count, factor.allSatisfy({ $0.isFinite && $0 > 0 })
    else { return nil }
    return (offset, factor)
  }

  private func list(_ key: String) -> [JSONValue]? {
    guard let json = file.metadata[key].flatMap({ try? JSON5Parser.parse($0, file: file.path) }),
      case .array(let elements) = json.content, !elements.isEmpty
    else { return nil }
    return elements
  }

  private func numbers(_ key: String) -> [Double]? {
    guard let elements = list(key) else { return nil }
    let numbers = elements.compactMap { try? $0.requireDouble(key) }
    return numbers.count == elements.count ? numbers : nil
  }

  /// Texts of which no two are the same.
  private func texts(_ key: String) -> [String]? {
    guard let elements = list(key) else { return nil }
    let texts = elements.compactMap { if case .string(let text) = $0.content { text } else { nil } }
    return texts.count == elements.count && Set(texts).count == texts.count ? texts : nil
  }
}
