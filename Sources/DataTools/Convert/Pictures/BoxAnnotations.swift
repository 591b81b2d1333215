import Basics
import Foundation

/// What annotation files say of pictures: the objects in them, with their classes and boxes.
struct BoxAnnotations {
  /// An object, in pixels from the left and upper edges of the picture.
  struct Object: Equatable {
    let className: String
    let left: Double, top: Double, right: Double, bottom: Double
  }

  struct Picture {
    /// What the annotations call the file, and what else it may be called.
    let names: [String]
    /// Its size as the annotations give it; nil where they do not.
    let size: PictureSize?
    var objects: [Object] = []
    /// The file of the annotations, and where in it.
    let place: String
  }

  private(set) var pictures: [Picture] = []
  /// Boxes around crowds and those without an area, which are left out.
  private(set) var crowds = 0
  private(set) var emptyBoxes = 0

  /// - Parameter paths: files of COCO's annotations (JSON), files of Pascal VOC's (XML), and directories of those.
  /// - Throws: `Failure` for a file that is missing, damaged, or something else.
  init(_ paths: [String]) throws {
    for path in paths {
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
        throw Failure.data("\(path.escaped): no such file or directory, which --boxes names")
      }
      if isDirectory.boolValue {
        let tree = try FileTree(path, FileKind(noun: "annotation", extensions: ["xml"]))
        guard !tree.files.isEmpty else {
          throw Failure.data(
            "\(path.escaped): no .xml files in it, expected Pascal VOC's annotations; of COCO's name the file itself")
        }
        for file in tree.files { try take(VOCAnnotation(file.path)) }
      } else if FileTree.pathExtension(of: path) == "xml" {
        try take(VOCAnnotation(path))
      } else {
        try take(COCOAnnotations(path))
      }
    }
  }

  private mutating func take(_ annotation: VOCAnnotation) throws { append(annotation.picture) }

  private mutating func take(_ annotations: COCOAnnotations) throws {
    crowds += annotations.crowds
    for picture in annotations.pictures { append(picture) }
  }

  private mutating func append(_ picture: Picture) {
    var picture = picture
    let all = picture.objects.count
    // Written so that NaN is none.
    picture.objects.removeAll { !($0.right > $0.left && $0.bottom > $0.top && ($0.right - $0.left).isFinite) }
    emptyBoxes += all - picture.objects.count
    pictures.append(picture)
  }

  /// What was left out, one line each.
  var notes: [String] {
    var notes: [String] = []
    if crowds > 0 { notes.append("left out \(Self.text(crowds)) around crowds") }
    if emptyBoxes > 0 { notes.append("left out \(Self.text(emptyBoxes)) without an area") }
    return notes
  }

  static func text(_ boxes: Int) -> String { "\(grouped(boxes)) \(boxes == 1 ? "box" : "boxes")" }
}

/// Annotations as those of COCO (cocodataset.org, "Data format"): `images` with `id`, `file_name`, `width` and
/// `height`,
/// `categories` with `id` and `name`, and `annotations` with `image_id`, `category_id` and `bbox` [left, top, width,
/// height] in pixels. Segmentations and all else are passed over.
struct COCOAnnotations {
  private(set) var pictures: [BoxAnnotations.Picture] = []
  private(set) var crowds = 0

  private struct Document: Decodable {
    struct Image: Decodable {
      let id: Int
      let file_name: String
      let width: Double?
      let height: Double?
    }
    struct Category: Decodable {
      let id: Int
      let name: String
    }
    struct Annotation: Decodable {
      let image_id: Int
      let category_id: Int
      let bbox: [Double]?
      let iscrowd: Int?
    }
    let images: [Image]
    let annotations: [Annotation]
    let categories: [Category]
  }

