import Basics
import Foundation
import HDF5Storage

// What another split has under the name that training has.
extension DataLayout {
  /// The data set of a split that `path` stands for; nil where the file has none.
  ///
  /// - Parameter path: that of the training split, or of all splits where its name does not speak of one.
  static func path(_ path: String, of split: SplitName, in file: HDF5File) throws -> String? {
    if split == .train || NameWords(path).split == split { return path }
    return try sibling(of: path, split, file, file.entries())
  }

  /// The data set that has the name of another split where `path` has that of training: `/train/x` → `/val/x`,
  /// `/x_train` → `/x_valid`.
  static func sibling(
    of path: String, _ split: SplitName, _ file: HDF5File, _ entries: [HDF5Entry]
  ) throws -> String? {
    let own = NameWords(path)
    guard own.split == .train else { return nil }
    let place = RowPlace(path, in: file)
    if try place.isPattern || place.columns != nil || file.kind(of: path) == .group {
      return try formSibling(of: path, split, file)
    }
    func pattern(_ words: NameWords) -> [String] { words.words.map { NameWords.split(of: $0) == nil ? $0 : "split" } }
    let found = entries.filter {
      let words = NameWords($0.path)
      return words.split == split && pattern(words) == pattern(own)
    }
    guard found.count <= 1 else {
      throw Failure.data(
        "\(file.path): several data sets could be the split '\(split.rawValue)' of \(path.shownName): "
          + "\(found.map(\.path).shownList()); rename those that are not")
    }
    return found.first?.path
  }

  /// The rows of another form than a data set that have the name of another split: `/train/*/image` → `/test/*/image`.
  private static func formSibling(of path: String, _ split: SplitName, _ file: HDF5File) throws -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let index = parts.firstIndex(where: { NameWords($0).split == .train }) else { return nil }
    let names = NameWords.names(of: .train).flatMap { train in
      NameWords.names(of: split).map { parts[index].replacingFirst(train, with: $0) }
    }
    for name in names where name != parts[index] {
      let other = (parts[..<index] + [name] + parts[(index + 1)...]).joined(separator: "/")
      if try file.hasRows(at: other) { return other }
    }
    return nil
  }
}

extension String {
  /// With another text in place of the first `text`, whatever its case.
  fileprivate func replacingFirst(_ text: String, with other: String) -> String {
    guard let range = range(of: text, options: .caseInsensitive) else { return self }
    return replacingCharacters(in: range, with: other)
  }
}
