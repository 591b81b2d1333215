public import Settings

/// The losses that a configuration can name.
public enum LossCatalog {
  public static let all = Catalog(
    [
      CrossEntropy.self, BinaryCrossEntropy.self, MeanSquaredError.self, MeanAbsoluteError.self, HuberLoss.self,
      LogCosh.self, FocalLoss.self, Hinge.self, BinaryHinge.self, DetectionLoss.self,
    ]
  ) { $0 as? any Loss }
}
