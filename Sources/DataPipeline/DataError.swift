public import Diagnostics
internal import HDF5Storage

/// Data that cannot be used: missing, damaged, of the wrong shape, or not fit for what was asked of it.
public struct DataError: UserFacingError, Equatable {
  /// What is wrong, where (file, data set, row), what was expected and what to do, in one line.
  public let description: String
  /// `.data`, or `.usage` where another option is the remedy.
  public let exitCode: ExitCode

  public init(_ description: String, exitCode: ExitCode = .data) {
    self.description = description
    self.exitCode = exitCode
  }

  init(_ error: HDF5Error) {
    self.init(error.description, exitCode: error.exitCode)
  }
}

/// Runs `body` and lets its storage error, which names file and data set, stand as a data error.
func asDataError<Result: ~Copyable>(_ body: () throws(HDF5Error) -> Result) throws(DataError) -> Result {
  do throws(HDF5Error) {
    return try body()
  } catch {
    throw DataError(error)
  }
}
