import Settings

/// A learning rate that does not change.
public struct Constant: LearningRateSchedule {
  public init() {}
  public static let name = "constant"
  public static let summary = "the same rate throughout"
  public func rate(_ place: SchedulePlace) -> Double { place.base }
}
