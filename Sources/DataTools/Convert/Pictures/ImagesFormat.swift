import Basics
import DataPipeline
import HDF5Storage
public import Settings

/// Pictures, PNG or JPEG, in a folder for each class, or with labels or boxes in files of their own.
public struct ImagesFormat: DataFormat {
  public static let name = "images"
  public static let operands = "DIRECTORY | PICTURE…"
  public static let summary = "PNG and JPEG pictures: a folder for each class, a table of labels, or boxes"
  public static let discussion = """
    x is uint8 [N, H, W, 3], [N, H, W] of grey pictures, with the file names as 'id'; y the class of the folder. \
    Folders train, val and test hold the splits. Pictures are upright by EXIF, transparency shows the background, and \
    another size is made by bilinear resampling without aliasing, as Pillow does it.
    """
  public static let options =
    [
      Option(
        "--size", \ImagesFormat.size, "N|WxH", default: "that of the pictures, if they have one",
        "pixels of a side, or width and height"),
      Option(
        "--crop", \ImagesFormat.crop, "RULE", default: "center; none with --boxes",
        "of pictures of another shape; center: covers the size, keeps the middle; none: stretches; pad: fits in, with "
          + "the background around"),
      Option(
        "--colour", \ImagesFormat.colour, "KIND", "auto: rgb if a picture has colours, else grey"),
      Option(
        "--depth", \ImagesFormat.depth, "BITS", default: "8",
        "bits of a value; 16: x is uint16, of grey PNGs of 16 bits; 8 keeps their upper ones"),
      Option(
        "--background", \ImagesFormat.background, "COLOUR",
        "behind transparency and around padded pictures: white, black or such as #FF8000"),
      Option(
        "--boxes", \ImagesFormat.boxes, "FILE.json|DIR", default: "none",
        "COCO's annotations, or the directory of Pascal VOC's; several with commas between; y is float32 [N, 5]: "
          + "class, x centre, y centre, width and height of the one box of a picture, relative to it"),
      Option(
        flag: "--crops", \ImagesFormat.makesCrops,
        "makes a sample of each box of --boxes, of the part of the picture around it"),
    ] + CollectionOptions.options.map { $0.lifted(\ImagesFormat.collection) }

  /// Of a sample; nil for that of all pictures.
  public var size: PictureSize?
  /// nil for the middle, or to stretch pictures with boxes.
  public var crop: PictureCrop?
  public var colour = PictureColour.automatic
  public var depth = PictureDepth.eight
  public var background = RGBColor.white
  /// Files and directories of boxes, with commas between.
  public var boxes: String?
  /// Whether each box becomes a sample.
  public var makesCrops = false
  public var collection = CollectionOptions()
  /// What earlier pictures were made by, and their names.
  private var followed: (rules: PictureRules, names: FollowedNames)?

  public init() {}

  static let kind = FileKind(
    noun: "picture", extensions: ["png", "jpg", "jpeg", "gif", "bmp", "webp", "tif", "tiff", "heic", "avif"])

  public func check() throws {
    guard boxes == nil || collection.labelsFile == nil && !collection.isUnlabelled else {
      throw Failure.usage("--boxes, --labels-file and --unlabelled exclude each other: each says what y is")
    }
    guard boxes == nil || crop != .center else {
      throw Failure.usage("--crop center would cut boxes; give --crop none or --crop pad beside --boxes")
    }
    guard boxes != nil || !makesCrops else { throw Failure.usage("--crops needs --boxes beside it") }
    try collection.check()
  }

  private var boxPaths: [String] { boxes.map { $0.split(separator: ",").map(String.init) } ?? [] }

  public var companions: [String] { [collection.labelsFile].compactMap(\.self) + boxPaths }