  init(_ path: String) throws {
    let place = path.escaped
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(filePath: path)))
    } catch let error as DecodingError {
      throw Failure.data(
        "\(place): is no file of COCO's annotations: \(Self.reason(error)); expected images, annotations and "
          + "categories")
    } catch {
      throw Failure.data("\(place): cannot be read: \(error.localizedDescription.onOneLine)")
    }
    var classes: [Int: String] = [:]
    for category in document.categories where classes.updateValue(category.name, forKey: category.id) != nil {
      throw Failure.data("\(place): two categories have the id \(category.id)")
    }
    var places: [Int: Int] = [:]
    for image in document.images {
      guard places.updateValue(pictures.count, forKey: image.id) == nil else {
        throw Failure.data("\(place): two images have the id \(image.id)")
      }
      let sides = [image.width, image.height].compactMap { $0 }.filter { $0 >= 1 && $0 <= 1e9 }
      let size = sides.count == 2 ? PictureSize(width: Int(sides[0]), height: Int(sides[1])) : nil
      pictures.append(
        BoxAnnotations.Picture(names: [image.file_name], size: size, place: "\(place): image \(image.id)"))
    }
    for (index, annotation) in document.annotations.enumerated() {
      guard annotation.iscrowd != 1 else {
        crowds += 1
        continue
      }
      guard let picture = places[annotation.image_id] else {
        throw Failure.data("\(place): annotation \(index): no image has the id \(annotation.image_id)")
      }
      guard let name = classes[annotation.category_id] else {
        throw Failure.data("\(place): annotation \(index): no category has the id \(annotation.category_id)")
      }
      guard let box = annotation.bbox, box.count == 4 else {
        throw Failure.data("\(place): annotation \(index): no bbox of 4 numbers: left, top, width, height")
      }
      pictures[picture].objects.append(
        BoxAnnotations.Object(
          className: name, left: box[0], top: box[1], right: box[0] + box[2], bottom: box[1] + box[3]))
    }
  }

  /// What does not fit, and where.
  private static func reason(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().drop { $0 == "." }
        .description
    }
    switch error {
    case .keyNotFound(let key, let context):
      let place = path(context)
      return "no '\(key.stringValue)'\(place.isEmpty ? "" : " in \(place.escaped)")"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(path(context).escaped) is of another type"
    default: return "no JSON"
    }
  }
}

/// An annotation of a picture as those of Pascal VOC (M. Everingham et al. 2010): `filename`, `size` and `object`s with
/// `name` and `bndbox`, whose corners are pixels counted from 1 that belong to the box.
struct VOCAnnotation {
  let picture: BoxAnnotations.Picture

  init(_ path: String) throws {
    let place = path.escaped
    guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw Failure.data("\(place): cannot be read") }
    let root: XMLElement
    do { root = try XMLElement(Array(data)) } catch {
      throw Failure.data("\(place): line \(error.line): \(error.reason)")
    }
    guard root.name == "annotation" else {
      throw Failure.data(
        "\(place): its outermost element is <\(root.name.shownName)>, expected <annotation> as of Pascal VOC")
    }
    func number(_ element: XMLElement?, _ name: String) throws -> Double {
      guard let text = element?.first(name)?.text, let number = Double(text), number.isFinite else {
        throw Failure.data("\(place): <\(element?.name.shownName ?? "annotation")> has no number <\(name)>")
      }
      return number
    }
    var size: PictureSize?
    if let element = root.first("size") {
      let (width, height) = (try number(element, "width"), try number(element, "height"))
      // Some programs write 0 where they do not know.
      if width >= 1, height >= 1, width <= 1e9, height <= 1e9 {
        size = PictureSize(width: Int(width), height: Int(height))
      }
    }
    // The name inside is out of date where files were renamed together.
    let own = path.split(separator: "/").last.map { String($0.dropLast(4)) } ?? ""
    var picture = BoxAnnotations.Picture(
      names: [root.first("filename")?.text ?? "", own].filter { !$0.isEmpty }, size: size, place: place)
    for object in root.children where object.name == "object" {
      guard let name = object.first("name")?.text, !name.isEmpty else {
        throw Failure.data("\(place): an <object> has no <name>")
      }
      let box = object.first("bndbox")
      picture.objects.append(
        BoxAnnotations.Object(
          className: name, left: try number(box, "xmin") - 1, top: try number(box, "ymin") - 1,
          right: try number(box, "xmax"), bottom: try number(box, "ymax")))
    }
    self.picture = picture
  }
}
