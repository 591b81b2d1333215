extension String {
  /// The text with each line break replaced by a space, fit to be quoted in an error.
  public var onOneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}
