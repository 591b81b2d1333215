import Basics

/// Whose names data are matched to.
struct NameReference {
  let names: DataNames
  /// As messages call it: a checkpoint, or the first file of the data set.
  let owner: String
  /// Whether it is a file of the same data set, so that all or none have names.
  let isOfSameData: Bool
}

extension DataSource {
  /// The same samples with columns and classes in the order of a model, or of the training split.
  ///
  /// Columns and classes are matched by name, file by file. A file without names is taken by position, which `remarks`
  /// then says; a model without names takes all files by position.
  ///
  /// - Parameters:
  ///   - names: those of the model; nil for those of the first file of the training split, with the classes of all its
  ///     files.
  ///   - owner: the checkpoint of the model.
  /// - Throws: where a column is missing or unknown, a vocabulary is another, or only some files of one data set have
  ///   names. A class that the reference does not have is an error once a sample is of it.
  public func matched(
    to names: DataNames?, of owner: String = "", targets: TargetMeaning
  ) throws -> DataSource {
    let reference =
      names.map { NameReference(names: $0, owner: owner, isOfSameData: false) } ?? ownReference(targets)
    var result = self
    var matching = NameMatching(reference, targets)
    for name in SplitName.allCases {
      guard let split = splits[name] else { continue }
      result.splits[name] = try matching.matched(split)
    }
    result.remarks += matching.remarks
    return result
  }

  private func ownReference(_ targets: TargetMeaning) -> NameReference {
    guard let parts = firstSplit?.parts else { preconditionFailure("a data set without a split") }
    var names = parts[0].names
    if targets == .classes || targets == .classAndBox, parts.allSatisfy({ $0.names.classes != nil }) {
      // What has a class of its own in one file may have none in another.
      var seen: Set<String> = []
      names.classes = parts.lazy.compactMap(\.names.classes).joined().filter { seen.insert($0).inserted }
      // Texts have no order but that of their names, in whatever file they come first.
      if parts.allSatisfy({ $0.targets?.form.isOfTexts == true }) { names.classes?.sort() }
    }
    return NameReference(names: names, owner: parts[0].file, isOfSameData: true)
  }
}

/// Matches the files of a split to a reference.
struct NameMatching {
  private let reference: NameReference
  private let targets: TargetMeaning
  /// One for each kind of names that files lack.
  private(set) var remarks: [String] = []
  private var lacking: Set<String> = []

  init(_ reference: NameReference, _ targets: TargetMeaning) {
    (self.reference, self.targets) = (reference, targets)
  }

  mutating func matched(_ split: SplitSource) throws -> SplitSource {
    let parts = try split.parts.map { part in
      var part = part
      part.alignment = try alignment(part)
      return part
    }
    checkPreparation(split)
    var result = split
    result.parts = parts
    result.names = reference.names
    // Later data are to be made as these are, not as those of a model that these are to train further.
    result.names.preparation = split.names.preparation
    return result
  }

  /// Says where files were made by other rules than those of the reference.
  private mutating func checkPreparation(_ split: SplitSource) {
    let expected = reference.names.preparation
    guard expected != nil || reference.isOfSameData, lacking.insert("preparation").inserted else { return }
    guard let part = split.parts.first(where: { $0.names.preparation.map { $0 != expected } ?? false }) else {
      lacking.remove("preparation")
      return
    }
    remarks.append(
      "\(part.file): \(part.features.path) was converted by other rules than \(reference.owner); convert it with "
        + "--like \(reference.owner), so that its numbers mean the same")
  }

