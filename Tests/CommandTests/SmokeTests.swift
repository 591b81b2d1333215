import ProcessSupport
import Testing

@Suite struct SmokeTests {
  @Test func versionIsOneLine() throws {
    let result = try run(builtExecutable("ddp-train"), ["version"])
    #expect(result.status == 0, "\(result)")
    #expect(result.outputLines.count == 1)
    #expect(result.output.hasPrefix("ddp-train "))
  }
}
