import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct BoxTests {
  private let scratch: Scratch
  private let pictures: String

  init() throws {
    scratch = try Scratch()
    pictures = try scratch.directory("pictures")
  }

  private func add(_ fixture: String, as name: String) throws {
    let folder = URL(filePath: pictures + "/" + name).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: pictureFixture(fixture), toPath: pictures + "/" + name)
  }

  @discardableResult
  private func convert(_ options: String...) throws -> (WrittenData, HDF5File) {
    let output = scratch.path + "/out.h5"
    let written = try recipe(ImagesFormat.self, options).convert([pictures], output: output)
    return (written, try HDF5File.open(output))
  }

  private func rows(_ file: HDF5File, _ path: String) throws -> [[Double]] {
    let values: [Double] = try file.dataset(path).readAll()
    return stride(from: 0, to: values.count, by: 5).map { Array(values[$0..<$0 + 5]) }
  }

  /// - Parameter box: centre, width and height in pixels of 21 by 13.
  private func isClose(_ row: [Double], _ label: Double, _ box: [Double]) -> Bool {
    let expected: [Double] = [label, box[0] / 21, box[1] / 13, box[2] / 21, box[3] / 13]
    return zip(row, expected).allSatisfy { abs($0 - $1) < 1e-6 }
  }

  private let categories = #""categories": [{"id": 7, "name": "zebra"}, {"id": 3, "name": "ant"}]"#

  @Test func coco() throws {
    for name in ["a.png", "b.png", "c.png", "d.png"] { try add("rgb.png", as: name) }
    let json = try scratch.file(
      "coco.json",
      text: #"""
        {"info": {}, "images": [
           {"id": 2, "file_name": "b.png", "width": 21, "height": 13},
           {"id": 1, "file_name": "a.png", "width": 21, "height": 13}, {"id": 9, "file_name": "sub/c.png"}],
         "annotations": [
           {"image_id": 1, "category_id": 7, "bbox": [4, 3, 10, 5], "segmentation": [[1, 2]], "iscrowd": 0},
           {"image_id": 2, "category_id": 3, "bbox": [-2, 6.5, 4, 100]},
           {"image_id": 2, "category_id": 3, "bbox": [0, 0, 21, 13], "iscrowd": 1},
           {"image_id": 9, "category_id": 3, "bbox": [1, 1, 2, 2]},
           {"image_id": 9, "category_id": 7, "bbox": [5, 5, 2, 2]},
           {"image_id": 9, "category_id": 7, "bbox": [5, 5, 0, 2]}],
        """# + categories + "}")
    let (written, file) = try convert("--boxes", json, "--size", "8x8")
    #expect(try file.texts(ofDataset: "/train/id") == ["a.png", "b.png"])
    #expect(try file.stringAttribute("classes", of: "/train/y") == "ant\nzebra")
    #expect(try file.stringAttribute("columns", of: "/train/y") == "class\nx_center\ny_center\nwidth\nheight")
    let found = try rows(file, "/train/y")
    #expect(isClose(found[0], 1, [9, 5.5, 10, 5]))
    // Cut off at the picture's edges.
    #expect(isClose(found[1], 0, [1, 9.75, 2, 6.5]))
    for part in [
      "left out 1 picture with several boxes", "left out 1 picture without a box", "1 box around crowds",
      "1 box without an area",
    ] { #expect(written.notes.contains { $0.contains(part) }, "\(part)") }
  }

  /// Beside a padded picture is a margin, which moves the box and makes it smaller.
  @Test func boxesOfPaddedPictures() throws {
    try add("rgb.png", as: "a.png")
    let json = try scratch.file(
      "coco.json",
      text: #"{"images": [{"id": 1, "file_name": "a.png"}], "annotations": ["#
        + #"{"image_id": 1, "category_id": 7, "bbox": [0, 0, 21, 13]}], "# + categories + "}")
    // 21 by 13 pixels become 42 by 26 in the middle of 42 by 42.
    let padded = try rows(convert("--boxes", json, "--size", "42", "--crop", "pad").1, "/train/y")
    let expected: [Double] = [0, 0.5, 0.5, 1, 26.0 / 42]
    #expect(zip(padded[0], expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(padded)")
    let stretched = try rows(convert("--boxes", json, "--size", "42").1, "/train/y")
    #expect(stretched == [[0, 0.5, 0.5, 1, 1]])
  }

  /// The boxes of pictures that EXIF turns, given in the pixels that are stored: the bright rectangle of the fixtures.
  @Test func boxesTurnWithThePicture() throws {
    var xml: [String] = []
    let folder = try scratch.directory("annotations")
    for orientation in 2...8 {
      try add("exif\(orientation).jpg", as: "\(orientation).jpg")
      let (width, height) = orientation < 5 ? (21, 13) : (13, 21)
      var (left, top) = (width / 4, height / 3)
      var (right, bottom) = (width / 2, 2 * height / 3)
      // Where the size does not tell the stored pixels from the upright ones, boxes are those of the upright ones.
      if orientation == 2 || orientation == 3 { (left, right) = (width - right, width - left) }
      if orientation == 3 || orientation == 4 { (top, bottom) = (height - bottom, height - top) }
      xml.append(
        """
        <?xml version="1.0"?><!-- made by hand --><annotation verified="yes">
          <filename>\(orientation).jpg</filename>
          <size><width>\(width)</width><height>\(height)</height><depth>3</depth></size>
          <object><name>bright &amp; clear</name><pose/>
            <bndbox><xmin>\(left + 1)</xmin><ymin>\(top + 1)</ymin><xmax>\(right)</xmax><ymax>\(bottom)</ymax>
            </bndbox></object>
        </annotation>
        """)
      _ = try scratch.file("annotations/\(orientation).xml", text: xml.last ?? "")
    }
    let (written, file) = try convert("--boxes", folder)
    #expect(written.notes.contains { $0.hasPrefix("3 pictures turned by EXIF") })
    #expect(try file.stringAttribute("classes", of: "/train/y") == "bright & clear")
    let pixels = try file.dataset("/train/x").readAll(as: UInt8.self)
    for (row, box) in try rows(file, "/train/y").enumerated() {
      let columns = Int(((box[1] - box[3] / 2) * 21).rounded())..<Int(((box[1] + box[3] / 2) * 21).rounded())
      let lines = Int(((box[2] - box[4] / 2) * 13).rounded())..<Int(((box[2] + box[4] / 2) * 13).rounded())
      #expect(columns.count * lines.count == (row < 3 ? 20 : 21))
      let red = lines.flatMap { y in columns.map { x in Int(pixels[((row * 13 + y) * 21 + x) * 3]) } }
      #expect(red.reduce(0, +) > 220 * red.count, "orientation \(row + 2): \(red)")
    }
  }

  /// Each box becomes a sample, in which it lies whole; those of a picture go into one split together.
  @Test func crops() throws {
    for index in 0..<10 { try add("large.jpg", as: "\(index).jpg") }
    var annotations: [String] = []
    for index in 0..<10 {
      annotations.append(#"{"image_id": \#(index), "category_id": 3, "bbox": [10, 20, 60, 30]}"#)
      annotations.append(#"{"image_id": \#(index), "category_id": 7, "bbox": [300, 200, 31, 49]}"#)
    }
    let images = (0..<10).map { #"{"id": \#($0), "file_name": "\#($0).jpg"}"# }.joined(separator: ",")
    let json = try scratch.file(
      "coco.json",
      text: #"{"images": [\#(images)], "annotations": [\#(annotations.joined(separator: ","))], "# + categories + "}")
    let (written, file) = try convert("--boxes", json, "--crops", "--size", "24", "--test", "0.3")
    #expect(written.arrays.filter { $0.name.hasSuffix("/x") }.map(\.shape) == [[14, 24, 24, 3], [6, 24, 24, 3]])
    let groups = ["train", "test"].map { split in Set((try? file.texts(ofDataset: "/\(split)/group")) ?? []) }
    #expect(groups.map(\.count) == [7, 3])
    #expect(groups[0].isDisjoint(with: groups[1]))
    #expect(try file.texts(ofDataset: "/test/id")?.allSatisfy { $0.hasSuffix("#1") || $0.hasSuffix("#2") } == true)
    for row in try rows(file, "/train/y") + rows(file, "/test/y") {
      #expect(row[1] - row[3] / 2 >= -1e-6 && row[1] + row[3] / 2 <= 1 + 1e-6, "\(row)")
      #expect(row[2] - row[4] / 2 >= -1e-6 && row[2] + row[4] / 2 <= 1 + 1e-6, "\(row)")
      // The longer side of the box is a half to four fifths of the part, but for whole pixels.
      #expect((0.45...0.82).contains(max(row[3], row[4])), "\(row)")
    }
    #expect(Set(try rows(file, "/train/y").map { $0[0] }) == [0, 1])
  }

  @Test func badAnnotations() throws {
    try add("rgb.png", as: "a.png")
    func coco(_ text: String) throws -> String { try scratch.file("bad.json", text: text) }
    for (text, parts) in [
      ("{", ["no JSON"]), ("{}", ["images"]),
      (#"{"images": [{"id": 1}], "annotations": [], "categories": []}"#, ["file_name"]),
      (
        #"{"images": [], "annotations": [{"image_id": 5, "category_id": 3, "bbox": [1, 2, 3, 4]}], "# + categories
          + "}",
        ["annotation 0", "no image has the id 5"]
      ),
      (
        #"{"images": [{"id": 5, "file_name": "a.png"}], "#
          + #""annotations": [{"image_id": 5, "category_id": 3, "bbox": [1]}],"#
          + " " + categories + "}", ["annotation 0", "bbox"]
      ),
      (
        #"{"images": [{"id": 5, "file_name": "gone.png"}], "annotations": [], "# + categories + "}",
        ["gone.png", "--skip-broken"]
      ),
      (
        #"{"images": [{"id": 5, "file_name": "a.png", "width": 42, "height": 26}], "annotations": [{"image_id": 5, "#
          + #""category_id": 3, "bbox": [1, 2, 3, 4]}], "# + categories + "}", ["42×26", "21×13"]
      ),
    ] {
      do {
        try convert("--boxes", coco(text))
        Issue.record("no error for \(text)")
      } catch {
        for part in parts { #expect("\(error)".contains(part), "'\(part)' in \(error)") }
      }
    }
    for (text, part) in [
      ("", "expected an element"), ("<annotation>", "never closed"), ("<a></b>", "closes"),
      ("<!DOCTYPE a [<!ENTITY x 'y'>]><annotation/>", "document type"), ("<annotation>&x;</annotation>", "'&x;'"),
      ("<other/>", "expected <annotation>"), ("<annotation><object><name>a</name></object></annotation>", "<xmin>"),
      (String(repeating: "<a>", count: 1000), "too deep"),
    ] {
      let file = try scratch.file("bad.xml", text: text)
      expectFailure(.data, "bad.xml", part) { try convert("--boxes", file) }
    }
    expectFailure(.data, "nowhere", "--boxes") { try convert("--boxes", scratch.path + "/nowhere.json") }
  }
}
