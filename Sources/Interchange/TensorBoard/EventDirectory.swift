public import Basics
import Foundation

/// The event files of one run of TensorBoard, a directory: a file for each time that the run was started.
///
/// A file is a list of records as TFRecord has them: the length of an event in 8 bytes, the masked checksum of these,
/// the event, and its masked checksum. Numbers have their lowest byte first.
public final class EventDirectory {
  public let path: String
  private var file: AppendedFile?

  public init(_ path: String) { self.path = path }

  /// Adds an event; the first makes directory and file.
  ///
  /// - Throws: where it cannot be written, as on a full disk; what stood in the file is then untouched.
  public func append(_ event: TensorBoardEvent) throws {
    let file = try self.file ?? begin(event.wallTime)
    self.file = file
    try file.append(Self.record(event))
  }

  /// A file whose name comes behind those of the earlier ones, which is the order that TensorBoard reads them in.
  private func begin(_ time: Double) throws -> AppendedFile {
    var made = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      made += component
      if mkdir(made, 0o777) != 0 && errno != EEXIST { throw systemFailure("make", made, errno, isOfRun: true) }
      made += "/"
    }
    let last = files.compactMap { Int($0.split(separator: ".").dropFirst(3).first ?? "") }.max() ?? 0
    var host = [CChar](repeating: 0, count: 256)
    gethostname(&host, host.count - 1)
    let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let second = String(max(Int(time), last + 1))
    let padded = String(repeating: "0", count: max(0, 10 - second.count)) + second
    let file = AppendedFile("\(path)/events.out.tfevents.\(padded).\(name.replacing("/", with: "_")).\(getpid()).0")
    try file.append(Self.record(TensorBoardEvent(wallTime: time, .fileVersion("brain.Event:2"))))
    return file
  }

  /// The names of the event files, in the order in which they were begun.
  private var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasPrefix("events.out.tfevents.") }.sorted()
  }

  // MARK: Reading and cutting back

  /// The events of all files in their order, without a half one at the end of a file whose writer was killed.
  ///
  /// - Throws: where a file cannot be read or is damaged.
  public func events() throws -> [TensorBoardEvent] {
    try files.flatMap { name in try Self.events(in: path + "/" + name).map(\.event) }
  }

  /// Cuts each file off before the first event that is not `kept`.
  ///
  /// - Throws: where a file cannot be read, cut off, or is damaged.
  public func cut(_ kept: (TensorBoardEvent) -> Bool) throws {
    for name in files {
      let file = path + "/" + name
      let events = try Self.events(in: file)
      let end = events.first { !kept($0.event) }?.offset ?? events.last?.end ?? 0
      let descriptor = open(file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { throw systemFailure("open", file, errno, isOfRun: true) }
      defer { close(descriptor) }
      guard ftruncate(descriptor, off_t(end)) == 0 else { throw systemFailure("write", file, errno, isOfRun: true) }
    }
  }

  /// Deletes all event files, those of a part that is written anew.
  public func clear() { for name in files { unlink(path + "/" + name) } }

  private static func record(_ event: TensorBoardEvent) -> [UInt8] {
    let message = event.message
    let length = withUnsafeBytes(of: UInt64(message.count).littleEndian, Array.init)
    func sum(_ bytes: [UInt8]) -> [UInt8] { withUnsafeBytes(of: CRC32C.masked(bytes).littleEndian, Array.init) }
    return length + sum(length) + message + sum(message)
  }

  private static func events(in file: String) throws -> [(event: TensorBoardEvent, offset: Int, end: Int)] {
    let bytes: [UInt8]
    do { bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file))) } catch {
      throw Failure.data("cannot read \(file): \(error.localizedDescription)")
    }
    func damage(_ offset: Int) -> Failure {
      Failure.data("\(file): is damaged at byte \(offset); move it away")
    }
    func number<Value: FixedWidthInteger>(_ offset: Int) -> Value {
      bytes[offset..<offset + MemoryLayout<Value>.size].reversed().reduce(0) { $0 << 8 | Value($1) }
    }
    var events: [(event: TensorBoardEvent, offset: Int, end: Int)] = []
    var offset = 0
    while bytes.count - offset >= 12 {
      guard CRC32C.masked(bytes[offset..<offset + 8]) == number(offset + 8) as UInt32 else { throw damage(offset) }
      let length: UInt64 = number(offset)
      let start = offset + 12
      guard length <= UInt64(max(0, bytes.count - start - 4)) else { break }
      let end = start + Int(length)
      guard CRC32C.masked(bytes[start..<end]) == number(end) as UInt32 else { throw damage(start) }
      let event: TensorBoardEvent
      do { event = try TensorBoardEvent(bytes[start..<end]) } catch { throw damage(start) }
      events.append((event, offset, end + 4))
      offset = end + 4
    }
    return events
  }
}
