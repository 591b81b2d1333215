import Basics
import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore
import Settings

/// How data that a run goes on with stand to those that its first weights were trained on: whose order columns and
/// classes have, whose scaling features and targets.
struct InitialMatching {
  let initial: InitialWeights
  let settings: InitialSettings
  /// Why the layers that give the outputs start fresh; nil where they need not.
  private(set) var freshHead: String?
  private(set) var notes: [String] = []
  /// Why nothing but their position says what the outputs are, which counts where their layers do not start fresh; nil
  /// where there are names.
  private(set) var positionNote: String?
  private(set) var warnings: [String] = []

  init(_ initial: InitialWeights, _ settings: InitialSettings) { (self.initial, self.settings) = (initial, settings) }

  // MARK: Names

  /// The samples with columns and classes in the order of the file's, where both have the same ones.
  ///
  /// - Throws: where columns, characters or words are others: their weights would stand for something else.
  mutating func matched(_ opened: DataSource, targets: TargetMeaning) throws -> DataSource {
    let own = try opened.matched(to: nil, targets: targets)
    guard settings.matchNames, let names = own.firstSplit?.names else { return own }
    let theirs = initial.names
    func isSame(_ a: [String]?, _ b: [String]?) -> Bool { a != nil && b != nil && Set(a ?? []) == Set(b ?? []) }
    var reference = names
    if names.columns != nil, let columns = theirs.columns { reference.columns = columns }
    if names.columns == nil, let columns = theirs.columns {
      warnings.append("the data name no columns; they are taken by position: \(listing(columns, limit: 6))")
    }
    if isSame(names.classes, theirs.classes) { reference.classes = theirs.classes }
    if isSame(names.targets, theirs.targets) { reference.targets = theirs.targets }
    reference.characters = theirs.characters ?? names.characters
    reference.words = theirs.words ?? names.words
    guard reference != names else { return own }
    do {
      return try opened.matched(to: reference, of: initial.path, targets: targets)
    } catch let error as Failure {
      throw Failure(
        error.description + "; or take them by position with --set init.match_names=false", exitCode: error.exitCode)
    }
  }

  /// Decides whether the layers that give the outputs can mean the same as in the file.
  ///
  /// - Parameters:
  ///   - names: those of the data, in the order that they are taken in.
  ///   - numbering: which labels stand for the classes.
  mutating func judgeHead(
    _ names: DataNames, outputSize: Int, numbering: TargetTransform, targets: TargetMeaning
  ) {
    guard targets != .nothing, settings.matchNames else { return }
    if targets == .columns, outputSize > 1 || initial.classTexts?.count != outputSize {
      // Columns of several targets may be called classes.
      func columns(_ names: DataNames) -> [String]? {
        names.targets ?? (names.classes?.count == outputSize ? names.classes : nil)
      }
      guard let own = columns(names), let theirs = columns(initial.names) else {
        if outputSize > 1 { positionNote = "columns of targets are not named on both sides: taken by position" }
        return
      }
      if own != theirs {
        freshHead = "its outputs are \(listing(theirs, limit: 6)), those of the data \(listing(own, limit: 6))"
      }
      return
    }
    let own = names.classNames ?? (0..<outputSize).map { "\(numbering.label(ofClass: $0))" }
    guard let theirs = initial.classTexts, theirs.count == own.count else {
      if initial.classTexts == nil {
        positionNote = "it does not name its classes: the outputs are taken by position"
      }
      return
    }
    let areNamed = (names.classNames != nil, initial.names.classNames != nil)
    if areNamed.0 != areNamed.1 || areNamed == (false, false) && own == theirs {
      let side = areNamed == (false, false) ? "" : areNamed.0 ? " in it" : " in the data"
      positionNote = "classes have no names\(side): the outputs are taken by position"
    } else if own != theirs {
      freshHead = "its classes are \(listing(theirs, limit: 6)), those of the data \(listing(own, limit: 6))"
    }
  }

  // MARK: Scaling

  /// The scaling of features that the weights were trained with, for samples of `shape`; nil where the data have their
  /// own: another was asked for, the file says none, or it does not fit.
  mutating func transform(_ asked: FeatureScaling, shape: Shape) -> FeatureTransform? {
    guard let transform = initial.transform else {
      let scaling = asked == .auto ? "by the data's own figures" : "data.scaling asks for \(asked.rawValue)"
      notes.append("it does not say how features were scaled: \(scaling)")
      return nil
    }
    guard asked == .auto else { return nil }
    guard let fitting = transform.fitting(shape) else {
      warnings.append(
        "\(initial.path) scales \(plural(transform.offset.count, "feature")), but the samples are of \(shape): they "
          + "are scaled by their own figures, which its weights have not seen")
      return nil
    }
    notes.append("features are scaled as for it (\(transform.kind.rawValue)); data.scaling gives them another")
    return fitting
  }

