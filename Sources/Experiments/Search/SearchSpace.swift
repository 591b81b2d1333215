import Basics
public import Settings
public import Training

/// One key of the configuration that a search varies.
public struct Parameter: Sendable, Equatable {
  /// As in `--set`, such as `optimizer.learning_rate`.
  public let path: String
  public let domain: Domain
  /// For a parameter that there is only where others have certain values: the indices of those, and the values.
  public let conditions: [Condition]
  /// How many values of an endless domain a grid takes.
  public let points: Int
  /// Where it was written.
  let position: SourcePosition?

  /// That another parameter, which stands before, has one of some values.
  public struct Condition: Sendable, Equatable {
    public let index: Int
    public let values: [Double]
  }

  public init(
    _ path: String, _ domain: Domain, conditions: [Condition] = [], points: Int = 5, position: SourcePosition? = nil
  ) {
    (self.path, self.domain, self.conditions) = (path, domain, conditions)
    (self.points, self.position) = (points, position)
  }
}

/// The values of a space's parameters in their order, as numbers and indices of choices; nil for one whose condition
/// does not hold.
public typealias ParameterValues = [Double?]

/// What a search varies.
public struct SearchSpace: Sendable, Equatable {
  /// Each behind those that its conditions name.
  public let parameters: [Parameter]

  public init(_ parameters: [Parameter]) { self.parameters = parameters }

  /// Whether the parameter at `index` is there, by the values of those before it.
  public func isActive(_ index: Int, in values: ParameterValues) -> Bool {
    parameters[index].conditions.allSatisfy { condition in
      values[condition.index].map(condition.values.contains) ?? false
    }
  }

  /// Values for all parameters that are there, one after the other.
  public func values(_ draw: (_ index: Int, _ before: ParameterValues) -> Double) -> ParameterValues {
    var values: ParameterValues = []
    for index in parameters.indices { values.append(isActive(index, in: values) ? draw(index, values) : nil) }
    return values
  }

  // MARK: Configurations

  /// The values by path, as a record keeps them.
  public func json(_ values: ParameterValues) -> JSONValue {
    .object(
      zip(parameters, values).compactMap { parameter, value in
        value.map { .init(parameter.path, parameter.domain.json($0)) }
      })
  }

  /// - Returns: nil where the record does not fit the space.
  public func values(_ json: JSONValue) -> ParameterValues? {
    guard let members = json.members else { return nil }
    var values: ParameterValues = []
    for (index, parameter) in parameters.enumerated() {
      let written = members.first { $0.key == parameter.path }
      guard isActive(index, in: values) == (written != nil) else { return nil }
      guard let written else {
        values.append(nil)
        continue
      }
      guard let value = parameter.domain.value(written.value) else { return nil }
      values.append(value)
    }
    return members.count == values.count { $0 != nil } ? values : nil
  }

  /// What the values set.
  public func settings(_ values: ParameterValues) -> [TrainArguments.Setting] {
    Self.settings(json(values))
  }

  /// What a trial's parameters set: whole parts of a configuration before the keys in them, which they would undo.
  static func settings(_ parameters: JSONValue) -> [TrainArguments.Setting] {
    func depth(_ path: String) -> Int { path.count { $0 == "." } }
    let settings = (parameters.members ?? []).map { TrainArguments.Setting(path: $0.key, value: $0.value) }
    return Set(settings.map { depth($0.path) }).sorted().flatMap { level in settings.filter { depth($0.path) == level }
    }
  }

  // MARK: Reading

  /// Reads `space: { "optimizer.learning_rate": { low: 1e-4, high: 0.1, log: true }, model: ["mlp", "cnn"] }`.
  public init(_ value: JSONValue, path: String) throws(SettingsError) {
    guard let members = value.members else { throw value.mismatch(path, "an object in braces") }
    guard !members.isEmpty else { throw value.mismatch(path, "at least one key to vary") }
    var parameters: [Parameter] = []
    for member in members {
      let own = "\(path).\(member.key)"
      if case .array(let choices) = member.value.content {
        let domain = try Domain.choices(checked: choices) { SettingsError("\(own): \($0)", at: member.value.position) }
        parameters.append(Parameter(member.key, domain, position: member.keyPosition))
        continue
      }
      guard member.value.members != nil else {
        throw member.value.mismatch(own, "a list of choices, or { low: …, high: … }")
      }
      var reader = try SettingsReader(member.value, path: own)
      let domain = try Domain(reading: &reader)
      let points = try reader.integer("points", in: .closed(1, 1000)) ?? 5
      let conditions = try Self.conditions(reader.value("when"), path: own + ".when", among: parameters)
      try reader.finish()
      parameters.append(
        Parameter(member.key, domain, conditions: conditions, points: points, position: member.keyPosition))
    }
    for member in members where Self.reserved.contains(member.key) {
      throw SettingsError("\(path).\(member.key): is not for a search to vary; leave it out", at: member.keyPosition)
    }
    self.init(parameters)
  }

  /// Of where results go, not of what is trained.
  static let reserved = ["run", "name", "resume", "overwrite", "quiet", "checkpoint"]

  private static func conditions(
    _ value: JSONValue?, path: String, among parameters: [Parameter]
  ) throws(SettingsError) -> [Parameter.Condition] {
    guard let value else { return [] }
    guard let members = value.members else { throw value.mismatch(path, "an object in braces") }
    var conditions: [Parameter.Condition] = []
    for member in members {
      guard let index = parameters.firstIndex(where: { $0.path == member.key }) else {
        throw SettingsError(
          "\(path): '\(member.key)' is no parameter before this one "
            + "(\(parameters.map(\.path).suggestion(for: member.key)))",
          at: member.keyPosition)
      }
      var wanted = [member.value]
      if case .array(let several) = member.value.content { wanted = several }
      var values: [Double] = []
      for item in wanted {
        guard let value = parameters[index].domain.value(item) else {
          throw SettingsError("\(path).\(member.key): has no value \(item.summary)", at: item.position)
        }
        values.append(value)
      }
      conditions.append(Parameter.Condition(index: index, values: values))
    }
    return conditions
  }

  // MARK: Checking

  /// Reads the configuration of every choice and of both ends of every range, so that a key that there is not, or a
  /// value of a wrong type, is found before the first trial.
  ///
  /// - Parameter configuration: makes a configuration of settings.
  public func check(_ configuration: ([TrainArguments.Setting]) throws -> TrainingConfiguration) throws {
    for (index, parameter) in parameters.enumerated() {
      let ends: [Double] =
        switch parameter.domain {
        case .choices(let values): values.indices.map(Double.init)
        case .real(let low, let high, _): low == high ? [low] : [low, high]
        case .steps: [parameter.domain.value(at: 0), parameter.domain.value(at: 1)]
        }
      for end in ends {
        do { _ = try configuration(settings(example(of: index, end))) } catch let error as SettingsError {
          guard error.position == nil || error.message.hasPrefix("unknown") else { throw error }
          throw SettingsError(
            "space.\(parameter.path): with \(parameter.domain.json(end).summary): \(error.message)",
            at: error.position ?? parameter.position)
        }
      }
    }
  }

  /// Values in which the parameter at `index` is there and has `value`.
  private func example(of index: Int, _ value: Double) -> ParameterValues {
    var fixed: [Int: Double] = [index: value]
    for index in parameters.indices.reversed() where fixed[index] != nil {
      for condition in parameters[index].conditions where fixed[condition.index] == nil {
        fixed[condition.index] = condition.values.first
      }
    }
    return values { index, _ in fixed[index] ?? parameters[index].domain.value(at: 0.5) }
  }
}
