public import Settings

/// The optimizers that a configuration can name.
public enum OptimizerCatalog {
  public static let all = Catalog(
    [
      SGD.self, Adam.self, AdamW.self, NAdam.self, Adagrad.self, RMSprop.self, Adadelta.self, Lion.self, LARS.self,
      LAMB.self,
    ]
  ) { $0 as? any Optimizer }
}