  /// - Throws: where features are in other units than those that the scaling is for.
  func check(_ stores: [ShardStore], scaledBy transform: FeatureTransform) throws {
    do {
      for store in stores {
        try initial.data?.checkUnits(of: store, scaledBy: transform, of: initial.path)
        try initial.featureKind.map(store.checkKind)
      }
    } catch let error as Failure {
      throw Failure(
        error.description + ", or scale them by their own figures with data.scaling, such as --set data.scaling=none",
        exitCode: error.exitCode)
    }
  }

  /// Says where features, or targets of a regression, that are scaled as those that the weights were trained on seem
  /// to be in other units. Collective.
  ///
  /// - Parameters:
  ///   - train: the training samples.
  ///   - features, targets: the transforms of the weights that were taken; nil where the data have their own.
  mutating func compareUnits(
    of train: ShardStore, features: FeatureTransform?, targets: TargetTransform?, over shards: ShardAssignment,
    _ communicator: any Communicator
  ) throws {
    let names = train.source.names
    func isOther(_ noun: String, _ comparison: UnitComparison?, _ own: [String]?, _ remedy: String) {
      let isWhole = noun == "features" && features?.kind != .standard && features?.kind != .minMax
      guard
        let difference = comparison?.difference(name: { index in
          isWhole ? nil : own.map { "'\($0[index].shownName)'" } ?? "column \(index + 1)"
        })
      else { return }
      warnings.append(
        "\(noun) are not in the units of those that the weights of \(initial.path) were trained on: \(difference); "
          + "give them in those units, or \(remedy)")
    }
    if let features {
      let comparison = try train.compareFeatures(to: features, initial.featureKind, over: shards, communicator)
      let columns = names.columns.flatMap { $0.count == train.source.featureShape.elementCount ? $0 : nil }
      isOther("features", comparison, columns, "scale them by their own figures with --set data.scaling=standard")
    }
    if let targets {
      let comparison = try train.compareTargets(to: targets, over: shards, communicator)
      let columns = [names.targets, names.classes].compactMap(\.self).first { $0.count == train.source.targetSize }
      isOther(
        "targets", comparison, columns,
        "let the layer that gives the outputs start fresh by init.skip, and they are scaled by their own figures")
    }
  }

  /// Says where the data's own scaling is another than the file's.
  mutating func compare(_ transform: FeatureTransform, shape: Shape) {
    guard let theirs = initial.transform, let fitting = theirs.fitting(shape),
      fitting.offset != transform.offset
        || fitting.factor != transform.factor
    else { return }
    warnings.append(
      "features are scaled otherwise (\(transform.kind.rawValue)) than those that the weights of \(initial.path) were "
        + "trained on (\(theirs.kind.rawValue)): data.scaling asks for it")
  }

  /// The scaling of a regression's targets that the outputs of the weights have; nil where the data have their own.
  mutating func targetTransform(_ asked: TargetScaling, count: Int) -> TargetTransform? {
    guard let theirs = initial.targetTransform, theirs.kind == .standard, asked == .standard, freshHead == nil,
      settings.skip.isEmpty, [1, count].contains(theirs.offset.count)
    else { return nil }
    notes.append("targets are scaled as for it")
    return theirs
  }
}

extension FeatureTransform {
  /// The same scaling for samples of another shape: one for all features fits any, one for each as many, one for each
  /// channel of an image other images with these channels; nil where it does not fit.
  fileprivate func fitting(_ shape: Shape) -> FeatureTransform? {
    let count = shape.elementCount
    if [1, count].contains(offset.count) { return self }
    guard shape.rank == 3, offset.count % shape[2] == 0 else { return nil }
    let channels = shape[2]
    let isByChannel = offset.indices.allSatisfy {
      offset[$0] == offset[$0 % channels] && factor[$0] == factor[$0 % channels]
    }
    guard isByChannel else { return nil }
    return FeatureTransform(
      kind: kind, offset: (0..<count).map { offset[$0 % channels] }, factor: (0..<count).map { factor[$0 % channels] })
  }
}
