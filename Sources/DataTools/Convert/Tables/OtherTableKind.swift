import Basics
import Foundation

/// Tables in files that are no text, by their first bytes, and how they become text.
enum OtherTableKind: String, CaseIterable {
  case parquet = "Parquet"
  case feather = "Feather (Arrow)"
  case workbook = "an Excel workbook"
  case database = "an SQLite database"
  case hdf5 = "HDF5"

  private var mark: [UInt8] {
    switch self {
    case .parquet: Array("PAR1".utf8)
    case .feather: Array("ARROW1".utf8)
    case .workbook: [0x50, 0x4B, 3, 4]
    case .database: Array("SQLite format 3".utf8)
    case .hdf5: [0x89] + Array("HDF".utf8)
    }
  }

  /// - Parameter path: of the file, for the command.
  private func remedy(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    func pandas(_ reader: String) -> String {
      "write it as CSV with pandas: python3 -c \"import pandas; pandas.\(reader)('\(name)').to_csv('table.csv', "
        + "index=False)\""
    }
    return switch self {
    case .parquet: pandas("read_parquet")
    case .feather: pandas("read_feather")
    case .workbook: pandas("read_excel")
    case .database: "write a table of it as CSV: sqlite3 -header -csv \(name) 'select * from TABLE' > table.csv"
    case .hdf5: "give it to train as --data, without converting it"
    }
  }

  /// - Throws: `Failure` for a file of such a kind. One that cannot be read is left to whoever reads it.
  static func check(_ path: String) throws {
    var status = stat()
    // A pipe would lose what is looked at.
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let handle = try? FileHandle(forReadingFrom: URL(filePath: path)), let start = try? handle.read(upToCount: 16)
    else { return }
    guard let kind = allCases.first(where: { start.starts(with: $0.mark) }) else { return }
    throw Failure.data("\(path): is \(kind.rawValue), expected text; \(kind.remedy(path))")
  }

  /// What is said of formats that people look for and that are not there, by their names.
  static let absentFormats: [String: String] = [
    "parquet": parquet.remedy("t.parquet"), "feather": feather.remedy("t.feather"), "excel": workbook.remedy("t.xlsx"),
    "xlsx": workbook.remedy("t.xlsx"), "sqlite": database.remedy("t.db"),
  ]
}

extension DataFormats {
  /// How files of a format that is none of `all` are converted after all; nil for an unknown one.
  public static func detour(_ name: String) -> String? { OtherTableKind.absentFormats[name.lowercased()] }
}
