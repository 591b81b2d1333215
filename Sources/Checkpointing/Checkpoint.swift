internal import CZlib

/// All that a run is at one step, as it stands in a checkpoint file.
///
/// | group | holds |
/// |---|---|
/// | `/model` | parameters and running statistics by PyTorch's `state_dict` names, float32 |
/// | `/optimizer/<moment>` | one array for each parameter, same names and shapes; under `ema` the averaged parameters,
/// which are evaluated |
/// | `/data_transform` | `offset` and `factor` of the feature scaling; `offset_remainder` [2, D], what the offset in
/// double adds to `offset` |
/// | `/data` | attributes: names of columns and classes, kind and fingerprint of the training data |
/// | `/target_transform` | likewise of targets of a regression that are scaled, and of labels that do not count from 0:
/// `offset` [3, D], the sum of whose rows is the offset in double, and `factor` [D] |
/// | `/progress` | attributes: where the run is |
/// | `/` | attributes: configuration, versions, BLAS core and threads, shards |
///
/// In front of them stands a `CheckpointSeal`, which tells whether the file is what was written.
public struct Checkpoint: Sendable, Equatable {
  /// A named array of 32-bit floats, row-major.
  public struct Array: Sendable, Equatable {
    public var name: String
    public var shape: [Int]
    public var elements: [Float]

    public init(name: String, shape: [Int], elements: [Float]) {
      precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements of shape \(shape) in \(name)")
      self.name = name
      self.shape = shape
      self.elements = elements
    }
  }

  /// A value that stands beside the arrays.
  public enum Attribute: Sendable, Equatable {
    case integer(Int)
    case number(Double)
    case text(String)
  }

  public var model: [Array] = []
  /// By the name of the moment, in the optimizer's order.
  public var optimizer: [(moment: String, arrays: [Array])] = []
  public var transform: [Array] = []
  public var data: [String: Attribute] = [:]
  public var targetTransform: [Array] = []
  public var progress: [String: Attribute] = [:]
  public var attributes: [String: Attribute] = [:]

  public init() {}

  public static func == (a: Checkpoint, b: Checkpoint) -> Bool {
    a.groups == b.groups && a.datasets.elementsEqual(b.datasets) { $0 == $1 }
  }

  /// Every array by its path in the file, in the order of the paths.
  var datasets: [(path: String, array: Array)] {
    let all =
      model.map { ("/model/" + $0.name, $0) }
      + optimizer.flatMap { moment, arrays in arrays.map { ("/optimizer/\(moment)/" + $0.name, $0) } }
      + transform.map { ("/data_transform/" + $0.name, $0) }
      + targetTransform.map { ("/target_transform/" + $0.name, $0) }
    return all.sorted { $0.0 < $1.0 }.map { (path: $0.0, array: $0.1) }
  }

  /// The attributes of each group that has any.
  var groups: [String: [String: Attribute]] { ["/": attributes, "/data": data, "/progress": progress] }

  /// The checksum that files of earlier versions hold in place of a seal: CRC-32 (ISO 3309, by zlib) over everything
  /// but itself: paths, shapes, elements, attributes, each in a fixed order.
  var checksum: String {
    var sum = crc32(0, nil, 0)
    func take(_ bytes: UnsafeRawBufferPointer) {
      sum = crc32_z(sum, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }
    func take(_ text: String) {
      var text = text + "\n"
      text.withUTF8 { take(UnsafeRawBufferPointer($0)) }
    }
    for (path, array) in datasets {
      take("\(path) \(array.shape)")
      array.elements.withUnsafeBytes { take($0) }
    }
    for (path, attributes) in groups.sorted(by: { $0.key < $1.key }) {
      for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { take("\(path) \(name) \(value.canonicalText)") }
    }
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

extension Checkpoint.Attribute {
  /// Equal for equal bits.
  fileprivate var canonicalText: String {
    switch self {
    case .integer(let value): "i\(value)"
    case .number(let value): "n\(value.bitPattern)"
    case .text(let value): "t\(value)"
    }
  }

  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  public var number: Double? { if case .number(let value) = self { value } else { nil } }
  public var text: String? { if case .text(let value) = self { value } else { nil } }
}
