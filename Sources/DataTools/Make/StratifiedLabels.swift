import NumericCore

/// Classes for the samples of a synthetic set: as many of each as can be, in random order.
struct StratifiedLabels {
  private let count: Int
  private let classes: Int
  private let order: [Int32]

  init(count: Int, classes: Int, random: RandomSource) {
    (self.count, self.classes) = (count, classes)
    order = random.permutation(count)
  }

  /// The class of a sample.
  func label(_ index: Int) -> Int { Int(order[index]) * classes / count }

  /// The sample's place among those of its class, and how many these are: with the classes laid end to end, the
  /// permutation tells both.
  func place(_ index: Int) -> (place: Int, size: Int) {
    let label = label(index)
    let first = (label * count + classes - 1) / classes
    let size = ((label + 1) * count + classes - 1) / classes - first
    return (Int(order[index]) - first, size)
  }
}
