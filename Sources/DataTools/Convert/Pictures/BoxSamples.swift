import Basics
import DataPipeline
import NumericCore

/// The samples that annotated pictures make: a class and a box each, relative to the picture or to a part of it.
struct BoxSamples {
  /// Each with its class and box as `cells`.
  private(set) var files: [FileCollection.File] = []
  /// The parts of pictures that samples are, by their ids; all of the picture where there is none.
  private(set) var windows: [String: PictureWindow] = [:]
  /// How many samples there are of each size.
  private(set) var sizes: [PictureSize: Int] = [:]
  private(set) var notes: [String]
  /// Of each file, the size of what is shown of the picture, and the box in it.
  private var places: [(size: PictureSize, box: [Float])] = []

  /// - Parameters:
  ///   - pictures: as they were found, without labels.
  ///   - headers: of each of them.
  ///   - makesCrops: whether each box becomes a sample; otherwise pictures of several are left out.
  /// - Throws: `Failure` for annotations of no picture or of several, sizes that are not the picture's, and where no
  ///   sample is left.
  init(
    _ boxes: BoxAnnotations, of pictures: FileCollection, _ headers: [PictureFile.Header], makesCrops: Bool,
    seed: UInt64
  ) throws {
    notes = boxes.notes
    let (annotated, missing) = try Self.match(boxes, pictures)
    if missing > 0 { notes.append("left out \(plural(missing, "annotation")) of pictures that are not there") }
    var (bare, several, outside, turned) = (0, 0, 0, 0)
    var unlike: [String] = []
    for (place, file) in pictures.files.enumerated() {
      guard let picture = annotated[place], !picture.objects.isEmpty else {
        bare += 1
        continue
      }
      guard makesCrops || picture.objects.count == 1 else {
        several += 1
        continue
      }
      let size = headers[place].size
      guard let frame = Self.frame(picture, headers[place]) else {
        let found = "\(file.id.shownName) has \(headers[place].size) pixels, its annotation \(picture.size ?? size)"
        unlike.append("\(found) (\(picture.place))")
        continue
      }
      if frame.isGuess { turned += 1 }
      for (number, object) in picture.objects.enumerated() {
        guard let object = object.turned(frame).clipped(to: size) else {
          outside += 1
          continue
        }
        var sample = FileCollection.File(
          path: file.path, id: makesCrops ? "\(file.id)#\(number + 1)" : file.id, split: file.split)
        var window = PictureWindow(columns: 0..<size.width, rows: 0..<size.height)
        if makesCrops {
          window = Self.window(around: object, in: size, Self.draws(seed, files.count))
          windows[sample.id] = window
          sample.group = file.id
        }
        sample.cells = [object.className]
        files.append(sample)
        let size = PictureSize(width: window.columns.count, height: window.rows.count)
        places.append((size, object.relative(to: window)))
        sizes[size, default: 0] += 1
      }
    }
    if bare > 0 { notes.append("left out \(plural(bare, "picture")) without a box") }
    if several > 0 {
      notes.append("left out \(plural(several, "picture")) with several boxes; --crops makes a sample of each box")
    }
    if outside > 0 { notes.append("left out \(BoxAnnotations.text(outside)) outside of pictures") }
    if turned > 0 {
      notes.append(
        "\(plural(turned, "picture")) turned by EXIF, whose annotations do not tell by their size whether they count "
          + "pixels before that or after: taken for after")
    }
    if let first = unlike.first {
      let text = "\(plural(unlike.count, "picture")) of other sizes than their annotations, such as \(first)"
      guard pictures.options.skipsBroken else {
        throw Failure.data(
          "\(pictures.place): \(text); boxes in other pixels would be wrong: give the pictures that were annotated, or "
            + "leave these out with --skip-broken")
      }
      notes.append("left out \(text)")
    }
    guard !files.isEmpty else {
      throw Failure.data("\(pictures.place): no sample is left: \(notes.joined(separator: "; "))")
    }
  }

  /// Puts the boxes beside their classes, where the rules move what is in a picture.
  mutating func place(by rules: PictureRules) {
    for (index, (size, box)) in places.enumerated() {
      let moved = rules.moved(box, of: size)
      files[index].cells = [files[index].cells[0]] + moved.map { "\($0)" }
    }
  }

  /// The annotations of each picture, by its place, and how many there are of no picture.
  private static func match(
    _ boxes: BoxAnnotations, _ pictures: FileCollection
  ) throws -> (found: [Int: BoxAnnotations.Picture], missing: Int) {
    let parts = pictures.files.map { $0.id.split(separator: "/").map(String.init) }
    let index = FileIndex(parts)
    var found: [Int: BoxAnnotations.Picture] = [:]
    var missing: [BoxAnnotations.Picture] = []
    for picture in boxes.pictures {
      guard let places = picture.names.lazy.map(index.files).first(where: { !$0.isEmpty }) else {
        missing.append(picture)
        continue
      }
      let name = picture.names.first?.shownName ?? ""
      guard places.count == 1 else {
        throw Failure.data(
          "\(picture.place): '\(name)' could be each of "
            + "\(listing(places.map { pictures.files[$0].id }, limit: 3)); give more of the path")
      }
      guard found.updateValue(picture, forKey: places[0]) == nil else {
        throw Failure.data("\(picture.place): '\(name)' has annotations already, in another place")
      }
    }
    if let first = missing.first, !pictures.options.skipsBroken {
      throw Failure.data(
        "\(first.place): no picture '\(first.names.first?.shownName ?? "")' in \(pictures.place)"
          + (missing.count > 1 ? ", nor \(grouped(missing.count - 1)) more that are annotated" : "")
          + "; add what is missing, or leave such annotations out with --skip-broken")
    }
    return (found, missing.count)
  }

