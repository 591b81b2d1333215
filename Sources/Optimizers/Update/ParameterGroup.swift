public import NumericCore

extension ParameterUpdate {
  /// Parameters that are updated in another way than the others of their part, or not at all.
  public struct Exception: Sendable {
    /// Indices of entries of the layout.
    public let entries: Set<Int>
    /// What the learning rate of their part is multiplied by.
    public var rateFactor: Float = 1
    /// Takes the place of their optimizer's weight decay, and acts on parameters of one dimension too.
    public var weightDecay: Double?
    /// Whether they stay as they are, bit by bit, their averages too.
    public var isFrozen = false

    public init(_ entries: Set<Int>, rateFactor: Float = 1, weightDecay: Double? = nil) {
      (self.entries, self.rateFactor, self.weightDecay) = (entries, rateFactor, weightDecay)
    }

    /// Parameters that stay as they are.
    public static func frozen(_ entries: Set<Int>) -> Exception {
      var exception = Exception(entries)
      exception.isFrozen = true
      return exception
    }
  }
}

/// A range of the flat buffer whose elements are updated alike.
struct ParameterGroup: Sendable {
  var range: Range<Int>
  /// What decides how they are updated; equal for groups that are updated alike.
  let key: Key
  /// Of the part, with the weight decay of the group.
  let optimizer: any Optimizer
  /// The same optimizer, where it is layer-wise.
  let layerwise: (any LayerwiseOptimizer)?
  /// What the learning rate of a step is multiplied by.
  let rateFactor: Float

  struct Key: Sendable, Equatable {
    /// Index of the part.
    let part: Int
    /// Index of the exception; nil for those of the part itself.
    let exception: Int?
    /// What weight decay is multiplied by: 1, or 0 for parameters that are not to decay.
    let decayFactor: Float
    /// The same for penalties.
    let penaltyFactor: Float
    let isFrozen: Bool
  }

  /// The groups of a layout in order: they cover it, each gap with the entry before it, and neighbours differ.
  static func groups(
    of layout: ParameterLayout, parts: [ParameterUpdate.Part], exceptions: [ParameterUpdate.Exception]
  ) -> [ParameterGroup] {
    var groups: [ParameterGroup] = []
    for (index, entry) in layout.entries.enumerated() {
      let end = index + 1 < layout.entries.count ? layout.entries[index + 1].range.lowerBound : layout.count
      let part = parts.firstIndex { $0.range.contains(entry.range.lowerBound) } ?? 0
      precondition(end <= parts[part].range.upperBound, "\(entry.name) is of two parts")
      let own = exceptions.indices.filter { exceptions[$0].entries.contains(index) }
      // A frozen parameter may have a group, which waits for it to thaw.
      let exception = own.first { exceptions[$0].isFrozen } ?? own.first
      let decays: Float = parts[part].decaysVectors || entry.shape.rank > 1 ? 1 : 0
      let hasOwnDecay = exception.map { exceptions[$0].weightDecay != nil } ?? false
      let key = Key(
        part: part, exception: exception, decayFactor: hasOwnDecay ? 1 : decays, penaltyFactor: decays,
        isFrozen: exception.map { exceptions[$0].isFrozen } ?? false)
      if let last = groups.last, last.key == key {
        groups[groups.count - 1].range = last.range.lowerBound..<end
      } else {
        groups.append(
          ParameterGroup(
            range: entry.range.lowerBound..<end, key: key, of: parts[part],
            except: exception.map { exceptions[$0] }))
      }
    }
    return groups.isEmpty
      ? [
        ParameterGroup(
          range: 0..<layout.count,
          key: Key(part: 0, exception: nil, decayFactor: 1, penaltyFactor: 1, isFrozen: false), of: parts[0],
          except: nil)
      ] : groups
  }

  private init(
    range: Range<Int>, key: Key, of part: ParameterUpdate.Part, except exception: ParameterUpdate.Exception?
  ) {
    var optimizer = part.optimizer
    if let decay = exception?.weightDecay { optimizer.weightDecay = decay }
    (self.range, self.key, self.optimizer) = (range, key, optimizer)
    layerwise = optimizer as? any LayerwiseOptimizer
    rateFactor = part.rateFactor * (exception?.rateFactor ?? 1)
  }
}
