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

  /// Runs `body`; of its failure, the words that mean nothing to the command at hand give way to others.
  ///
  /// - Parameter words: what takes their place, by the words of the message.
  public static func replacing<Result>(_ words: [String: String], in body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as Failure {
      let text = words.reduce(error.description) { $0.replacing($1.key, with: $1.value) }
      throw Failure(text, exitCode: error.exitCode)
    }
  }

  /// Data or a checkpoint that is missing, damaged or unfit.
  public static func data(_ description: String) -> Failure { Failure(description, exitCode: .data) }
}
