/// Collects the layers of a model or of a block; `if`, `switch` and `for` decide between them.
///
/// ```swift
/// for filters in [32, 64] { Conv2D(filters, kernel: 3, padding: .same); ReLU(); MaxPool2D(2) }
/// Dense()
/// ```
@resultBuilder public enum SequentialBuilder {
  public static func buildExpression(
    _ layer: some LayerDescription, file: String = #fileID, line: Int = #line
  ) -> [LayerEntry] { [LayerEntry(layer, file: file, line: line)] }
  /// Layers that a function of the program's own gives.
  public static func buildExpression(_ layers: [LayerEntry]) -> [LayerEntry] { layers }
  public static func buildBlock(_ layers: [LayerEntry]...) -> [LayerEntry] { layers.flatMap { $0 } }
  public static func buildOptional(_ layers: [LayerEntry]?) -> [LayerEntry] { layers ?? [] }
  public static func buildEither(first layers: [LayerEntry]) -> [LayerEntry] { layers }
  public static func buildEither(second layers: [LayerEntry]) -> [LayerEntry] { layers }
  public static func buildArray(_ layers: [[LayerEntry]]) -> [LayerEntry] { layers.flatMap { $0 } }
}
