import Basics
import HDF5Storage

/// The parts of a data set, by the names that files and commands use.
public enum SplitName: String, Sendable, Hashable, CaseIterable {
  case train
  case validation = "val"
  case test
}

/// Where one file keeps the features and labels of a split.
package struct SplitPaths: Equatable {
  package var split: SplitName
  package let features: String
  /// Nil where there are none and none are needed.
  package var labels: String?
  /// The file of the labels, where it is another one.
  package var labelsFile: String?
  /// The row of the labels that belongs to each row of the features, where that is not the same one.
  var labelRows: [Int]?
  /// The axis of the samples; nil for the first, or MATLAB's own.
  var samplesAxis: Int?

  /// Opens features and labels.
  ///
  /// - Parameter textClasses: the names that labels of texts number; nil for those that there are, sorted.
  package func open(in file: HDF5File, textClasses: [String]? = nil) throws -> HDF5Samples {
    var samples = try file.samples(
      features: features, labels: labels, in: labelsFile.map { try HDF5File.open($0) }, axis: samplesAxis)
    if let textClasses, let labels = samples.labels, labels.form.isOfTexts {
      samples = HDF5Samples(
        features: samples.features, labels: try labels.file.rows(labels.path, .texts(classes: textClasses)))
    }
    guard let labelRows, let labels = samples.labels else { return samples }
    return HDF5Samples(features: samples.features, labels: labels.reordered(labelRows))
  }

  /// Whether the names say which split it is.
  var namesSplit: Bool { NameWords(features).split != nil }
}

