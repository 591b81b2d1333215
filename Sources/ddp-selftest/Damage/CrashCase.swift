import Basics
import Training

/// The process crashes, at its own fault or at that of a file.
enum CrashCase {
  static func run(_ kind: String) -> Never {
    DistributedProgram.main(named: "ddp-selftest") {
      switch kind {
      case "memory": crash()
      // More than any integer.
      case "check": return ExitCode(rawValue: Int32.max + Int32(kind.utf8.count)) ?? .done
      case "read": FileReading.call("read", "/train/x\u{1B} in data.h5", crash)
      case "after-read":
        FileReading.call("read", "/train/x in data.h5") {}
        crash()
      default: throw SelfTestFailure("crash: expected memory, check, read or after-read")
      }
      return .done
    }
  }

  private static func crash() {
    let nowhere = UnsafeMutablePointer<Int>(bitPattern: 16 * Int(ExitCode.done.rawValue + 1))
    nowhere?.pointee = 1
  }
}
