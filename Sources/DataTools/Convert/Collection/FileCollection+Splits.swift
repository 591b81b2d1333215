import Basics
import DataPipeline
import HDF5Storage

extension FileCollection {
  /// The files of a split, by their places in the collection, in its order.
  struct Split {
    let name: SplitName
    let places: [Int]
  }

  /// - Throws: for splits that are to be drawn and that the directory has already.
  func checkDrawing() throws {
    for (option, split) in options.drawing.asked {
      if followed != nil { throw Failure.usage("\(option): data that follow others are not divided; leave it out") }
      if files.contains(where: { $0.split == split }) {
        throw Failure.usage("\(option): \(place) has the folder of this split already; leave the option out")
      }
    }
  }

  /// The splits that there are: those of folders, and those that are drawn from the files to train on, by class.
  ///
  /// Data that follow others, where no folder says otherwise, are the split `test`.
  ///
  /// - Throws: `Failure` where drawing leaves a split without files.
  func splits() throws -> [Split] {
    let usual = followed == nil ? SplitName.train : .test
    var members = Dictionary(grouping: files.indices, by: { files[$0].split ?? usual })
    if let places = members[.train], !options.drawing.asked.isEmpty {
      let wholes = wholes(places)
      let drawn = try TestSplit.drawn(groups: groups(wholes.map(\.[0])), options.drawing)
      for (split, numbers) in drawn { members[split] = numbers.flatMap { wholes[$0] } }
    }
    return SplitName.allCases.compactMap { name in members[name].map { Split(name: name, places: $0) } }
  }

  /// Files that belong together, in the order of the first of each; as a rule each by itself.
  private func wholes(_ places: [Int]) -> [[Int]] {
    var numbers: [String: Int] = [:]
    var wholes: [[Int]] = []
    for place in places {
      if let group = files[place].group {
        let number = numbers[group, default: wholes.count]
        numbers[group] = number
        guard number == wholes.count else {
          wholes[number].append(place)
          continue
        }
      }
      wholes.append([place])
    }
    return wholes
  }

  /// The class of each file for a stratified draw; one for all where labels are no classes.
  private func groups(_ places: [Int]) -> [Int] {
    switch labels {
    case .classes(let names), .boxes(let names):
      let numbers = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
      return places.map { numbers[files[$0].cells[0]] ?? 0 }
    case .integers where Set(places.map { files[$0].cells[0] }).count <= max(2, places.count / 4):
      return places.map { Int(files[$0].cells[0]) ?? 0 }
    case .integers, .values, .none: return places.map { _ in 0 }
    }
  }

  /// Writes `y`, where there are labels, `id` and, where files are parts, `group` of a split.
  func writeLabels(_ split: Split, to file: OutputFile) throws {
    let folder = "/\(split.name.rawValue)"
    try file.write(texts: split.places.map { files[$0].id }, to: "\(folder)/id")
    let groups = split.places.compactMap { files[$0].group }
    if groups.count == split.places.count { try file.write(texts: groups, to: "\(folder)/group") }
    let path = "\(folder)/y"
    let cells = split.places.map { files[$0].cells }
    switch labels {
    case .none: return
    case .classes(let names):
      let numbers = Dictionary(zip(names, Int32(0)...), uniquingKeysWith: { first, _ in first })
      try file.write(path, shape: [cells.count], cells.compactMap { numbers[$0[0]] })
      try file.setLines("classes", names, of: path)
    case .boxes(let names):
      let numbers = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
      let rows = cells.flatMap { [Float(numbers[$0[0]] ?? 0)] + $0.dropFirst().compactMap { Float($0) } }
      try file.write(path, shape: [cells.count, ShapeWriter.columns.count], rows)
      try file.setLines("columns", ShapeWriter.columns, of: path)
      try file.setLines("classes", names, of: path)
    case .integers:
      try file.write(path, shape: [cells.count], cells.compactMap { Int64($0[0]) })
    case .values:
      let width = cells.first?.count ?? 1
      let numbers = cells.joined().compactMap(Self.number)
      try file.write(
        numbers: numbers, path, shape: width == 1 ? [cells.count] : [cells.count, width],
        isWide: numbers.contains(where: OutputFile.needsDouble))
    }
    guard let labelNames else { return }
    try file.setLines(labelNames.count == 1 ? "name" : "columns", labelNames, of: path)
  }
}
