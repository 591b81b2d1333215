import DataPipeline
import Foundation
import Testing

/// Names as other programs write them; Tests/Fixtures/make_hdf5_fixtures.py says how each came about.
@Suite struct NameReadingTests {
  private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/hdf5/names.h5").path

  private func names(_ features: String, _ labels: String) throws -> DataNames {
    try DataSource.open(Self.path, features: features, labels: labels).split(.train).names
  }

  @Test(arguments: ["text", "beside"])
  func ofOneTextOrBeside(group: String) throws {
    let names = try names("/\(group)/x", "/\(group)/y")
    #expect(names.columns == ["a", "b", "c"])
    #expect(names.classes == ["cat", "dog"])
  }

  @Test func ofLists() throws {
    let names = try names("/lists/x", "/lists/y")
    #expect(names.columns == ["a", "b", "größer"])
    #expect(names.classes == ["cat", "dog"])
  }

  @Test func ofNetCDFFlags() throws {
    #expect(try names("/flags/x", "/flags/y") == DataNames(classes: ["cat", "dog"]))
  }

  @Test func ofEnumerations() throws {
    #expect(try names("/enum/x", "/enum/y") == DataNames(classes: ["cat", "dog"]))
  }

  @Test func ofDimensionScales() throws {
    #expect(try names("/scale/x", "/scale/y") == DataNames(columns: ["a", "b", "c"]))
  }

  @Test func ofPandas() throws {
    #expect(try names("/df/block0_values", "/flags/y").columns == ["a", "b", "c"])
  }

  @Test func ofAnnData() throws {
    let expected = DataNames(columns: ["a", "b", "c"], classes: ["cat", "dog"])
    #expect(try names("/X", "/obs/cell_type/codes") == expected)
  }

  @Test func unfitLists() {
    #expect(
      message { _ = try names("/unfit/x", "/unfit/y") }
        == "\(Self.path): /unfit/x has 3 columns, but its attribute 'names' has 2 names; give every column a name, or "
        + "remove the attribute")
    #expect(message { _ = try names("/twice/x", "/twice/y") }.contains("two of its classes are called 'cat'"))
  }
}
