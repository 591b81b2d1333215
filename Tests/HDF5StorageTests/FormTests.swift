import Foundation
import HDF5Storage
import Testing

/// The path of a file that `Tests/Fixtures/make_form_fixtures.py` made.
private func form(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/forms/\(name)").path
}

private func open(_ name: String) throws -> HDF5File { try HDF5File.open(form(name)) }

/// What h5py, pandas or scipy read.
private struct Expected: Decodable {
  let shape: [Int]
  let values: [Double]

  static let all: [String: Expected] = {
    let data = FileManager.default.contents(atPath: form("expected.json")) ?? Data()
    return (try? JSONDecoder().decode([String: Expected].self, from: data)) ?? [:]
  }()
}

@Suite("Forms of rows in HDF5 files")
struct FormTests {
  @Test(arguments: [
    ("kinds.h5", "/train/x"), ("kinds.h5", "/bits"), ("records.h5", "/table:{n,a}"),
    ("records.h5", "/table:{wide,n}"), ("records.h5", "/table:box"), ("records.h5", "/table:n"),
    ("pytables.h5", "/table:{c,b,a}"), ("pandas_table.h5", "/df:{age,größe,male,height}"),
    ("pandas_columns.h5", "/df:{age,größe,male,height}"), ("pandas_fixed.h5", "/df:{age,größe,male,height}"),
    ("cells.h5ad", "/X"), ("cells_dense.h5ad", "/X"), ("cells.h5ad", "/obs:n"), ("groups.h5", "/*/image"),
  ])
  func equalsWhatOthersRead(file: String, path: String) throws {
    let name = file == "cells_dense.h5ad" ? "cells.h5ad /X" : "\(file) \(path)"
    let expected = try #require(Expected.all[name])
    let rows = try open(file).samples(features: path, labels: nil).features
    #expect(rows.shape == expected.shape)
    #expect(try rows.readAll(as: Double.self) == expected.values)
    // In pieces, in any order, and opened again by its form alone.
    let again = try rows.file.rows(rows.path, rows.form)
    let width = rows.rowElementCount
    for piece in [3..<7, 0..<1, 6..<8, 1..<1] {
      let part = Array(expected.values[piece.lowerBound * width..<piece.upperBound * width])
      #expect(try again.read(rows: piece, as: Double.self) == part)
    }
  }

