extension Sequence<String> {
  /// The name closest to `name` by edit distance, if one is close enough to be a likely slip of the keyboard.
  public func nearest(to name: String) -> String? {
    let limit = Swift.max(2, name.count / 3)
    return map { ($0, editDistance(name.lowercased(), $0.lowercased())) }
      .filter { $0.1 <= limit }
      .min { $0.1 < $1.1 }?.0
  }

  /// The closing words of an "unknown name" error: the nearest known name if there is one, otherwise all of them.
  public func suggestion(for name: String) -> String {
    if let nearest = nearest(to: name) { return "did you mean '\(nearest)'?" }
    return "known: " + joined(separator: ", ")
  }
}

/// Levenshtein distance: the fewest insertions, deletions and substitutions that turn `a` into `b`.
private func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a), b = Array(b)
  var previous = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1]
    for j in b.indices {
      current.append(Swift.min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1)))
    }
    previous = current
  }
  return previous[b.count]
}
