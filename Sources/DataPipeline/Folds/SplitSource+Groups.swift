import Basics
import HDF5Storage

// Numbers and names that belong to the rows of a split and stand beside them: group ids, fold numbers.
extension SplitSource {
  /// Ids of one kind.
  private enum Ids {
    case integers([Int64])
    case large([UInt64])
    case numbers([Double])
    case texts([String])
  }

  /// The group of each row, from 0 in the order of the ids: whole numbers, numbers or texts.
  ///
  /// - Parameter place: the path of a data set of one id a row, in each of the files; or the name of a column of the
  ///   features.
  /// - Throws: where there is no such data set, it has not one id for each row, or an id is NaN.
  public func readGroups(_ place: String) throws -> [Int] {
    if !place.hasPrefix("/"), let column = names.columns?.firstIndex(of: place), featureShape.rank == 1 {
      return Self.ranks(try readColumn(column))
    }
    let parts = try readIds(place)
    var (integers, large, numbers, texts): ([Int64], [UInt64], [Double], [String]) = ([], [], [], [])
    for ids in parts {
      switch ids {
      case .integers(let ids): integers += ids
      case .large(let ids): large += ids
      case .numbers(let ids): numbers += ids
      case .texts(let ids): texts += ids
      }
    }
    guard [integers.isEmpty, large.isEmpty, numbers.isEmpty, texts.isEmpty].count(where: { !$0 }) == 1 else {
      throw Failure.data("\(place.shownName): has ids of several types in the files of the data; write all in one")
    }
    return integers.isEmpty
      ? large.isEmpty ? texts.isEmpty ? Self.ranks(numbers) : Self.ranks(texts) : Self.ranks(large)
      : Self.ranks(integers)
  }

  /// The whole number that a data set has for each row.
  ///
  /// - Throws: as `readGroups`; also for a number that is not whole.
  public func readNumbers(_ place: String) throws -> [Int] {
    var result: [Int] = []
    for (ids, part) in zip(try readIds(place), parts) {
      func add<T>(_ ids: [T], _ number: (T) -> Int?) throws {
        for (row, id) in ids.enumerated() {
          guard let number = number(id) else {
            throw Failure.data(
              "\(part.file): \(place.shownName) row \(row) is \("\(id)".shownName), expected a whole number")
          }
          result.append(number)
        }
      }
      switch ids {
      case .integers(let ids): try add(ids) { Int($0) }
      case .large(let ids): try add(ids) { Int(exactly: $0) }
      case .numbers(let ids): try add(ids) { Int(exactly: $0) }
      case .texts(let ids): try add(ids) { Int($0) }
      }
    }
    return result
  }

  /// The rank of each id among the different ones, in ascending order.
  private static func ranks<T: Hashable & Comparable>(_ ids: [T]) -> [Int] {
    let rank = Dictionary(uniqueKeysWithValues: zip(Set(ids).sorted(), 0...))
    return ids.map { rank[$0] ?? 0 }
  }

  private func readIds(_ place: String) throws -> [Ids] {
    let path = place.hasPrefix("/") ? place : "/" + place
    return try parts.map { part in
      let file = try HDF5File.open(part.file)
      func check(_ shape: [Int]) throws {
        guard shape.reduce(1, *) == part.rows.count, shape.first == part.rows.count else {
          throw Failure.data(
            "\(part.file): \(path.shownName) has the shape \(shape), expected one number or text for each of the "
              + "\(grouped(part.rows.count)) rows of \(part.features.path.shownName)")
        }
      }
      if let texts = try file.texts(ofDataset: path) {
        try check([texts.count])
        return .texts(texts)
      }
      let dataset = try file.samples(path)
      try check(dataset.shape)
      let type = try dataset.elementType
      if type == .uint64 { return .large(try dataset.readAll()) }
      if type.isInteger { return .integers(try dataset.readAll()) }
      let numbers: [Double] = try dataset.readAll()
      if let row = numbers.firstIndex(where: \.isNaN) {
        throw Failure.data("\(part.file): \(path.shownName) row \(row) is NaN, expected a number; repair it")
      }
      return .numbers(numbers)
    }
  }

  /// One column of features [N, D].
  private func readColumn(_ column: Int) throws -> [Double] {
    let width = featureShape.elementCount
    var values: [Double] = []
    values.reserveCapacity(sampleCount)
    try forEachRun(.features, [0..<sampleCount]) { (_, rows, bytes) throws in
      try checkFinite(.features, rows, bytes)
      values += featureType.run(ColumnValues(elements: bytes, index: column, width: width))
    }
    return values
  }
}

/// Every `width`th element from `index` on.
private struct ColumnValues: ElementKernel {
  let elements: UnsafeRawBufferPointer
  let index: Int
  let width: Int

  func run<T: ConvertibleElement>(_: T.Type) -> [Double] {
    let elements = elements.assumingMemoryBound(to: T.self)
    return stride(from: index, to: elements.count, by: width).map { elements[$0].double }
  }
}
