import Basics
import HDF5Storage

/// What the target of a detection has to be.
package enum DetectionRule {
  /// Whether numbers are a box: x centre and y centre from 0 to 1, width and height finite and above 0.
  package static func isBox(_ numbers: ArraySlice<Double>) -> Bool {
    numbers.count == 4 && numbers.prefix(2).allSatisfy { (0...1).contains($0) }
      && numbers.suffix(2).allSatisfy { $0 > 0 && $0.isFinite }
  }
}

/// Checks that rows are [class, x centre, y centre, width, height], a class index below `limit` and a box; finds the greatest class, or
/// the first row that is none.
struct ScanDetections: ElementKernel {
  let elements: UnsafeRawBufferPointer
  let limit: Int

  enum Result {
    case greatest(Int)
    case unfit(row: Int, target: [Double])
  }

  func run<T: ConvertibleElement>(_: T.Type) -> Result {
    let elements = elements.assumingMemoryBound(to: T.self)
    var greatest = 0.0
    for start in stride(from: 0, to: elements.count, by: 5) {
      let target = (start..<start + 5).map { elements[$0].double }
      let label = target[0]
      guard label >= 0, label < Double(limit), label.rounded(.towardZero) == label,
        DetectionRule.isBox(target.dropFirst())
      else { return .unfit(row: start / 5, target: target) }
      greatest = max(greatest, label)
    }
    return .greatest(Int(greatest))
  }
}

extension SplitSource {
  /// - Returns: the greatest class index.
  /// - Throws: if a row is not [class, x centre, y centre, width, height], with its file, data set and row.
  func checkDetections(
    _ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer, classCount: Int?
  ) throws -> Int {
    guard let type = targetType else { return 0 }
    switch type.run(ScanDetections(elements: bytes, limit: classCount ?? 1 << 24)) {
    case .greatest(let label): return label
    case .unfit(let row, let target):
      let box = target.dropFirst().map { "\($0)" }.joined(separator: ", ")
      throw Failure.data(
        "\(place(.targets, row: rows.lowerBound + row)) has the class \(target[0]) and the box [\(box)]; expected an integer "
          + "from 0 \(classCount.map { "to \($0 - 1)" } ?? "on"), a centre from 0 to 1 and a width and height above 0, relative "
          + "to the image; repair or remove the row")
    }
  }
}
