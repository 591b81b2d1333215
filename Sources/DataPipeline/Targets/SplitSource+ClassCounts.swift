import Basics

extension SplitSource {
  /// How many labels each class has among some rows. Every rank reads them for itself and so finds the same.
  ///
  /// - Parameters:
  ///   - rows: those that count.
  ///   - count: of the classes.
  ///   - ignored: a label that stands for no class.
  /// - Throws: for labels that are of no class, and for a class without one.
  public func classCounts(
    of rows: RowSelection, _ count: Int, numbering: TargetTransform = .identity, ignoring ignored: Int? = nil
  ) throws -> [Int] {
    guard let type = targetType else { preconditionFailure("\(name) has no labels to count") }
    var counts = [Int](repeating: 0, count: count)
    let check = ClassIndices(count: count, numbering: numbering, ignored: ignored)
    try forEachRun(.targets, rows.runs(of: 0..<rows.count)) { (_, rows, bytes) throws in
      _ = try check.check(rows, bytes, of: self)
      for label in type.run(Integers(elements: bytes)) where label != ignored {
        counts[numbering.index(ofLabel: label) ?? 0] += 1
      }
    }
    if let empty = counts.firstIndex(of: 0) {
      let label = numbering.label(ofClass: empty)
      let name = names.classes.flatMap { $0.indices.contains(empty) ? ", \($0[empty].shownName)," : nil } ?? ""
      throw Failure.data(
        "\(place(.targets, row: 0)): loss.class_weights=balanced needs a sample of each of the \(count) classes to "
          + "train on, but class \(label)\(name) has none; give a list of weights, or data with all classes")
    }
    return counts
  }
}
