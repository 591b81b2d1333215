import Checkpointing
import DataPipeline
import HDF5Storage

// How targets are scaled or numbered, and what features a model was trained on.

extension Checkpoint {
  /// Nothing is stored of targets that are taken as they are.
  mutating func store(_ transform: TargetTransform) {
    guard transform.kind != .none else { return }
    attributes["target_scaling"] = .text(transform.kind.rawValue)
    let count = transform.offset.count
    targetTransform = [
      Array(name: "offset", shape: [3, count], elements: transform.offsetParts.flatMap { $0 }),
      Array(name: "factor", shape: [count], elements: transform.factor),
    ]
  }

  /// Nil where it is not as `store` writes it.
  var storedTargetTransform: TargetTransform? {
    guard let text = attributes["target_scaling"]?.text else { return targetTransform.isEmpty ? .identity : nil }
    guard let kind = TargetTransform.Kind(rawValue: text), kind != .none,
      let parts = targetTransform.first(where: { $0.name == "offset" })?.elements,
      let factor = targetTransform.first(where: { $0.name == "factor" })?.elements,
      !factor.isEmpty, parts.count == 3 * factor.count, factor.allSatisfy({ $0.isFinite && $0 > 0 }),
      parts.allSatisfy(\.isFinite)
    else { return nil }
    let offset = factor.indices.map { index in
      (0..<3).reduce(0) { $0 + Double(parts[$1 * factor.count + index]) }
    }
    // Labels are whole numbers, and from one to the next it is a whole number.
    let isNumbering = factor.count == 1 && Int(exactly: offset[0]) != nil && (1e-6...1).contains(factor[0])
    return kind == .classes && !isNumbering ? nil : TargetTransform(kind: kind, offset: offset, factor: factor)
  }

  /// The range; the type stands in `/data`.
  mutating func store(_ kind: FeatureKind) {
    attributes["feature_minimum"] = .number(kind.minimum)
    attributes["feature_maximum"] = .number(kind.maximum)
  }

  /// Nil in checkpoints of earlier versions.
  var featureKind: FeatureKind? {
    guard let name = data["feature_type"]?.text,
      let type = ElementType.allCases.first(where: { $0.name == name }),
      let minimum = attributes["feature_minimum"]?.number, let maximum = attributes["feature_maximum"]?.number
    else { return nil }
    return FeatureKind(type: type, minimum: minimum, maximum: maximum)
  }
}
