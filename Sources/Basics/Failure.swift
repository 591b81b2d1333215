/// Something that cannot be done, for a reason that a person can read: the plain error beside those that carry
/// structure.
public struct Failure: UserFacingError, Equatable {
  /// What is wrong, where (file, data set, row), what was expected and what to do, in one line.
  public let description: String
  public let exitCode: ExitCode

  public init(_ description: String, exitCode: ExitCode) {
    self.description = description
    self.exitCode = exitCode
  }

  /// Wrong arguments or a wrong configuration, or anything else whose remedy is another option.
  public static func usage(_ description: String) -> Failure { Failure(description, exitCode: .usage) }

  /// Data or a checkpoint that is missing, damaged or unfit.
  public static func data(_ description: String) -> Failure { Failure(description, exitCode: .data) }
}
