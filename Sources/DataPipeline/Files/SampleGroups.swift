import HDF5Storage

/// Files that have a group for each sample, such as `/sample_0001/image` and `/sample_0001/label`.
enum SampleGroups {
  /// The splits of a file in which every data set stands in a group of a sample, and all groups have the same ones, of
  /// which one is called as features are and at most one as labels are; nil for other files.
  ///
  /// The groups stand at the top or, of a split each, in groups that are called by the splits.
  static func splits(among paths: [String]) -> [SplitPaths]? {
    var members: [String: [String: Set<String>]] = [:]
    for path in paths {
      var parts = path.split(separator: "/").map(String.init)
      var parent = ""
      if parts.count == 3, NameWords(parts[0]).split != nil { parent = "/" + parts.removeFirst() }
      guard parts.count == 2, isSample(parts[0]) else { return nil }
      members[parent, default: [:]][parts[0], default: []].insert(parts[1])
    }
    guard !members.isEmpty, !(members.count > 1 && members[""] != nil) else { return nil }
    let all = Set(members.values.flatMap(\.values))
    guard all.count == 1, let names = all.first, members.values.contains(where: { $0.count > 1 }) else { return nil }
    let roles = Dictionary(grouping: names) { NameWords($0).words.last.flatMap(NameWords.role) }
    guard let features = roles[.features], features.count == 1, (roles[.labels]?.count ?? 0) <= 1 else { return nil }
    return SplitName.allCases.compactMap { split in
      let parent = members.keys.first { ($0.isEmpty ? .train : NameWords($0).split) == split }
      return parent.map {
        SplitPaths(
          split: split, features: "\($0)/*/\(features[0])", labels: roles[.labels].map { "\(parent ?? "")/*/\($0[0])" })
      }
    }
  }

  /// Whether a group may be called so: not by a split, nor as data are.
  private static func isSample(_ name: String) -> Bool {
    let words = NameWords(name)
    return words.split == nil && words.words.contains { NameWords.role(of: $0) == nil }
  }
}