  public func write(_ sources: [String], to file: OutputFile) throws {
    var options = collection
    if boxes != nil { options.isUnlabelled = true }
    var pictures = try FileCollection(sources, Self.kind, options, following: followed?.names)
    let headers = try pictures.readEach { try PictureFile.header(ofFileAt: $0.path) }
    var survey = PictureSurvey(headers)
    let boxes = try boxPaths.isEmpty ? nil : BoxAnnotations(boxPaths)
    var samples = try boxes.map {
      try BoxSamples($0, of: pictures, headers, makesCrops: makesCrops, seed: collection.seed)
    }
    if let samples { survey.sizes = samples.sizes }
    let windows = samples?.windows ?? [:]
    let rules = try rules(survey, of: pictures)
    samples?.place(by: rules)
    if let samples { try pictures.take(samples) }
    pictures.notes += survey.notes(rules, following: followed?.names.owner)
    let darkness = DarkPictures()
    let preparation = preparation(rules)
    try pictures.write(
      to: file, shape: rules.shape, elementType: rules.depth == .eight ? .uint8 : .uint16,
      describe: { try file.setPreparation(preparation, of: $0) },
      read: { picture, memory in
        let source = try PictureFile(fileAt: picture.path)
        try source.waitingIfLarge { () throws(BrokenFile) in
          try rules.write(source, window: windows[picture.id], to: memory)
        }
        if source.header.bits == 16, rules.depth == .eight { darkness.look(at: memory) }
      })
    if let note = darkness.note { file.notes.append(note) }
  }

  /// - Throws: where pictures have several sizes and none is wanted.
  private func rules(_ survey: PictureSurvey, of pictures: FileCollection) throws -> PictureRules {
    if let followed { return followed.rules }
    guard let wanted = size ?? survey.onlySize else {
      throw Failure.usage(
        "\(pictures.place): pictures of \(survey.sizeList); give the one that samples are to have, such as --size "
          + "\(survey.suggestedSide)")
    }
    return PictureRules(
      size: wanted, sizeIsChosen: size != nil, crop: crop ?? (boxes == nil ? PictureCrop.center : PictureCrop.none),
      colour: depth == .sixteen ? .grey : colour.kind ?? (survey.hasColour ? .rgb : .grey), depth: depth,
      background: background)
  }
}

extension ImagesFormat: RepeatableFormat {
  public static func reads(_ path: String) -> Bool {
    FileTree.holds(kind, at: path)
  }

  public mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    guard let rules = PictureRules(preparation) else {
      throw Failure.data("\(owner): its preparation is not that of pictures, or of a later version")
    }
    for (option, isGiven) in [
      ("--size", size != nil), ("--crop", crop != nil), ("--colour", colour != .automatic),
      ("--depth", depth != .eight), ("--background", background != .white),
    ] where isGiven {
      throw Failure.usage("\(option): pictures are made like those of \(owner.escaped); leave it out")
    }
    followed = (rules, FollowedNames(names: names, owner: owner))
  }

  private func preparation(_ rules: PictureRules) -> JSONValue {
    .object([.init("format", .string(Self.name))] + rules.members)
  }
}

extension PictureRules {
  /// As they are stored with the samples.
  var members: [JSONValue.Member] {
    [
      .init("width", .integer(size.width)), .init("height", .integer(size.height)),
      .init("size_is_chosen", .bool(sizeIsChosen)), .init("crop", .string(crop.rawValue)),
      .init("colour", .string(colour.rawValue)), .init("depth", .integer(depth.rawValue)),
      .init("background", background.json(.any)),
    ]
  }

  /// Those that `members` stored; nil for anything else.
  init?(_ preparation: JSONValue) {
    guard let width = preparation["width"], case .integer(let width) = width.content,
      let height = preparation["height"], case .integer(let height) = height.content,
      let sizeIsChosen = preparation["size_is_chosen"], case .bool(let sizeIsChosen) = sizeIsChosen.content,
      let crop = preparation["crop"]?.plainText.flatMap(PictureCrop.init),
      let colour = preparation["colour"]?.plainText.flatMap(PictureColour.Kind.init),
      let depth = preparation["depth"], let depth = try? PictureDepth.read(depth, "depth", .any),
      let background = preparation["background"],
      let background = try? RGBColor.read(background, "background", .any),
      (1...PictureSize.sideLimit).contains(width), (1...PictureSize.sideLimit).contains(height)
    else { return nil }
    self.init(
      size: PictureSize(width: width, height: height), sizeIsChosen: sizeIsChosen, crop: crop, colour: colour,
      depth: depth, background: background)
  }
}
