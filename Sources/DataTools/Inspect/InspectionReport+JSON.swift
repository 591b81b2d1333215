public import Settings

extension InspectionReport {
  /// The report with keys in alphabetical order; what there is none of is left out.
  public var json: JSONValue {
    .present([
      "byte_count": .integer(byteCount), "findings": .array(findings.map(\.json)), "path": .string(path),
      "scaling": scaling.isEmpty ? nil : .string(scaling.joined(separator: "; ")), "splits": .array(splits.map(\.json)),
      "targets": targets.isEmpty ? nil : .string(targets.joined(separator: "; ")),
      "unused": unused.isEmpty ? nil : .array(unused.map(JSONValue.string)),
    ])
  }
}

extension InspectedSplit {
  fileprivate var json: JSONValue {
    .present([
      "class_counts": classCounts.map { .array($0.map(\.json)) }, "features": features.json,
      "label_columns": labelColumns.map { .array($0.map(\.json)) }, "labels": labels?.json, "name": .string(name),
    ])
  }
}

extension InspectedArray {
  fileprivate var json: JSONValue {
    .present([
      "chunk_shape": chunkShape.map { .array($0.map(JSONValue.integer)) },
      "filters": .array(filters.map(JSONValue.string)), "form": form.map(JSONValue.string), "path": .string(path),
      "shape": .array(shape.map(JSONValue.integer)), "statistics": statistics.json, "type": .string(type),
    ])
  }
}

extension InspectedColumn {
  fileprivate var json: JSONValue { .present(["name": .string(name), "statistics": statistics.json]) }
}

extension ValueStatistics {
  fileprivate var json: JSONValue {
    .present([
      "finite_count": .integer(finiteCount), "infinite_count": .integer(infiniteCount),
      "maximum": maximum.map(JSONValue.number), "mean": mean.map(JSONValue.number),
      "minimum": minimum.map(JSONValue.number), "nan_count": .integer(nanCount),
      "standard_deviation": standardDeviation.map(JSONValue.number),
    ])
  }
}

extension ClassCount {
  fileprivate var json: JSONValue {
    .present(["count": .integer(count), "label": .integer(label), "name": name.map(JSONValue.string)])
  }
}

extension InspectionFinding {
  fileprivate var json: JSONValue {
    .present([
      "count": .integer(count), "kind": .string(kind.rawValue), "message": .string(message), "split": .string(split),
    ])
  }
}

extension JSONValue {
  /// An object of the members that have a value.
  fileprivate static func present(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
    .object(members.compactMap { key, value in value.map { Member(key, $0) } })
  }
}
