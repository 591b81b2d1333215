public import Settings

/// When a study ends a trial early. What earlier generations have come to decides, never a trial that is under way
/// beside it, so that a study is the same on any number of ranks.
public protocol StoppingRule: Configurable {
  /// Whether a trial is to end after the epochs that it has had.
  ///
  /// - Parameters:
  ///   - scores: of its epochs, as `Goal.scores`: less is better.
  ///   - earlier: the same of the trials of earlier generations that have not failed, and whether each had all epochs.
  func ends(_ scores: [Double?], after earlier: [(scores: [Double?], isWhole: Bool)]) -> Bool
}

/// The rules that a study can name.
public enum StoppingCatalog {
  public static let all = Catalog<any StoppingRule>([NoStopping.self, MedianRule.self, Halving.self, AsyncHalving.self])
  {
    $0 as? any StoppingRule
  }
}

public struct NoStopping: StoppingRule {
  public static let name = "none"
  public static let summary = "trials have all their epochs"
  public init() {}
  public func ends(_ scores: [Double?], after earlier: [(scores: [Double?], isWhole: Bool)]) -> Bool { false }
}

/// Ends a trial whose score is worse than the median of earlier trials' after as many epochs (Golovin et al. 2017,
/// "Google Vizier"), as Optuna's `MedianPruner`.
public struct MedianRule: StoppingRule {
  public static let name = "median"
  public static let summary = "ends trials that are worse than the median of earlier ones after as many epochs"
  public static let settings: [Setting<MedianRule>] = [
    Setting("startup", \.startup, .atLeast(1), "whole trials before the first is ended"),
    Setting("warmup", \.warmup, .atLeast(0), "epochs that every trial has"),
  ]
  public var startup = 5
  public var warmup = 1
  public init() {}

  public func ends(_ scores: [Double?], after earlier: [(scores: [Double?], isWhole: Bool)]) -> Bool {
    let epoch = scores.count
    let whole = earlier.filter(\.isWhole)
    guard epoch > warmup, whole.count >= startup else { return false }
    let others = whole.compactMap { $0.scores.count >= epoch ? $0.scores[epoch - 1] : nil }.sorted()
    guard !others.isEmpty else { return false }
    // Without a finite figure so far there is nothing to hope for.
    guard let score = scores[epoch - 1] else { return true }
    let middle = others.count / 2
    return score > (others.count % 2 == 1 ? others[middle] : (others[middle - 1] + others[middle]) / 2)
  }
}

/// The epochs after which trials are compared: `first`, `first · factor`, `first · factor²` and so on.
public protocol RungRule: StoppingRule {
  var firstEpoch: Int { get }
  var factor: Int { get }
}

extension RungRule {
  /// Those before `last`.
  public func rungs(before last: Int) -> [Int] {
    var rungs: [Int] = []
    var rung = firstEpoch
    while rung < last {
      rungs.append(rung)
      rung *= factor
    }
    return rungs
  }
}

/// Successive halving (Jamieson and Talwalkar 2016): the trials of a generation have so many epochs, the best of them
/// `factor` times as many, and so on; the others end there.
public struct Halving: RungRule {
  public static let name = "halving"
  public static let summary = "of the trials of a generation only the best go on, in several rounds"
  public static let settings: [Setting<Halving>] = [
    Setting("first_epoch", \.firstEpoch, .atLeast(1), "epochs of the first round"),
    Setting("factor", \.factor, .closed(2, 100), "one trial in so many goes on, to so many times the epochs"),
  ]
  public var firstEpoch = 1
  public var factor = 3
  public init() {}

  /// Trials wait for each other in rounds instead.
  public func ends(_ scores: [Double?], after earlier: [(scores: [Double?], isWhole: Bool)]) -> Bool { false }

  /// The trials that go on, by their scores; those without one do not. At least one does, where it has a score.
  func survivors(_ scores: [Double?]) -> [Int] {
    let known = scores.indices.compactMap { index in scores[index].map { ($0, index) } }.sorted { $0 < $1 }
    return known.prefix(max(1, scores.count / factor)).map(\.1).sorted()
  }
}

/// Asynchronous successive halving (Li et al. 2020, "A system for massively parallel hyperparameter tuning"), as
/// Optuna's `SuccessiveHalvingPruner`: after each round's epochs a trial goes on if it is among the best of all trials
/// of earlier generations that came so far. It waits for none, and yet does not depend on which trial ends first.
public struct AsyncHalving: RungRule {
  public static let name = "asha"
  public static let summary = "a trial goes on while it is among the best of all earlier ones, round by round"
  public static let settings: [Setting<AsyncHalving>] = [
    Setting("first_epoch", \.firstEpoch, .atLeast(1), "epochs of the first round"),
    Setting("factor", \.factor, .closed(2, 100), "one trial in so many goes on, to so many times the epochs"),
  ]
  public var firstEpoch = 1
  public var factor = 3
  public init() {}

  public func ends(_ scores: [Double?], after earlier: [(scores: [Double?], isWhole: Bool)]) -> Bool {
    let epoch = scores.count
    guard rungs(before: epoch + 1).contains(epoch) else { return false }
    guard let score = scores[epoch - 1] else { return true }
    let all = (earlier.compactMap { $0.scores.count >= epoch ? $0.scores[epoch - 1] : nil } + [score]).sorted()
    // One trial says nothing of another.
    return all.count > 1 && score > all[max(1, all.count / factor) - 1]
  }
}
