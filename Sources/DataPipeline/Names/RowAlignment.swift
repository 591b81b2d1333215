import Basics
import HDF5Storage
import NumericCore

/// What is done to the rows of one file as they are read, so that a number means in every file what it means to the
/// model.
struct RowAlignment: Sendable {
  /// Nil: the columns stand as the model takes them.
  var features: ColumnOrder?
  var targets: ColumnOrder?
  /// Nil: the labels are taken as they are.
  var classes: ClassIndexMap?
}

/// Where the columns that a model takes stand in the rows of a file.
struct ColumnOrder: Sendable {
  /// The place in the file of each column.
  let sources: [Int]
  /// Numbers that belong to one column and stand behind one another: 1 along the last axis.
  let blockSize: Int

  /// - Parameter shape: of a row; the columns go along its last axis if there are as many, else along the first.
  init(sources: [Int], shape: Shape) {
    self.sources = sources
    blockSize = shape[shape.rank - 1] == sources.count ? 1 : shape.elementCount / sources.count
  }

  /// Puts the columns of rows in order, in place.
  func apply(to bytes: UnsafeMutableRawBufferPointer, _ type: ElementType) {
    type.run(OrderColumns(elements: bytes, sources: sources, blockSize: blockSize))
  }
}

/// Moves the blocks of each row: block[i, j] = block[i, sources[j]].
private struct OrderColumns: ElementKernel {
  let elements: UnsafeMutableRawBufferPointer
  let sources: [Int]
  let blockSize: Int

  func run<T: ConvertibleElement>(_: T.Type) {
    let elements = elements.assumingMemoryBound(to: T.self)
    let size = sources.count * blockSize
    for start in stride(from: 0, to: elements.count, by: size) {
      let row = Array(elements[start..<start + size])
      for (column, source) in sources.enumerated() {
        for place in 0..<blockSize { elements[start + column * blockSize + place] = row[source * blockSize + place] }
      }
    }
  }
}

/// Which class of a model each class of a file is.
struct ClassIndexMap: Sendable {
  /// By the index in the file; nil for a class that the model does not have.
  let indices: [Int?]
  /// The classes of the file.
  let names: [String]
  /// The classes of the model.
  let known: [String]
  /// Whose they are, for messages.
  let owner: String
  /// Numbers from one label to the next: 1, or those of a row that begins with its label.
  let rowSize: Int

  /// Replaces the labels of rows, in place.
  ///
  /// - Parameter place: of a label, by its number among those given.
  /// - Throws: for a label without a name, or of a class that the model does not have. Numbers that are no class
  ///   indices stay, for the check of targets to refuse.
  func apply(
    to bytes: UnsafeMutableRawBufferPointer, _ type: ElementType, place: (_ label: Int) -> String
  ) throws {
    switch type.run(MapLabels(elements: bytes, indices: indices, rowSize: rowSize)) {
    case .done: return
    case .unnamed(let label, -1):
      throw Failure.data(
        "\(place(label)) is of no class: its number is -1, as that of a missing one; remove such rows, or give them a "
          + "class")
    case .unnamed(let label, let value):
      throw Failure.data(
        "\(place(label)) has the label \(value), but the file names \(names.count) classes: "
          + "\(listing(names, limit: 20)); name all classes, or none")
    case .unknown(let label, let value):
      throw Failure.data(
        "\(place(label)) is of the class '\(names[value].shownName)', which \(owner) does not know; "
          + "expected one of \(listing(known, limit: 20))")
    case .tooLarge(let label, let value):
      throw Failure.data(
        "\(place(label)) is of the class '\(names[value].shownName)', whose number in \(owner) \(type.name) cannot "
          + "hold; store the labels as int32")
    }
  }
}

/// Replaces labels by other indices.
private struct MapLabels: ElementKernel {
  let elements: UnsafeMutableRawBufferPointer
  let indices: [Int?]
  let rowSize: Int

  enum Result {
    case done
    case unnamed(label: Int, value: Int)
    case unknown(label: Int, value: Int)
    case tooLarge(label: Int, value: Int)
  }

  func run<T: ConvertibleElement>(_: T.Type) -> Result {
    let elements = elements.assumingMemoryBound(to: T.self)
    for (label, place) in stride(from: 0, to: elements.count, by: rowSize).enumerated() {
      guard let value = Int(exactly: elements[place].double) else { continue }
      guard indices.indices.contains(value) else { return .unnamed(label: label, value: value) }
      guard let index = indices[value] else { return .unknown(label: label, value: value) }
      guard index != value else { continue }
      guard let mapped = T.exactly(index) else { return .tooLarge(label: label, value: value) }
      elements[place] = mapped
    }
    return .done
  }
}
