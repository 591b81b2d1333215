public import Settings

/// By which rule the training split is divided into folds.
public enum FoldScheme: String, SettingChoice {
  /// By class where samples have one, else plain.
  case auto
  /// Pieces of the same size.
  case plain
  /// Every fold has its share of each class.
  case stratified
  /// Each fold tests what comes behind all that it is trained on.
  case time
  /// As many folds as samples.
  case leaveOneOut = "leave_one_out"
}
