public import Basics

/// A pattern over names of parameters, such as `0`, `3.*`, `*.bias` or `0.weight`.
///
/// `*` stands for any characters, points included, `?` for one. What stands before a point is a layer, and a pattern
/// that is the name of a layer means all of its parameters: `layer1.0` is `layer1.0.conv1.weight` too.
public struct NamePattern: Sendable, Equatable, ExpressibleByStringLiteral {
  public let text: String

  public init(_ text: String) { self.text = text }
  public init(stringLiteral text: String) { self.init(text) }

  /// How many `*` it has.
  public var starCount: Int { text.count { $0 == "*" } }

  public func matches(_ name: String) -> Bool {
    let name = Array(name), pattern = Array(text)
    return Self.capture(name[...], pattern[...]) != nil || Self.capture(name[...], (pattern + ".*")[...]) != nil
  }

  /// What each `*` stands for where the pattern is the whole name; nil where it is not.
  public func captures(_ name: String) -> [String]? { Self.capture(Array(name)[...], Array(text)[...]) }

  /// Each `*` takes as little as it can; those before the last that fails are not tried again, which is enough to find
  /// a match, and takes no more than the product of both lengths.
  private static func capture(_ name: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> [String]? {
    var place = name.startIndex, symbol = pattern.startIndex
    var stars: [(symbol: Int, start: Int, end: Int)] = []
    while place < name.endIndex || symbol < pattern.endIndex {
      if symbol < pattern.endIndex, pattern[symbol] == "*" {
        stars.append((symbol, place, place))
        symbol += 1
      } else if symbol < pattern.endIndex, place < name.endIndex,
        pattern[symbol] == "?" || pattern[symbol] == name[place]
      {
        (place, symbol) = (place + 1, symbol + 1)
      } else if let last = stars.last, last.end < name.endIndex {
        stars[stars.count - 1].end += 1
        (place, symbol) = (last.end + 1, last.symbol + 1)
      } else {
        return nil
      }
    }
    return stars.map { String(name[$0.start..<$0.end]) }
  }

  /// What to say where it matches none of `names`: the nearest of them and of the layers that they are of.
  public func suggestion(among names: [String]) -> String {
    var known = names
    for name in names {
      let parts = name.split(separator: ".")
      for count in 1..<max(parts.count, 1) {
        let layer = parts.prefix(count).joined(separator: ".")
        if !known.contains(layer) { known.append(layer) }
      }
    }
    let letters = text.filter { $0 != "*" }
    if letters.count > 2, let nearest = known.nearest(to: letters) { return "did you mean '\(nearest.shownName)'?" }
    return "known: " + names.shownList()
  }
}

extension [NamePattern] {
  /// The names that one of the patterns matches.
  ///
  /// - Parameters:
  ///   - key: what gives the patterns, for errors.
  ///   - noun: what the names are of, such as `parameter of the model`.
  /// - Throws: for a pattern that matches none of them.
  public func select(from names: [String], key: String, noun: String) throws(SettingsError) -> Set<String> {
    var selected: Set<String> = []
    for pattern in self {
      let found = names.filter(pattern.matches)
      guard !found.isEmpty else {
        throw SettingsError(
          "\(key): '\(pattern.text.shownName)' matches no \(noun) (\(pattern.suggestion(among: names)))")
      }
      selected.formUnion(found)
    }
    return selected
  }
}

extension NamePattern: SettingListElement {
  public static var unlimitedList: NoLimits { .any }

  /// A text alone is a list of one.
  public static func readList(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> [NamePattern] {
    try value.requireSoundJSON(subject)
    // Layers in a row are called by their numbers.
    func name(_ value: JSONValue, _ subject: String) throws(SettingsError) -> NamePattern {
      if case .integer(let number) = value.content, number >= 0 { return NamePattern(String(number)) }
      return NamePattern(try value.requireString(subject))
    }
    switch value.content {
    case .string, .integer: return [try name(value, subject)]
    default: break
    }
    guard case .array(let elements) = value.content else {
      throw value.mismatch(subject, "names or patterns, such as [\"0\", \"3.*\"]")
    }
    var patterns: [NamePattern] = []
    for (index, element) in elements.enumerated() {
      patterns.append(try name(element, "\(subject)[\(index)]"))
    }
    return patterns
  }

  public static func listJSON(_ list: [NamePattern], _ limits: NoLimits) -> JSONValue {
    .array(list.map { .string($0.text) })
  }

  public static func listWords(for limits: NoLimits) -> String { "list of names or patterns" }
}