  @Test(arguments: [
    ("texts.h5", "/train/y", ["setosa", "versicolor", "virginica", "zürich"]),
    ("pandas_table.h5", "/df:species", ["iris", "lily", "rose"]),
    ("pandas_table.h5", "/df:kind", ["p", "q", "r"]), ("cells.h5ad", "/obs/cell_type", nil),
    ("groups.h5", "/*/label", nil),
  ])
  func labels(file: String, path: String, classes: [String]?) throws {
    let expected = try #require(Expected.all["\(file) \(path)"])
    let features = ["texts.h5": "/train/x", "cells.h5ad": "/X", "groups.h5": "/*/image"][file] ?? "/df:age"
    let rows = try #require(try open(file).samples(features: features, labels: path).labels)
    #expect(rows.shape == expected.shape)
    #expect(try rows.readAll(as: Double.self) == expected.values)
    #expect(rows.classNames == classes)
    #expect(
      try rows.file.rows(rows.path, rows.form).read(rows: 2..<5, as: Double.self) == Array(expected.values[2..<5]))
  }

  @Test func textsInRecords() throws {
    let rows = try #require(try open("records.h5").samples(features: "/table:a", labels: "/table:kind").labels)
    #expect(rows.classNames == ["one", "two"])
    #expect(try rows.readAll(as: Int32.self) == [0, 1, 0, 1, 0, 1, 0, 1])
    let members = try #require(try open("records.h5").samples(features: "/table:a", labels: "/table:ok").labels)
    #expect(members.classNames == ["cat", "dog", "eel"])
    let moves = try #require(try open("pytables.h5").samples(features: "/table:a", labels: "/table:y").labels)
    #expect(moves.classNames == ["down", "up"])
    #expect(try moves.readAll(as: Int.self) == [1, 0, 1, 0, 1, 0, 1, 0])
  }

  @Test func aTableWithoutColumnsIsAllThatAreNoLabels() throws {
    let samples = try open("records.h5").samples(features: "/numbers", labels: "/numbers:n")
    #expect(samples.features.columnNames == ["a", "wide"])
    #expect(samples.features.shape == [8, 2])
    #expect(samples.labels?.columnNames == ["n"])
    #expect(try samples.features.elementType == .float64)
    #expect(
      message { _ = try open("records.h5").samples(features: "/table", labels: "/table:n") }
        .contains("its column 'kind' holds texts; name those to take, as in '/table:{a,wide,box,ok}'"))
  }

  @Test func namesOfRows() throws {
    #expect(try open("cells.h5ad").rowNames(at: "/X")?.names.prefix(2) == ["cell0", "cell1"])
    #expect(try open("pandas_table.h5").rowNames(at: "/df:age")?.names.last == "plant 7")
    #expect(try open("pandas_fixed.h5").rowNames(at: "/df:age")?.names.last == "plant 7")
    #expect(try open("pandas_columns.h5").rowNames(at: "/df:age") == nil)
    // In natural order.
    #expect(try open("groups.h5").rowNames(at: "/*/image")?.names == (0..<12).map { "sample_\($0)" })
  }

  @Test func columnsOfCellsAreTheTransposeOfTenX() throws {
    let rows = try open("tenx.h5").samples(features: "/matrix", labels: "/y").features
    #expect(rows.shape == [8, 5])
    #expect(try rows.readAll(as: Double.self) == Expected.all["cells.h5ad /X"]?.values)
  }

  @Test func samplesAlongAnotherAxis() throws {
    func check(_ features: String, _ labels: String, axis: Int) throws {
      let samples = try open("axes.h5").samples(features: features, labels: labels, axis: axis)
      for (rows, path) in [(samples.features, features), (try #require(samples.labels), labels)] {
        guard let expected = Expected.all["axes.h5 \(path.dropFirst())"] else { continue }
        #expect(rows.shape == expected.shape)
        #expect(try rows.readAll(as: Double.self) == expected.values)
        let width = rows.rowElementCount
        #expect(try rows.read(rows: 3..<5, as: Double.self) == Array(expected.values[3 * width..<5 * width]))
      }
      #expect(samples.labels?.rowCount == 8)
    }
    try check("/columns", "/y", axis: -1)
    try check("/columns", "/targets", axis: 1)
    try check("/volumes", "/targets", axis: 1)
    #expect(
      message { _ = try open("axes.h5").samples(features: "/columns", labels: nil, axis: 2) }
        .contains("its shape is [6, 8], which has no axis 2"))
  }

  @Test func matlab() throws {
    let file = try open("matlab.mat")
    let names = try file.samples(features: "/X", labels: "/names")
    #expect(try names.features.readAll(as: Double.self) == Expected.all["matlab.mat X"]?.values)
    for path in ["/names", "/cells"] {
      let labels = try #require(try file.samples(features: "/X", labels: path).labels)
      #expect(labels.classNames == ["setosa", "versicolor", "virginica", "zürich"])
      #expect(try labels.readAll(as: Double.self) == Expected.all["texts.h5 /train/y"]?.values)
      #expect(try labels.read(rows: 4..<6, as: Int32.self) == [3, 1])
    }
    #expect(try file.samples(features: "/X", labels: "/L").labels?.rowCount == 8)
  }

  @Test(arguments: [
    ("csr_back.h5", "/X", "row 3 is said to go from 9 to 7"), ("csr_beyond.h5", "/X", "has a value in column 5 of 5"),
    ("csr_negative.h5", "/X", "has a value in column -"), ("csr_twice.h5", "/X", "twice; add them up"),
    ("csr_end.h5", "/X", "indptr goes from 1 to 17, expected 0 to 16"),
    ("csr_short.h5", "/X", "it has 16 data and 15 indices"),
    ("csr_shape.h5", "/X", "of 9 rows, but indptr has the beginnings of 8"),
    ("csr_huge.h5", "/X", "more elements than any machine can hold"), ("csc.h5", "/X", "write X.tocsr()"),
    ("records.h5", "/table:{a,b}", "it has no column 'b'; its columns are a, n, wide, box, kind, ok"),
    ("records.h5", "/table:{a,a}", "the column 'a' is named twice"), ("records.h5", "/table:{}", "no column is named"),
    ("records.h5", "/table:kind", "texts are names of classes"), ("records.h5", "/none:a", "there is no such table"),
    ("records.h5", "/table", "name those to take, as in '/table:{a,n,wide,box,ok}'"),
    ("pandas_table.h5", "/df:day", "holds dates or times"), ("pandas_fixed.h5", "/df:day", "holds dates or times"),
    ("groups_odd.h5", "/*/image", "/sample_7/image"), ("groups_missing.h5", "/*/label", "/sample_7/label"),
    ("groups.h5", "/*/*", "expected one *"), ("groups.h5", "/nothing/*/x", "there is no group /nothing"),
    ("matlab.mat", "/S", "it is a struct of MATLAB, with the fields inner"),
    ("matlab.mat", "/cells", "it is a cell array of MATLAB"),
  ])
  func damage(file: String, path: String, text: String) {
    let error = message {
      _ = try open(file).samples(features: path, labels: nil).features.readAll(as: Double.self)
    }
    #expect(error.contains(text), "\(error)")
  }

  @Test(arguments: [
    ("/empty/y", "row 7 names no class: its text is empty"), ("/latin/y", "row 7 is no UTF-8 text"),
  ])
  func unfitTexts(path: String, text: String) {
    let error = message { _ = try open("texts.h5").samples(features: "/train/x", labels: path) }
    #expect(error.contains(text), "\(error)")
  }
}
