internal import CHDF5
public import Basics

/// A file, group, data set or attribute that could not be opened, read or written.
public struct HDF5Error: UserFacingError, Equatable {
  /// What was being done, a verb: `open`, `read`, `write attribute 'version' of`.
  public let operation: String
  /// The path of the file, and the path inside it where there is one: `/train/x in mnist.h5`.
  public let subject: String
  /// The library's own text, or what was found instead of what was expected.
  public let reason: String

  public init(operation: String, subject: String, reason: String) {
    self.operation = operation
    self.subject = subject
    self.reason = reason
  }

  public var description: String { "cannot \(operation) \(subject): \(reason)" }
  public var exitCode: ExitCode { .data }
}

/// The one bridge from the library's statuses to Swift's errors: every call whose failure matters goes through it.
///
/// - Returns: the status, an identifier, a count or a truth value, never negative.
@discardableResult
func check<Status: SignedInteger>(
  _ operation: String, _ subject: String, _ call: @autoclosure () -> Status
) throws(HDF5Error) -> Status {
  chdf5_prepare()
  // A crash while a file is read is the file's fault.
  let status =
    ["write", "create", "replace"].contains(operation) ? call() : FileReading.call(operation, subject, call)
  guard status >= 0 else { throw HDF5Error(operation: operation, subject: subject, reason: libraryText()) }
  return status
}

/// Lets go of an identifier that `check` has returned, of any kind.
///
/// Only for identifiers that hold no unwritten data, or whose failure can no longer be acted on.
func release(_ id: hid_t) {
  chdf5_prepare()
  FileReading.callAgain { _ = H5Iis_valid(id) > 0 ? H5Idec_ref(id) : 0 }
}

/// The error stack of the last call on this thread, in one line: from the call that failed to its innermost cause.
private func libraryText() -> String {
  var frames: [String] = []
  withUnsafeMutablePointer(to: &frames) { frames in
    _ = H5Ewalk2(
      chdf5_error_stack(), H5E_WALK_DOWNWARD,
      { _, frame, context in
        if let text = frame?.pointee.desc {
          context?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: text))
        }
        return 0
      }, frames)
  }
  guard let outer = frames.first, let inner = frames.last else { return "the HDF5 library gives no reason" }
  // A failed system call is described with pointers, sizes and times around the one part that a person can use.
  if let start = inner.end(ofText: "error message = '"), let end = inner[start...].firstIndex(of: "'") {
    return "\(outer): \(inner[start..<end])"
  }
  var chain: [String] = []
  for text in [outer] + frames.suffix(2) where !chain.contains(text) { chain.append(text) }
  let remedy = frames.contains(where: isOfNewerFormat) ? newerFormat : ""
  return chain.joined(separator: ": ").replacingNewlines() + remedy
}

/// Whether the library says that it does not know a version of a part of the format.
private func isOfNewerFormat(_ text: String) -> Bool {
  text.contains("version") && ["bad", "unknown", "wrong", "unsupported", "incorrect"].contains { text.contains($0) }
}

/// Versions are seldom what damage hits first.
private let newerFormat =
  "; it is of a newer HDF5 format than this program's library (\(H5_VERS_MAJOR).\(H5_VERS_MINOR).\(H5_VERS_RELEASE)) "
  + "reads, or damaged; rewrite it with a newer HDF5: h5repack --low=0 --high=2 OLD.h5 NEW.h5, or in h5py with "
  + "libver=('earliest', 'v110')"

extension String {
  /// The index just behind the first occurrence of `text`.
  fileprivate func end(ofText text: String) -> Index? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacingNewlines() -> String { String(map { $0.isNewline ? " " : $0 }) }
}
