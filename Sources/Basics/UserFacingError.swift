/// An error that ends a run: one clear line for the person, and the exit code for the script.
///
/// `description` says what went wrong, where (file, dataset, rank), what was expected and what to do, on one line.
public protocol UserFacingError: Error, CustomStringConvertible, Sendable {
  var exitCode: ExitCode { get }
}
