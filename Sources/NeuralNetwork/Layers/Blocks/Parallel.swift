public import NumericCore
public import Settings

/// Branches that read the same input, their outputs joined (Szegedy et al. 2015).
///
/// ```swift
/// Parallel(.concat) {
///   Branch { Conv2D(16, kernel: 1) }
///   Branch { Conv2D(16, kernel: 3, padding: .same) }
/// }
/// ```
public struct Parallel: LayerDescription {
  /// How the outputs are joined.
  public enum Join: String, SettingChoice {
    /// Side by side along the last axis.
    case concat
    /// Their sum.
    case add
  }

  /// Two or more.
  public var branches: [Branch]
  public var join: Join

  public init(_ join: Join = .concat, @BranchBuilder _ branches: () -> [Branch]) {
    (self.branches, self.join) = (branches(), join)
  }
  public init() { self.init {} }

  public static let name = "parallel"
  public static let summary = "lists of layers over the same input, their outputs joined"
  public static let shorthand: String? = "branches"
  public static let settings: [Setting<Parallel>] = [
    Setting("branches", \.branches, "two or more; an empty one passes its input on"),
    Setting("join", \.join, "side by side or added up"),
  ]
  public var innerLayers: [LayerEntry] { branches.flatMap(\.layers) }

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard !branches.isEmpty else { throw reader.error("branches", "expected a list of layers in brackets") }
  }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    let (input, lengths) = (model.node, model.lengths)
    var outputs: [NodeReference] = []
    var keepsLengths = true
    for (index, branch) in branches.enumerated() {
      (model.node, model.lengths) = (input, lengths)
      try model.addSequence(branch.layers, prefix: "\(name).branches.\(index).")
      outputs.append(model.node)
      keepsLengths = keepsLengths && model.lengths != nil
    }
    if !keepsLengths { model.lengths = nil }
    let shapes = outputs.map(\.shape)
    let extents = shapes.map { join == .add ? $0.extents : Array($0.extents.dropLast()) }
    guard extents.allSatisfy({ $0 == extents[0] }), shapes.allSatisfy({ $0.rank == shapes[0].rank }) else {
      let given = shapes.map(\.description).joined(separator: ", ")
      let expected = join == .add ? "equal shapes" : "shapes that differ in the last axis alone"
      throw .layer("the branches give \(given) a sample, expected \(expected)")
    }
    model.node =
      switch join {
      case .add:
        model.builder.add(AddLayer(shape: shapes[0], inputCount: outputs.count), toAll: outputs, name: name)
      case .concat: model.builder.add(ConcatLayer(inputShapes: shapes), toAll: outputs, name: name)
      }
  }

  public func registered(in customLayers: inout CustomLayers) -> Parallel {
    var copy = self
    copy.branches = branches.map { branch in Branch { branch.layers.map { $0.registered(in: &customLayers) } } }
    return copy
  }
}

/// One of the branches of `Parallel`; an empty one passes its input on.
public struct Branch: Sendable {
  public var layers: [LayerEntry]
  public init(@SequentialBuilder _ layers: () -> [LayerEntry]) { self.layers = layers() }
}

/// Collects the branches of `Parallel`; `for` repeats them.
@resultBuilder public enum BranchBuilder {
  public static func buildExpression(_ branch: Branch) -> [Branch] { [branch] }
  public static func buildBlock(_ branches: [Branch]...) -> [Branch] { branches.flatMap { $0 } }
  public static func buildArray(_ branches: [[Branch]]) -> [Branch] { branches.flatMap { $0 } }
}

extension Branch: SettingListElement {
  public static var unlimitedList: NoLimits { .any }

  public static func readList(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> [Branch] {
    guard case .array(let elements) = value.content, elements.count >= 2 else {
      throw value.mismatch(
        subject, "two or more lists of layers, such as [[{ dense: 8 }], [{ dense: 4 }, \"relu\"]]")
    }
    var branches: [Branch] = []
    for (index, element) in elements.enumerated() {
      let layers = element.content == .array([]) ? [] : try LayerEntry.list(element, path: "\(subject)[\(index)]")
      branches.append(Branch { layers })
    }
    return branches
  }

  public static func listJSON(_ list: [Branch], _ limits: NoLimits) -> JSONValue {
    .array(list.map { .array($0.layers.map(\.json)) })
  }

  public static func listWords(for limits: NoLimits) -> String { "lists of layers" }
}
