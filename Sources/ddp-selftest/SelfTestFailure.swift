import Collectives
import Basics

/// Something that is not as it must be.
struct SelfTestFailure: UserFacingError {
  let description: String
  let exitCode = ExitCode.replicas

  init(_ description: String) { self.description = description }
}

/// Throws unless `condition` holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  guard condition else { throw SelfTestFailure(message()) }
}
