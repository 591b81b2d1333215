extension Sequence<String> {
  /// The name that `name` abbreviates by the first letters of its words, such as `lr`, or else the closest by edit
  /// distance, if one is close enough to be a likely slip of the keyboard, or else the first that begins with it.
  public func nearest(to name: String) -> String? {
    let name = name.lowercased(), letters = name.drop { $0 == "-" }
    if letters.count >= 2, let name = first(where: { initials(of: $0) == String(letters) }) { return name }
    let limit = Swift.max(2, name.count / 3)
    let closest = map { ($0, editDistance(name, $0.lowercased())) }.filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
    return closest ?? (letters.count >= 3 ? first { $0.lowercased().hasPrefix(name) } : nil)
  }

  /// The closing words of an "unknown name" error: the nearest known name if there is one, otherwise all of them.
  public func suggestion(for name: String) -> String {
    if let nearest = nearest(to: name) { return "did you mean '\(nearest)'?" }
    return "known: " + joined(separator: ", ")
  }
}

/// `lr` of `--learning-rate` or `learning_rate`; nil of a single word.
private func initials(of name: String) -> String? {
  let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }
  return words.count < 2 ? nil : String(words.compactMap(\.first))
}

/// The fewest insertions, deletions, substitutions and exchanges of neighbours that turn `a` into `b` (optimal string
/// alignment, a restricted form of the Damerau-Levenshtein distance).
private func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a), b = Array(b)
  var rows = [Array(0...b.count)]
  for i in a.indices {
    var current = [i + 1]
    for j in b.indices {
      var least = Swift.min(rows[i][j + 1] + 1, current[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = Swift.min(least, rows[i - 1][j - 1] + 1) }
      current.append(least)
    }
    rows.append(current)
  }
  return rows[a.count][b.count]
}
