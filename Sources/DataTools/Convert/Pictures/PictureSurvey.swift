import Basics
import Synchronization

/// What the headers of many pictures say.
struct PictureSurvey {
  /// How many samples there are of each size, upright.
  var sizes: [PictureSize: Int]
  let hasColour: Bool
  private let count16: Int

  init(_ headers: [PictureFile.Header]) {
    sizes = Dictionary(headers.map { ($0.size, 1) }, uniquingKeysWith: +)
    hasColour = headers.contains(where: \.hasColour)
    count16 = headers.count { $0.bits == 16 }
  }

  /// nil where there are several.
  var onlySize: PictureSize? { sizes.count == 1 ? sizes.keys.first : nil }

  /// The commonest first.
  private var sorted: [(size: PictureSize, count: Int)] {
    sizes.map { ($0.key, $0.value) }.sorted { a, b in
      (b.count, a.size.width, a.size.height) < (a.count, b.size.width, b.size.height)
    }
  }

  /// Such as `3 sizes: 120 of 640×480, 7 of 480×640, 1 of 32×32`.
  var sizeList: String {
    let shown = sorted.prefix(4).map { "\(grouped($0.count)) of \($0.size)" }
    return "\(plural(sizes.count, "size")): " + shown.joined(separator: ", ") + (sizes.count > shown.count ? ", …" : "")
  }

  /// A usual side, no longer than most pictures' shorter one.
  var suggestedSide: Int {
    let shorter = sorted.first.map { min($0.size.width, $0.size.height) } ?? 64
    return [224, 128, 96, 64, 48, 32].first { $0 <= shorter } ?? shorter
  }

  /// What is done to the pictures that a user may not expect.
  ///
  /// - Parameter owner: of the rules, where they are those of earlier pictures.
  func notes(_ rules: PictureRules, following owner: String?) -> [String] {
    var notes: [String] = []
    let others = sizes.filter { $0.key != rules.size }, count = others.values.reduce(0, +)
    // Resizing is no news where the earlier pictures were resized too.
    if count > 0, owner == nil || !rules.sizeIsChosen {
      let all = sizes.values.reduce(0, +)
      let how = ["center": "the middle kept", "none": "stretched", "pad": "padded"][rules.crop.rawValue] ?? ""
      let isTall = others.keys.contains { $0.width * rules.size.height != $0.height * rules.size.width }
      notes.append(
        "resized \(grouped(count)) of \(plural(all, "picture")) to \(rules.size)\(isTall ? ", \(how)" : "")"
          + (owner.map { ", as for \($0.escaped)" } ?? ""))
    }
    if count16 > 0, rules.depth == .eight {
      notes.append("reduced \(plural(count16, "picture")) of 16 bits to the upper 8; --depth 16 keeps all of grey ones")
    }
    if rules.colour == .grey, hasColour { notes.append("made grey of colours") }
    return notes
  }
}

/// Finds pictures of 16 bits of which next to nothing is left in 8, as those of cameras that fill 12 bits alone.
final class DarkPictures: Sendable {
  private let seen = Atomic(0)
  private let dark = Atomic(0)

  func look(at pixels: UnsafeMutableRawBufferPointer) {
    seen.add(1, ordering: .relaxed)
    if !pixels.contains(where: { $0 >= 16 }) { dark.add(1, ordering: .relaxed) }
  }

  var note: String? {
    let (seen, dark) = (seen.load(ordering: .relaxed), dark.load(ordering: .relaxed))
    guard dark > 0 else { return nil }
    return "warning: of \(plural(seen, "picture")) of 16 bits \(grouped(dark)) are black or nearly so in 8: their "
      + "values are below 4,096; --depth 16 keeps them"
  }
}
