import Basics
public import NumericCore

// The rules, row for row those of scikit-learn's splitters without shuffling. Where rows are shuffled, the draws are
// those of `RandomSource`, which differ from NumPy's.
extension FoldPlan {
  /// K pieces of about the same size, the first N mod K of them one row longer: `KFold`.
  ///
  /// - Parameter shuffle: permutes the rows first; nil for the rows in order.
  /// - Throws: where there are fewer rows than folds.
  public static func plain(rows: Int, count: Int, shuffle: RandomSource? = nil) throws -> FoldPlan {
    try check(count, atMost: rows, "rows of the training split")
    var numbers = [Int](repeating: 0, count: rows)
    let order = shuffle?.permutation(rows).map { Int($0) } ?? Array(0..<rows)
    for (fold, piece) in pieces(of: rows, count).enumerated() {
      for position in piece { numbers[order[position]] = fold }
    }
    return FoldPlan(numbers: numbers, count: count)
  }

  /// Every fold has its share of each class: `StratifiedKFold`.
  ///
  /// - Parameters:
  ///   - labels: the class of each row.
  ///   - shuffle: permutes the rows of each class first, class c by its stream c; nil for the rows in order.
  /// - Throws: where no class has as many rows as there are folds.
  public static func stratified(
    labels: [Int], count: Int, shuffle: ((_ label: Int) -> RandomSource)? = nil
  ) throws -> FoldPlan {
    try check(count, atMost: labels.count, "rows of the training split")
    // Classes in the order in which they come up.
    var code: [Int: Int] = [:]
    var rows: [[Int]] = []
    var names: [Int] = []
    for (row, label) in labels.enumerated() {
      if code[label] == nil {
        code[label] = rows.count
        rows.append([])
        names.append(label)
      }
      rows[code[label] ?? 0].append(row)
    }
    let most = rows.map(\.count).max() ?? 0
    guard count <= most else {
      throw Failure.usage(
        "folds.count: no class has as many as \(count) samples, the most frequent has \(most); give at most that, "
          + "or folds.scheme=plain")
    }
    // Fold i gets as many of a class as stand at i, i + K, i + 2K, … of all labels in order.
    var numbers = [Int](repeating: 0, count: labels.count)
    var start = 0
    for (index, members) in rows.enumerated() {
      var folds = (0..<count).flatMap { fold -> [Int] in
        let end = start + members.count
        func placesBelow(_ limit: Int) -> Int { limit <= fold ? 0 : (limit - fold - 1) / count + 1 }
        return [Int](repeating: fold, count: placesBelow(end) - placesBelow(start))
      }
      if let source = shuffle?(names[index]) { folds = source.permutation(folds.count).map { folds[Int($0)] } }
      for (row, fold) in zip(members, folds) { numbers[row] = fold }
      start += members.count
    }
    return FoldPlan(numbers: numbers, count: count)
  }

  /// No group is in two folds: `GroupKFold`. The groups are dealt from the largest on, each to the fold that has the
  /// fewest rows so far; of equally large ones the last comes first.
  ///
  /// - Parameters:
  ///   - groups: the group of each row, from 0 in the order of the ids.
  ///   - shuffle: deals the groups in random order instead, as many to each fold.
  /// - Throws: where there are fewer groups than folds.
  public static func byGroup(_ groups: [Int], count: Int, shuffle: RandomSource? = nil) throws -> FoldPlan {
    var sizes = [Int](repeating: 0, count: (groups.max() ?? -1) + 1)
    for group in groups { sizes[group] += 1 }
    try check(count, atMost: sizes.count, "groups")
    var foldOfGroup = [Int](repeating: 0, count: sizes.count)
    if let shuffle {
      let order = shuffle.permutation(sizes.count)
      for (fold, piece) in pieces(of: sizes.count, count).enumerated() {
        for position in piece { foldOfGroup[Int(order[position])] = fold }
      }
    } else {
      var taken = [Int](repeating: 0, count: count)
      for group in sizes.indices.sorted(by: { (sizes[$0], $0) > (sizes[$1], $1) }) {
        let lightest = taken.indices.min { (taken[$0], $0) < (taken[$1], $1) } ?? 0
        taken[lightest] += sizes[group]
        foldOfGroup[group] = lightest
      }
    }
    return FoldPlan(numbers: groups.map { foldOfGroup[$0] }, count: count)
  }

  /// Each fold tests ⌊N / (K + 1)⌋ rows behind all that it is trained on, the last fold the last rows:
  /// `TimeSeriesSplit`. The rows have to be in the order of time.
  ///
  /// - Parameter gap: rows left out between the two, at least 0.
  /// - Throws: where a fold would have no row to be trained on.
  public static func inTime(rows: Int, count: Int, gap: Int = 0) throws -> FoldPlan {
    try check(count, atMost: rows - 1, "rows of the training split behind the first")
    let tested = rows / (count + 1)
    guard rows - count * tested - gap > 0 else {
      throw Failure.usage(
        "folds.gap: the first of \(count) folds has \(plural(rows - count * tested, "row")) in front of it, and the "
          + "gap of \(gap) leaves none to train on; give a smaller gap or fewer folds")
    }
    return FoldPlan(rows: rows, tested: tested, gap: gap, count: count)
  }

  /// As many folds as rows, each testing one: `LeaveOneOut`.
  ///
  /// - Throws: where there is one row alone.
  public static func leaveOneOut(rows: Int) throws -> FoldPlan { try plain(rows: rows, count: rows) }

  /// Folds as they were given: `PredefinedSplit`.
  ///
  /// - Parameters:
  ///   - numbers: the fold of each row, any numbers; rows of a negative one are always trained on.
  ///   - place: the data set that they stand in.
  /// - Throws: where there are not two folds, or one would have no row to be trained on.
  public static func given(_ numbers: [Int], place: String) throws -> FoldPlan {
    let names = Set(numbers.filter { $0 >= 0 }).sorted()
    guard names.count >= 2 else {
      throw Failure.data(
        "\(place): has \(names.count == 1 ? "one fold number" : "no fold number"), expected at least two different "
          + "ones from 0 on")
    }
    let code = Dictionary(uniqueKeysWithValues: zip(names, 0...))
    return FoldPlan(numbers: numbers.map { code[$0] ?? -1 }, count: names.count)
  }

  /// The positions of K pieces of `total`, the first of them one longer where it does not divide.
  private static func pieces(of total: Int, _ count: Int) -> [Range<Int>] {
    var start = 0
    return (0..<count).map { index in
      let end = start + total / count + (index < total % count ? 1 : 0)
      defer { start = end }
      return start..<end
    }
  }

  private static func check(_ count: Int, atMost limit: Int, _ what: String) throws {
    guard count >= 2 else { throw Failure.usage("folds.count: expected at least 2, found \(count)") }
    guard count <= limit else {
      throw Failure.usage(
        "folds.count: expected at most the \(grouped(max(limit, 0))) \(what), found \(count); give fewer folds")
    }
  }
}
