extension NamedModel {
  /// Linear regression.
  public static let linear = NamedModel("linear", "one affine map, for regression", task: "regression") { Dense() }

  /// Logistic regression.
  public static let logistic = NamedModel("logistic", "one affine map, for classes") { Dense() }
}
