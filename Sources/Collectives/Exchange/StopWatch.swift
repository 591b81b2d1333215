/// Adds up the time between starts and stops.
struct StopWatch {
  private var elapsed = Duration.zero
  private var begun = ContinuousClock.now

  mutating func start() { begun = .now }
  mutating func stop() { elapsed += begun.duration(to: .now) }

  mutating func takeSeconds() -> Double {
    defer { elapsed = .zero }
    return elapsed / .seconds(1)
  }
}