  /// How the pixels are turned that a picture's boxes are counted in: they are those of the upright picture, or, where
  /// the annotations' size says so, those of the stored one.
  ///
  /// - Returns: nil where the size is neither.
  private static func frame(_ picture: BoxAnnotations.Picture, _ header: PictureFile.Header) -> BoxFrame? {
    let stored = PictureSize(width: header.width, height: header.height)
    guard let size = picture.size, size != header.size else {
      let isGuess = header.orientation != .upright && (picture.size == nil || stored == header.size)
      return BoxFrame(.upright, header, isGuess: isGuess)
    }
    return size == stored ? BoxFrame(header.orientation, header) : nil
  }

  /// The draws of a sample, apart from those of the choice of splits.
  private static func draws(_ seed: UInt64, _ sample: Int) -> RandomSource.Generator {
    RandomSource.Generator(source: RandomSource(seed: seed).stream(.synthesis, 1 << 33), substream: sample)
  }

  /// A part of a picture, of the picture's shape as far as there is room, in which a box is somewhere, a half to four
  /// fifths as long as it.
  private static func window(
    around object: BoxAnnotations.Object, in size: PictureSize, _ random: RandomSource.Generator
  ) -> PictureWindow {
    var random = random
    let share = 0.5 + 0.3 * random.uniform()
    let side = max(object.right - object.left, object.bottom - object.top) / share
    func range(_ low: Double, _ high: Double, _ limit: Int) -> Range<Int> {
      // With a pixel more, as both ends are whole.
      let length = min(Double(limit), (max(side, high - low) + 1).rounded(.up))
      // The box stays inside, and the part in the picture.
      let first = max(0, high - length).rounded(.up), last = min(low, Double(limit) - length).rounded(.down)
      let start = Int(first + ((last - first) * random.uniform()).rounded())
      return start..<start + Int(length)
    }
    return PictureWindow(
      columns: range(object.left, object.right, size.width), rows: range(object.top, object.bottom, size.height))
  }
}

/// The stored pixels of a picture that is shown turned.
struct BoxFrame {
  let orientation: ExifOrientation
  let width: Int
  let height: Int
  /// Whether nothing tells that the boxes are not counted in other pixels.
  let isGuess: Bool

  init(_ orientation: ExifOrientation, _ header: PictureFile.Header, isGuess: Bool = false) {
    (self.orientation, width, height) = (orientation, header.width, header.height)
    self.isGuess = isGuess
  }
}

extension BoxAnnotations.Object {
  /// In the pixels of the upright picture, of one in stored pixels.
  func turned(_ frame: BoxFrame) -> Self {
    let (width, height) = (Double(frame.width), Double(frame.height))
    func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> Self {
      Self(className: className, left: left, top: top, right: right, bottom: bottom)
    }
    let (mirroredLeft, mirroredRight) = (width - right, width - left)
    let (flippedTop, flippedBottom) = (height - bottom, height - top)
    switch frame.orientation {
    case .upright: return self
    case .mirrored: return box(mirroredLeft, top, mirroredRight, bottom)
    case .upsideDown: return box(mirroredLeft, flippedTop, mirroredRight, flippedBottom)
    case .flipped: return box(left, flippedTop, right, flippedBottom)
    case .transposed: return box(top, left, bottom, right)
    case .turnedRight: return box(flippedTop, left, flippedBottom, right)
    case .transversed: return box(flippedTop, mirroredLeft, flippedBottom, mirroredRight)
    case .turnedLeft: return box(top, mirroredLeft, bottom, mirroredRight)
    }
  }

  /// The part inside of a picture; nil where there is none.
  func clipped(to size: PictureSize) -> Self? {
    let part = Self(
      className: className, left: max(0, left), top: max(0, top), right: min(Double(size.width), right),
      bottom: min(Double(size.height), bottom))
    return part.right > part.left && part.bottom > part.top ? part : nil
  }

  /// Centre, width and height, relative to a part of the picture.
  func relative(to window: PictureWindow) -> [Float] {
    let (width, height) = (Double(window.columns.count), Double(window.rows.count))
    let x = (left + right) / 2 - Double(window.columns.lowerBound)
    let y = (top + bottom) / 2 - Double(window.rows.lowerBound)
    return [Float(x / width), Float(y / height), Float((right - left) / width), Float((bottom - top) / height)]
  }
}
