/// The words of a name, and what they say of the data that has it.
///
/// `x_train`, `trainX`, `Train/x` and `train_set_x` say the same.
struct NameWords: Equatable {
  enum Role: Hashable {
    case features, labels
  }

  /// In lower case, without words that say nothing.
  let words: [String]

  /// Words end at what is no letter or digit, between letters and digits, and before a capital that begins a word.
  /// A word that joins two known ones, such as `xtrain`, is both.
  init(_ name: String) {
    var words: [String] = []
    var word = ""
    let characters = Array(name)
    for (index, character) in characters.enumerated() {
      let isPart = character.isLetter || character.isNumber
      if let last = index > 0 ? characters[index - 1] : nil, isPart {
        let next = index + 1 < characters.count ? characters[index + 1] : " "
        let beginsWord = character.isUppercase && (last.isLowercase || next.isLowercase)
        if beginsWord || last.isNumber != character.isNumber { (word, words) = ("", words + [word]) }
      }
      if isPart { word += character.lowercased() } else { (word, words) = ("", words + [word]) }
    }
    self.words = (words + [word]).flatMap(Self.parts).filter { !$0.isEmpty && !Self.silent.contains($0) }
  }

  /// A word, or the two that it joins.
  private static func parts(of word: String) -> [String] {
    guard role(of: word) == nil else { return [word] }
    for known in splits.keys.sorted(by: { $0.count > $1.count }) where word.count > known.count {
      let rest = word.hasPrefix(known) ? word.dropFirst(known.count) : word.dropLast(known.count)
      guard word.hasPrefix(known) || word.hasSuffix(known) else { continue }
      guard role(of: String(rest)) != nil || silent.contains(String(rest)) else { continue }
      return word.hasPrefix(known) ? [known, String(rest)] : [String(rest), known]
    }
    return [word]
  }

  /// The split that one of the words names; nil where there is none, or several that differ.
  var split: SplitName? {
    let named = Set(words.compactMap { Self.splits[$0] })
    return named.count == 1 ? named.first : nil
  }

  /// The words without those that name a split.
  var withoutSplit: [String] { words.filter { Self.splits[$0] == nil } }

  /// What a word makes data of.
  static func role(of word: String) -> Role? {
    features.contains(word) ? .features : labels.contains(word) ? .labels : nil
  }

  static func split(of word: String) -> SplitName? { splits[word] }

  /// The words that name a split, the usual ones first.
  static func names(of split: SplitName) -> [String] {
    splits.filter { $0.value == split }.map(\.key).sorted { ($0.count, $0) < ($1.count, $1) }
  }

  private static let splits: [String: SplitName] = [
    "train": .train, "training": .train, "val": .validation, "valid": .validation, "validation": .validation,
    "dev": .validation, "test": .test, "testing": .test,
  ]
  private static let features: Set = [
    "x", "xs", "data", "feature", "features", "image", "images", "img", "imgs", "input", "inputs",
  ]
  private static let labels: Set = [
    "y", "ys", "label", "labels", "target", "targets", "ans", "answer", "answers", "output", "outputs", "class",
    "classes",
  ]
  private static let silent: Set = ["set", "split", "dataset"]
}

extension SplitName {
  /// The split that a word such as `valid` or `Training` means; nil for any other.
  package init?(word: String) {
    guard let split = NameWords.split(of: word.lowercased()) else { return nil }
    self = split
  }
}
