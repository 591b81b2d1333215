package import NumericCore

/// Leaves everything as it is: for a step that is a sum alone, as measurements take it.
package final class NoUpdate: StepUpdate {
  package init() {}
  package func update(_ range: Range<Int>, gradient: BufferView<Float>, scale: Float) {}
  package func updateStatistics(_ range: Range<Int>, sums: BufferView<Float>, scale: Float) {}
}
