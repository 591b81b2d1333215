import Basics
import Foundation
import Settings

/// A file in the format safetensors (github.com/huggingface/safetensors): a header in JSON, then the numbers.
///
/// ```text
/// 8 bytes    N, the size of the header, little-endian
/// N bytes    { "__metadata__": { "key": "text" },
///              "0.weight": { "dtype": "F32", "shape": [128, 64], "data_offsets": [0, 32768] }, … }
/// the rest   the elements, row-major and little-endian; offsets count from here
/// ```
///
/// As the format asks, the tensors cover the rest of the file without holes and without overlaps. Every size is held
/// against the file before memory is taken for it.
public struct SafetensorsFile: Sendable {
  /// One named array.
  public struct Tensor: Sendable, Equatable {
    public let name: String
    public let type: SafetensorsType
    /// Empty for a single number.
    public let shape: [Int]
    /// Where its bytes stand behind the header.
    fileprivate let bytes: Range<Int>
  }

  public let path: String
  /// In the order of their bytes.
  public let tensors: [Tensor]
  /// What the writer has said beside them.
  public let metadata: [String: String]
  private let data: Data

  /// What the format's own library accepts.
  static let greatestHeader = 100_000_000
  private static let metadataKey = "__metadata__"

  /// Reads the header; elements are read as they are asked for.
  ///
  /// - Throws: a `Failure` where the file is missing or not as the format has it.
  public init(_ path: String) throws {
    self.path = path
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw errno == ENOENT
        ? Failure.data("cannot open \(path): there is no such file") : systemFailure("read", path, errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure.data("\(path): it is no regular file, expected a safetensors file")
    }
    do { data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) } catch {
      throw systemFailure("read", path, errno == 0 ? EIO : errno)
    }
    let problem = SafetensorsProblem(path: path)
    let header = try Self.header(of: data, problem)
    let content = data.count - 8 - header.utf8.count
    let json: JSONValue
    do { json = try JSON5Parser.parse(header, file: path) } catch {
      throw problem("its header is no JSON: \(error.message.shortened(to: 200))")
    }
    guard let members = json.members else { throw problem("its header is no JSON object") }
    metadata = try Self.metadata(members.first { $0.key == Self.metadataKey }?.value, problem)
    tensors = try members.filter { $0.key != Self.metadataKey }.map { try Self.tensor($0, problem) }
      .sorted { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
    try Self.checkCover(tensors, content: content, problem)
  }

  /// The elements of one of its tensors, each rounded to the nearest `Float`.
  public func floats(_ tensor: Tensor) -> [Float] {
    data.withUnsafeBytes { bytes in
      let start = bytes.count - (tensors.last?.bytes.upperBound ?? 0)
      return tensor.type.floats(
        UnsafeRawBufferPointer(rebasing: bytes[start + tensor.bytes.lowerBound..<start + tensor.bytes.upperBound]))
    }
  }

  // MARK: The header

  private static func header(of data: Data, _ problem: SafetensorsProblem) throws -> String {
    guard data.count >= 8 else { throw problem("it has only \(data.count) bytes") }
    let size = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard size <= UInt64(greatestHeader) else {
      throw problem("it announces a header of \(size) bytes, more than the \(greatestHeader) of the format")
    }
    guard Int(size) <= data.count - 8 else {
      throw problem("it announces a header of \(size) bytes, and \(data.count - 8) follow")
    }
    let bytes = data.dropFirst(8).prefix(Int(size))
    guard bytes.first == UInt8(ascii: "{"), let text = String(validating: bytes, as: UTF8.self) else {
      throw problem("its header is no JSON object")
    }
    return text
  }

  private static func metadata(_ value: JSONValue?, _ problem: SafetensorsProblem) throws -> [String: String] {
    guard let value else { return [:] }
    guard let members = value.members else { throw problem("its \(metadataKey) is no object of texts") }
    return try Dictionary(
      uniqueKeysWithValues: members.map { member in
        guard case .string(let text) = member.value.content else {
          throw problem("'\(member.key.shownName)' in its \(metadataKey) is no text")
        }
        return (member.key, text)
      })
  }

  private static func tensor(_ member: JSONValue.Member, _ problem: SafetensorsProblem) throws -> Tensor {
    let name = member.key.shownName
    guard let keys = member.value.members?.map(\.key), Set(keys) == ["dtype", "shape", "data_offsets"] else {
      throw problem("the entry of '\(name)' is not { dtype, shape, data_offsets }")
    }
    guard case .string(let text)? = member.value["dtype"]?.content else {
      throw problem("the dtype of '\(name)' is no text")
    }
    guard let type = SafetensorsType(rawValue: text) else {
      throw Failure.data(
        "\(problem.path): '\(name)' is of the type \(text.shownName), expected one of "
          + "\(SafetensorsType.allCases.map(\.rawValue).joined(separator: ", ")); convert it, in PyTorch by .float()")
    }
    guard let shape = counts(member.value["shape"]) else { throw problem("the shape of '\(name)' is no list of sizes") }
    guard let offsets = counts(member.value["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1] else {
      throw problem("the data_offsets of '\(name)' are not [begin, end]")
    }
    var size = type.byteCount
    for extent in shape {
      let (product, overflows) = size.multipliedReportingOverflow(by: extent)
      guard !overflows else { throw problem("'\(name)' of shape \(shape) has more elements than any file") }
      size = product
    }
    guard offsets[1] - offsets[0] == size else {
      throw problem("'\(name)' of shape \(shape) in \(text) takes \(size) bytes, but has \(offsets[1] - offsets[0])")
    }
    return Tensor(name: member.key, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }

  /// A list of whole numbers that are not negative; nil for anything else.
  private static func counts(_ value: JSONValue?) -> [Int]? {
    guard case .array(let elements)? = value?.content, elements.count <= 64 else { return nil }
    var result: [Int] = []
    for element in elements {
      guard case .integer(let count) = element.content, count >= 0 else { return nil }
      result.append(count)
    }
    return result
  }

  /// - Parameter tensors: in the order of their bytes.
  private static func checkCover(_ tensors: [Tensor], content: Int, _ problem: SafetensorsProblem) throws {
    var end = 0
    for tensor in tensors {
      guard tensor.bytes.lowerBound == end else {
        let what = tensor.bytes.lowerBound < end ? "overlaps another" : "leaves a hole before it"
        throw problem("'\(tensor.name.shownName)' at byte \(tensor.bytes.lowerBound) \(what), expected byte \(end)")
      }
      end = tensor.bytes.upperBound
    }
    guard end <= content else { throw problem("truncated: its tensors take \(end) bytes, and \(content) are there") }
    guard end == content else { throw problem("\(content - end) bytes follow its last tensor") }
  }
}

/// What is wrong with a file that is not as the format has it.
private struct SafetensorsProblem {
  let path: String

  func callAsFunction(_ reason: String) -> Failure {
    .data("\(path): not a whole safetensors file: \(reason); fetch or write it again")
  }
}
