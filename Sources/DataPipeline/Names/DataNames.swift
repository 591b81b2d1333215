/// What the numbers of a data set stand for, by the names that its files give; nil where they give none.
///
/// No list has the same name twice.
public struct DataNames: Sendable, Equatable {
  /// The columns of the features, along their last axis; along the first where sequences are stored channels first.
  public var columns: [String]?
  /// The columns of the targets.
  public var targets: [String]?
  /// The classes, by index.
  public var classes: [String]?
  /// The characters that features stand for by number.
  public var characters: String?
  /// The words that features stand for by number.
  public var words: [String]?
  /// How a converter made the features of what it was given; see `DataPreparation`.
  public var preparation: String?

  public init(
    columns: [String]? = nil, targets: [String]? = nil, classes: [String]? = nil, characters: String? = nil,
    words: [String]? = nil, preparation: String? = nil
  ) {
    (self.columns, self.targets, self.classes) = (columns, targets, classes)
    (self.characters, self.words, self.preparation) = (characters, words, preparation)
  }

  /// The names of so many outputs of a model: those of classes or target columns; nil where there are not as many.
  public func outputs(_ count: Int) -> [String]? {
    [classNames, targets].lazy.compactMap(\.self).first { $0.count == count }
  }

  /// The names of class indices: of the classes, or of the characters of a text.
  public var classNames: [String]? { classes ?? characters?.unicodeScalars.map { String($0) } }

  /// The names of the columns of targets that have several, which may be called classes.
  func targetColumns(_ count: Int) -> [String]? { targets ?? (classes?.count == count ? classes : nil) }
}

/// What the targets of a sample are, which the loss decides.
public enum TargetMeaning: Sendable {
  /// Class indices, one or one for each step.
  case classes
  /// A class index, then a box.
  case classAndBox
  /// Numbers that each have a column of their own: values, shares of classes, several yes-or-no answers.
  case columns
  /// Nothing that is looked at.
  case nothing
}
