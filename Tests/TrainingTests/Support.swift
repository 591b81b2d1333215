import Training
import Settings
import Testing

/// The description of the error that `body` throws; records a failure and gives an empty text if it throws none.
func message<Result>(
  _ body: () throws(SettingsError) -> Result, sourceLocation: SourceLocation = #_sourceLocation
) -> String {
  do throws(SettingsError) {
    let result = try body()
    Issue.record("expected an error, got \(result)", sourceLocation: sourceLocation)
    return ""
  } catch {
    return error.description
  }
}

/// `text` read as a configuration named run.json5.
func configuration(_ text: String) throws(SettingsError) -> TrainingConfiguration {
  try TrainingConfiguration(try JSON5Parser.parse(text, file: "run.json5"))
}
