/// The file formats that `DataConversion` reads.
public enum SourceFormat: String, CaseIterable, Sendable {
  /// IDX, the format of MNIST, plain or gzip.
  case idx
  /// The binary version of CIFAR-10.
  case cifar10
  /// Comma-separated values.
  case csv
  /// Comma-separated values with a text in one column and its class in another.
  case textCSV = "text-csv"
  /// Arrays saved by NumPy.
  case npy
  /// Plain text, for models that predict the next character.
  case text
}

/// Whether a CSV file's first record is a header.
public enum HeaderRule: String, CaseIterable, Sendable {
  /// A header is a first record without any number, or one with a usual name of a label column.
  case automatic = "auto"
  case present = "yes"
  case absent = "no"
}

/// How the label column of a CSV file becomes numbers.
public enum LabelKind: String, CaseIterable, Sendable {
  /// Names become classes; whole numbers stay as they are; other numbers are regression targets.
  case automatic = "auto"
  /// Each different cell is a class, sorted and numbered from 0.
  case classes
  /// float32 targets of a regression.
  case values
}

/// What a conversion may be told beside its sources.
public struct ConversionOptions: Sendable {
  /// gzip level 1 to 9 of the output, with the shuffle filter, in chunks of whole rows; 0 stores the arrays contiguous
  /// and uncompressed, which is fastest to read in shards.
  public var gzip = 0
  /// CSV: whether the first record names the columns.
  public var header = HeaderRule.automatic
  /// CSV: the name of the label column, or its number from 0 (−1 is the last). If nil, the column named label, target,
  /// class, y or species, else the last.
  public var label: String?
  /// CSV: how labels become numbers.
  public var labelKind = LabelKind.automatic
  /// CSV: the byte between cells.
  public var delimiter = UInt8(ascii: ",")
  /// CSV, also with text: a second file, which becomes the test split.
  public var testFile: String?
  /// CSV: the fraction of the rows, 0 to 1, that becomes the test split, stratified by class; nil for none.
  public var testFraction: Double?
  /// The seed of the choice of test rows.
  public var seed: UInt64 = 0

  /// Text in CSV: the name or number of the text's column; nil for one with a usual name, such as text or review, or the first that
  /// is not the label's.
  public var text: String?
  /// Text in CSV: words of a row; nil for the longest of the training split, up to 256.
  public var length: Int?
  /// Text in CSV: the size of the vocabulary, padding and unknown words included; nil for 10,000.
  public var vocabulary: Int?
  /// Text in CSV: an earlier output whose vocabulary, length and classes are to be used.
  public var like: String?

  /// Text: characters of a window.
  public var context = 64
  /// Text: characters from the start of one window to the next; nil for `context`, so that windows do not overlap.
  public var stride: Int?
  /// Text: the fraction at the end of the text that becomes the validation split.
  public var validationFraction = 0.1

  public init() {}
}

/// One array of a data set that was written.
public struct WrittenArray: Encodable, Equatable, Sendable {
  /// Its path inside the file, such as `/train/x`.
  public let name: String
  /// Rows first.
  public let shape: [Int]
  /// Its element type, such as `uint8`.
  public let type: String
}

/// What a conversion or a synthesis wrote.
public struct ConversionSummary: Encodable, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  public let arrays: [WrittenArray]

  /// One line for the file and one for each array.
  public var description: String {
    let width = arrays.map(\.name.count).max() ?? 0
    let lines = arrays.map { array in
      "  \(array.name)\(String(repeating: " ", count: width - array.name.count))  \(array.type) \(array.shape)"
    }
    return (["wrote \(path)"] + lines).joined(separator: "\n")
  }
}
