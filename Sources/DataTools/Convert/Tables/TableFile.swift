import Basics
import Foundation

/// A table in a file, read as often as needed from front to back.
///
/// What can be read but once, such as a pipe, is kept in a temporary file without a name.
final class TableFile {
  /// What messages call it.
  let path: String
  let heading: TableHeading
  /// How it writes numbers.
  var numbers: NumberSyntax { options.numbers }
  private let options: TableOptions
  private let spool: SpooledFile?
  /// Records that repeat the header, as found by the last reading.
  private(set) var repeatedHeaders = 0
  /// What was found about how it is written, one line each.
  private(set) var notes: [String] = []
  /// Of the reading that still is to come, the part that counts as progress.
  private var remaining = 1.0

  /// - Parameters:
  ///   - output: the file beside which it may be kept.
  ///   - known: names of columns that options give.
  /// - Throws: `Failure` for a file that is missing or has no record.
  init(path: String, beside output: String, options: TableOptions, known: [String]) throws {
    self.path = path
    self.options = options
    try SourceFile.requireFile(path)
    try OtherTableKind.check(path)
    spool = SpooledFile.isReadable(path) ? nil : try SpooledFile(copying: path, beside: output)
    let reader = try CSVReader(path: spool?.path ?? path, called: path, options: options, share: 0)
    guard try reader.next() else { throw Failure.data("\(path): no record in the file") }
    heading = TableHeading(reader, rule: options.header, known: known)
    if options.delimiter.byte == nil, reader.delimiter != UInt8(ascii: ",") {
      let name = reader.delimiter == 0x09 ? "tabs" : "'\(Delimiter.name(reader.delimiter))'"
      notes.append("\(path.escaped): cells are divided by \(name); --delimiter names another character")
    }
    // All words in the first two lines: either could be the header.
    guard heading.names != nil, options.header == .automatic, try reader.next() else { return }
    let record = reader.record
    let hasValue = (0..<record.fieldCount).contains { field in
      reader.number(field) != nil || CellWords.isMissing(record.cell(field))
    }
    if !hasValue {
      notes.append("\(path.escaped): its first line names the columns; --header no takes it for a row")
    }
  }

  /// Reads all rows.
  ///
  /// - Parameters:
  ///   - passes: how many times more it is read, this time included.
  ///   - body: is given each record and its line.
  /// - Throws: what `body` throws, and for a record of another length than the first.
  func forEachRow(passes: Int, _ body: (CSVReader.Record, Int) throws -> Void) throws {
    let share = remaining / Double(max(1, passes))
    remaining -= share
    let reader = try CSVReader(path: spool?.path ?? path, called: path, options: options, share: share)
    repeatedHeaders = 0
    if heading.names != nil { _ = try reader.next() }
    let mark = heading.names?.first?.utf8.count ?? -1
    while try reader.next() {
      let record = reader.record, line = reader.line
      if record.count(0) == mark, heading.isRepeated(record) {
        repeatedHeaders += 1
        continue
      }
      try heading.check(record, line: line)
      try body(record, line)
    }
  }

  /// What is said of rows that repeat the header.
  var repetitionNote: String? {
    repeatedHeaders == 0
      ? nil : "\(path.escaped): \(plural(repeatedHeaders, "line")) that repeat the header are left out"
  }
}

/// A copy of what can be read but once, in a file that is gone with it, whatever ends the process.
private final class SpooledFile {
  /// By which it can be opened again.
  let path: String
  private let descriptor: Int32

  /// Whether a path can be read several times.
  static func isReadable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// - Throws: where it cannot be read, or there is no room for it beside the output.
  init(copying source: String, beside output: String) throws {
    let name = AtomicFile.temporaryName(for: output + ".rows")
    descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Failure.data("\(name): cannot be made to keep \(source): \(String(cString: strerror(errno)))")
    }
    unlink(name)
    path = "/proc/self/fd/\(descriptor)"
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else {
      throw Failure.data("\(source): cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(input) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = read(input, buffer.baseAddress, buffer.count)
      if count == 0 { break }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw Failure.data("\(source): cannot be read: \(String(cString: strerror(errno)))")
      }
      var written = 0
      while written < count {
        let part = write(descriptor, buffer.baseAddress?.advanced(by: written), count - written)
        if part < 0, errno == EINTR { continue }
        guard part > 0 else {
          throw Failure.data(
            "\(source): its rows cannot be kept beside \(output) to be read again: \(String(cString: strerror(errno)))")
        }
        written += part
      }
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