/// The splits of a file, and what else stands in it.
package struct DataLayout {
  package let splits: [SplitPaths]
  /// The data sets that are in no split.
  package let unused: [String]

  /// Finds the splits of `file`.
  ///
  /// - Parameters:
  ///   - features, labels: the training split's data sets where their names do not say what they are. Paths that speak
  ///     of `train` also stand for those that speak of another split in its place, if they are there.
  ///   - labelsRequired: whether a split without labels is an error.
  ///   - labelsFile: where the labels stand in a file of their own.
  package init(
    of file: HDF5File, _ location: DataLocation, labelsRequired: Bool, labelsFile: String? = nil
  ) throws {
    let (features, labels) = (location.features, location.labels)
    if features == nil && labels != nil && labelsFile == nil {
      throw Failure.usage("data.labels is given without data.features; give both")
    }
    let entries = try file.entries().filter { !$0.isIndexOfPyTables }
    let needsOwn = labelsRequired && labelsFile == nil
    var splits =
      if let features {
        try Self.told(file, entries, features: features, labels: labelsFile == nil ? labels : nil, needsOwn)
      } else {
        try Self.found(file, entries, labelsRequired: needsOwn, hasLabels: labelsFile == nil)
      }
    for index in splits.indices {
      splits[index].samplesAxis = location.samplesAxis
      if let labelsFile { try splits[index].takeLabels(from: labelsFile, told: labels, features: file) }
    }
    self.splits = splits
    let samples = splits.flatMap { [$0.features, $0.labelsFile == nil ? $0.labels : nil] }.compactMap(\.self)
    let used = (samples + location.beside).map { path in
      RowPlace(path, in: file).base.split(separator: "*", omittingEmptySubsequences: false).first.map(String.init)
        ?? path
    }
    let usedObjects = Set(entries.filter { used.contains($0.path) }.compactMap(\.object))
    unused = entries.filter { entry in
      !used.contains { entry.path == $0 || entry.path.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }
        && !DataNames.isList(entry.path) && entry.object.map(usedObjects.contains) != true
    }.map(\.path)
  }

  /// The splits that a file's names speak of.
  private static func found(
    _ file: HDF5File, _ entries: [HDF5Entry], labelsRequired: Bool, hasLabels: Bool
  ) throws -> [SplitPaths] {
    let names = distinct(entries)
    if let grouped = SampleGroups.splits(among: names) { return grouped }
    let found = try splits(among: names, of: file.path, labelsRequired: labelsRequired, remedy: remedy)
    guard found.isEmpty else { return found }
    // Beside a file of labels, the only data set there is.
    let data = names.filter { !DataNames.isList($0) && !SplitSource.isID($0) }
    if !hasLabels, data.count == 1 { return [SplitPaths(split: NameWords(data[0]).split ?? .train, features: data[0])] }
    throw Failure.data(
      "\(file.path): no data set under a known name (such as /train/x and /train/y); the file has "
        + "\(names.shownList(none: "no data set within 16 groups"))"
        + "\(remarks(on: entries, in: file)); name two of "
        + "them with \(remedy)")
  }

  /// The splits that a file told to be of one split contributes.
  ///
  /// - Throws: where it holds several, and none is that one by its name.
  func splits(for file: DataFile) throws -> [SplitPaths] {
    guard let told = file.split else { return splits }
    let own = splits.filter { $0.namesSplit && $0.split == told }
    guard var paths = own.first ?? (splits.count == 1 ? splits[0] : nil) else {
      throw Failure.data(
        "\(file.path): is to be the split '\(told.rawValue)', but it holds several and none of that name: "
          + splits.map(\.features).shownList())
    }
    paths.split = told
    return [paths]
  }

  /// One name of each data set: the first that says what it is, or the first.
  private static func distinct(_ entries: [HDF5Entry]) -> [String] {
    var seen: Set<[UInt64]> = []
    let known = entries.filter { Candidate($0.path) != nil }, others = entries.filter { Candidate($0.path) == nil }
    return (known + others).filter { $0.object.map { seen.insert($0).inserted } ?? true }.map(\.path).sorted()
  }

  /// What is to be said of data sets that no one can train on as they are.
  private static func remarks(on entries: [HDF5Entry], in file: HDF5File) -> String {
    for entry in entries.prefix(20) {
      do throws(HDF5Error) {
        if let form = try file.formText(at: entry.path) { return " (\(form))" }
        _ = try file.samples(entry.path)
      } catch {
        return " (\(entry.path.shownName): \(error.reason))"
      }
    }
    return ""
  }

  package static let remedy = "--set data.features=/PATH --set data.labels=/PATH"

  // MARK: Names that say what they are

  /// A path whose words name a role, and perhaps a split, and nothing else.
  private struct Candidate {
    let path: String
    let split: SplitName
    let role: NameWords.Role
    /// The last word with a role.
    let word: String
    /// The path with its split and role left open: features and labels of one data set have it in common.
    let pattern: [String]

    init?(_ path: String) {
      let words = NameWords(path)
      guard let last = words.words.lastIndex(where: { NameWords.role(of: $0) != nil }),
        let role = NameWords.role(of: words.words[last])
      else { return nil }
      let named = words.words.filter { NameWords.split(of: $0) != nil }
      guard named.isEmpty || words.split != nil else { return nil }
      // Groups may be called data, images or labels, too; other words make it another thing.
      guard words.withoutSplit.allSatisfy({ NameWords.role(of: $0) != nil }) else { return nil }
      (self.path, self.role) = (path, role)
      split = words.split ?? .train
      word = words.words[last]
      pattern = words.words.enumerated().map { index, word in
        index == last ? "role" : NameWords.split(of: word) != nil ? "split" : word
      }
    }
  }

  /// Words that belong together, from the usual ones on.
  private static let partners = [
    "x": ["y"], "xs": ["ys"], "data": ["label", "labels", "target", "targets"],
    "features": ["targets", "labels", "target", "label"], "images": ["labels", "label", "targets", "ans"],
    "inputs": ["targets", "outputs", "labels"], "input": ["target", "output", "label"],
    "image": ["label", "target"], "feature": ["target", "label"],
  ]

  /// The splits that names speak of; none where no name is known.
  ///
  /// - Parameters:
  ///   - names: of data sets, such as paths in a file.
  ///   - place: the file, for errors.
  ///   - remedy: how to say which are meant, for errors.
  /// - Throws: if several names could be meant, or features lack labels that are required.
  package static func splits(
    among names: [String], of place: String, labelsRequired: Bool, remedy: String
  ) throws -> [SplitPaths] {
    func ambiguity(_ what: String, _ paths: [String]) -> Failure {
      .data("\(place): several data sets could be the \(what): \(paths.shownList()); say which with \(remedy)")
    }
    // The parts of a sparse matrix are no features.
    let sparse = names.filter { $0.hasSuffix("/indptr") }.map { $0.dropLast("indptr".count) }
    let candidates = names.compactMap { Candidate($0) }.filter { candidate in
      !sparse.contains { candidate.path.hasPrefix($0) }
    }
    let features = candidates.filter { $0.role == .features }
    var complete: [SplitName: [SplitPaths]] = [:]
    var incomplete: [SplitName: [SplitPaths]] = [:]
    for candidate in features {
      let labels = candidates.filter {
        $0.role == .labels && $0.split == candidate.split && $0.pattern == candidate.pattern
      }
      let paths = SplitPaths(split: candidate.split, features: candidate.path, labels: nil)
      guard !labels.isEmpty else {
        incomplete[candidate.split, default: []].append(paths)
        continue
      }
      guard let chosen = partner(of: candidate, among: labels) else {
        throw ambiguity(
          "labels of \(candidate.path.shownName) of the split '\(candidate.split.rawValue)'", labels.map(\.path))
      }
      complete[candidate.split, default: []].append(
        SplitPaths(split: candidate.split, features: candidate.path, labels: chosen.path))
    }
    let lonely = SplitName.allCases.lazy.compactMap { incomplete[$0]?.first }.first
    if let lonely, labelsRequired && complete.isEmpty { throw lacksLabels(place, lonely) }
    var splits: [SplitPaths] = []
    for name in SplitName.allCases {
      // Beside splits with labels, names without a split that have none are something else.
      let other = labelsRequired && name == .train && !complete.isEmpty ? [] : incomplete[name] ?? []
      let choice = complete[name] ?? other
      guard choice.count <= 1 else {
        throw ambiguity("features of the split '\(name.rawValue)'", choice.map(\.features))
      }
      guard let paths = choice.first else { continue }
      guard paths.labels != nil || !labelsRequired else { throw lacksLabels(place, paths) }
      splits.append(paths)
    }
    return splits
  }

  private static func lacksLabels(_ place: String, _ paths: SplitPaths) -> Failure {
    let word = Candidate(paths.features).flatMap { partners[$0.word]?.first } ?? "y"
    let name = NameWords(paths.features).words.last { NameWords.role(of: $0) != nil } ?? ""
    var expected = paths.features
    if let range = expected.range(of: name, options: [.backwards, .caseInsensitive]) {
      expected.replaceSubrange(range, with: word)
    }
    return .data("\(place): \(paths.features.shownName) has no labels; expected them in \(expected.shownName)")
  }

  // MARK: Names that were told

  private static func told(
    _ file: HDF5File, _ entries: [HDF5Entry], features: String, labels: String?, _ labelsRequired: Bool
  ) throws -> [SplitPaths] {
    let features = absolute(features)
    let labels = labels.map(absolute) ?? partner(of: features, among: entries)
    if labels == nil && labelsRequired {
      throw Failure.usage("data.features is given without data.labels; give both")
    }
    // Opening reports what is there instead.
    if try !file.hasRows(at: features, columns: false) { _ = try file.samples(RowPlace(features, in: file).base) }
    var train = SplitPaths(split: .train, features: features, labels: labels)
    if let labels, try !file.hasRows(at: labels) {
      guard !labelsRequired else {
        throw Failure.data("\(file.path): \(features.shownName) has no labels; expected them in \(labels.shownName)")
      }
      train.labels = nil
    }
    var splits = [train]
    for split in [SplitName.validation, .test] {
      guard let other = try sibling(of: features, split, file, entries) else { continue }
      let labels = try train.labels.map { try sibling(of: $0, split, file, entries) }
      // Labels that do not speak of `train` belong to the features that were told, and to no others.
      if case .some(.none) = labels {
        let speaks = train.labels.map { NameWords($0).split == .train } ?? false
        guard speaks else { continue }
        guard !labelsRequired else {
          throw Failure.data("\(file.path): \(other.shownName) has no labels beside it, as \(features.shownName) has")
        }
      }
      splits.append(SplitPaths(split: split, features: other, labels: labels ?? nil))
    }
    return splits
  }

  /// The labels that belong to features of a known name.
  private static func partner(of features: String, among entries: [HDF5Entry]) -> String? {
    guard let own = Candidate(features), own.role == .features else { return nil }
    let labels = entries.compactMap { Candidate($0.path) }.filter {
      $0.role == .labels && $0.split == own.split && $0.pattern == own.pattern
    }
    return partner(of: own, among: labels)?.path
  }

  /// The only labels there are, or those that the word for the features usually goes with; nil where several do.
  private static func partner(of features: Candidate, among labels: [Candidate]) -> Candidate? {
    if labels.count == 1 { return labels[0] }
    for word in partners[features.word] ?? [] {
      let found = labels.filter { $0.word == word }
      if !found.isEmpty { return found.count == 1 ? found[0] : nil }
    }
    return nil
  }

  private static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/" + path }
}
