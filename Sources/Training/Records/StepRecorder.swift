import Basics
import Foundation
import Settings

/// `steps.jsonl`: a line for each step that is written down.
final class StepRecorder: RunRecorder {
  private let run: RecordedRun
  private let file: AppendedFile

  init(_ run: RecordedRun) {
    self.run = run
    file = AppendedFile(run.directory.stepsFile)
  }

  func begin() throws {
    let step = run.trainer.progress.step
    if !run.isResumed { run.directory.setAside(run.directory.stepsFile) }
    try run.directory.cutLines(of: run.directory.stepsFile) { line, _ in
      if case .integer(let written)? = line["step"]?.content { written <= step } else { false }
    }
  }

  func step(_ step: StepFigures) throws { try file.append(line: step.json.line) }

  func problem(_ line: JSONValue) throws { try file.append(line: line.line) }
}
