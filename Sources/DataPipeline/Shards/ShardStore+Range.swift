import Basics

extension ShardStore {
  /// Checks that the features of this rank's shards go no higher than those that a model was trained on.
  ///
  /// - Parameters:
  ///   - greatest: what the model's features were divided by.
  ///   - owner: the checkpoint of the model.
  public func checkGreatest(_ greatest: Double, of owner: String) throws {
    let found = range().maximum.max() ?? 0
    guard found > greatest else { return }
    throw Failure.data(
      "\(source.place(.features, row: 0)): features of \(source.featureType.name) go up to \(trimmedNumber(found)), "
        + "but \(owner) divides its own by their greatest, \(trimmedNumber(greatest)); give features in the units of "
        + "training")
  }
}
