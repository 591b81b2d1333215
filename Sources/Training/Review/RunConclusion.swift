import Basics
import Foundation
internal import Reports
import Settings

/// What is written and said of a run that is over beside its figures: material, diagnosis, page. On rank 0.
struct RunConclusion {
  let findings: [Finding]
  /// By the clock, so that equal runs may differ in them.
  let timingFindings: [Finding]
  /// Where the page will be; nil without one.
  let page: String?
  private let record: RunRecord
  private let directory: RunDirectory

  /// Diagnoses a run by its files.
  ///
  /// - Parameters:
  ///   - material: of `RunReview`.
  ///   - rows: the rows of a step.
  ///   - writesReport: whether there will be a page.
  init(
    _ directory: RunDirectory, material: JSONValue, writesReport: Bool, rows: @escaping (StepPlace) -> [Int]
  ) throws {
    self.directory = directory
    page = writesReport ? "\(directory.path)/\(RunRecord.pageFile)" : nil
    record = try RunRecord(directory: directory.path, material: material)
    findings = Diagnosis.findings(record, rows: rows)
    timingFindings = Diagnosis.timingFindings(record)
  }

  /// What the screen says; nothing of a run that has nothing wrong with it.
  var lines: [String] { (findings + timingFindings).flatMap(\.lines) }

  /// Writes `report.json` and `report.html`, unless that is turned off.
  ///
  /// - Parameter summary: as `summary.json` has it.
  func writeReport(summary: JSONValue) throws {
    guard let page else { return }
    var record = record
    record.summary = summary
    try AtomicFile.write(
      Data((record.material.line + "\n").utf8), to: "\(directory.path)/\(RunRecord.materialFile)", isOfRun: true)
    try AtomicFile.write(
      Data(RunReport([record]).page.utf8), to: page, isOfRun: true)
  }
}