  private mutating func alignment(_ part: SplitSource.Part) throws -> RowAlignment {
    let own = part.names, expected = reference.names
    let x = "\(part.file): \(part.features.path)"
    var alignment = RowAlignment()
    alignment.features = try order(own.columns, expected.columns, "columns", x, part.features)
    try checkVocabulary(own.characters?.unicodeScalars.map { String($0) }, expected.characters, "characters", x) {
      $0.unicodeScalars.map { String($0) }
    }
    try checkVocabulary(own.words, expected.words, "words", x) { $0 }
    guard let array = part.targets, targets != .nothing else { return alignment }
    let y = "\(array.file): \(array.path)"
    let width = array.shape.elementCount
    if targets == .columns, width > 1 {
      alignment.targets = try order(
        own.targetColumns(width), expected.targetColumns(width), "targets", y, array)
      return alignment
    }
    if targets == .classAndBox { alignment.targets = try order(own.targets, expected.targets, "targets", y, array) }
    if targets == .columns, own.classes == nil, let found = own.targets, let names = expected.targets, found != names {
      throw Failure.data(
        "\(y) is '\(found.joined().shownName)', but \(reference.owner) is about '\(names.joined().shownName)'; "
          + "give data with that target, or name it so in the attribute 'name'")
    }
    guard try bothNamed(own.classes, expected.classes, "classes", y), let found = own.classes,
      let names = expected.classes
    else { return alignment }
    let places = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
    alignment.classes = ClassIndexMap(
      indices: found.map { places[$0] }, names: found, known: names, owner: reference.owner,
      rowSize: targets == .classAndBox ? width : 1)
    return alignment
  }

  /// Whether there are names to compare.
  ///
  /// - Throws: where only one of two files of one data set has them.
  private mutating func bothNamed(
    _ found: [String]?, _ expected: [String]?, _ noun: String, _ place: String
  ) throws -> Bool {
    if (found == nil) != (expected == nil), reference.isOfSameData {
      throw Failure.data(
        "\(place) names \(found == nil ? "no" : "its") \(noun), but \(reference.owner) names "
          + "\(expected == nil ? "none" : "its own"); name them in all files of a data set, or in none")
    }
    if found == nil, let expected, lacking.insert(noun).inserted {
      remarks.append("\(place) names no \(noun); they are taken by position: \(listing(expected, limit: 6))")
    }
    return found != nil && expected != nil
  }

  /// Where the columns of the reference stand in a file; nil where they stand in the same places, or have no names.
  private mutating func order(
    _ found: [String]?, _ expected: [String]?, _ noun: String, _ place: String, _ array: SplitSource.Part.Array
  ) throws -> ColumnOrder? {
    guard try bothNamed(found, expected, noun, place), let found, let expected, found != expected else { return nil }
    let places = Dictionary(zip(found, 0...), uniquingKeysWith: { first, _ in first }), known = Set(expected)
    let missing = expected.filter { places[$0] == nil }, unknown = found.filter { !known.contains($0) }
    guard missing.isEmpty, unknown.isEmpty else {
      let singular = String(noun.dropLast(noun == "classes" ? 2 : 1))
      let lacks = missing.isEmpty ? nil : "lacks the \(counted(missing, singular))"
      let has = unknown.isEmpty ? nil : "has the \(counted(unknown, singular)), which \(reference.owner) does not know"
      throw Failure.data(
        "\(place) \([lacks, has].compactMap(\.self).joined(separator: " and ")); expected the \(noun) of "
          + "\(reference.owner), in any order: \(listing(expected, limit: 20))")
    }
    return ColumnOrder(sources: expected.compactMap { places[$0] }, shape: array.shape)
  }

  /// - Throws: where the list is another one: its numbers mean something else.
  private func checkVocabulary<List>(
    _ found: [String]?, _ expected: List?, _ noun: String, _ place: String, _ entries: (List) -> [String]
  ) throws {
    let expected = expected.map(entries)
    guard found != expected, expected != nil || reference.isOfSameData else { return }
    let converter = noun == "words" ? "text-csv" : "text"
    let remedy = "convert it with data convert \(converter) --like OTHER.h5, the file that it was trained on"
    guard let found, let expected else {
      throw Failure.data(
        "\(place) does not say which \(noun) its numbers stand for, but \(reference.owner) does; \(remedy)")
    }
    let number = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, expected.count)
    func entry(_ list: [String]) -> String {
      number < list.count ? "'\(list[number].shownName)'" : "nothing: it has \(list.count)"
    }
    throw Failure.data(
      "\(place) stands for other \(noun) than \(reference.owner): \(number) is \(entry(found)), expected "
        + "\(entry(expected)); \(remedy)")
  }

  private func counted(_ names: [String], _ noun: String) -> String {
    names.count == 1 ? "\(noun) '\(names[0].shownName)'" : "\(noun)s \(listing(names, limit: 8))"
  }
}
