import Experiments
import Settings
import Testing

@Suite("What a search varies, and how it chooses")
struct SearchTests {
  private static func space(_ text: String) throws -> SearchSpace {
    try SearchSpace(try JSON5Parser.parse(text, file: ""), path: "space")
  }

  private static let mixed = """
    {
      "optimizer.name": ["sgd", "adam"],
      "optimizer.learning_rate": { low: 1e-4, high: 1.0, log: true },
      "optimizer.momentum": { low: 0.0, high: 0.9, step: 0.3, when: { "optimizer.name": "sgd" } },
      batch_size: { low: 16, high: 64 },
    }
    """

  @Test("Every sampler stays in the space, keeps its conditions, and its trials read back")
  func samplers() throws {
    let space = try Self.space(Self.mixed)
    for name in SamplerCatalog.all.names {
      let sampler = try #require(SamplerCatalog.all.make(name))
      var observations: [Observation] = []
      for _ in 0..<8 {
        for values in sampler.generation(of: 3, after: observations, space: space, seed: 1) {
          #expect((values[2] == nil) == (values[0] == 1), "\(name): momentum is sgd's")
          #expect(try (1e-4...1).contains(#require(values[1])))
          #expect(try Array(stride(from: 16, through: 64, by: 1)).contains(#require(values[3])))
          #expect(values[2].map { [0, 0.3, 0.6, 0.9].contains($0) } ?? true, "\(values)")
          #expect(space.values(space.json(values)) == values)
          observations.append(Observation(values, score: observations.count == 3 ? nil : values[1]))
        }
      }
      #expect(observations.count == 24, "\(name)")
    }
  }

  @Test("The next trial is a function of seed and results", arguments: ["gp", "tpe", "random"])
  func repeats(_ name: String) throws {
    let space = try Self.space(Self.mixed), sampler = try #require(SamplerCatalog.all.make(name))
    func run(seed: UInt64, generation: Int) -> [ParameterValues] {
      var observations: [Observation] = []
      while observations.count < 16 {
        let chosen = sampler.generation(of: generation, after: observations, space: space, seed: seed)
        observations += chosen.map { Observation($0, score: $0[1]) }
      }
      return observations.map(\.values)
    }
    #expect(run(seed: 1, generation: 4) == run(seed: 1, generation: 4))
    #expect(run(seed: 1, generation: 4) != run(seed: 2, generation: 4))
  }

  @Test("A grid has every combination once, the last key fastest")
  func grid() throws {
    let space = try Self.space(
      "{ a: [1, 2], b: { low: 0.0, high: 1.0, points: 3, when: { a: 2 } }, c: { low: 1, high: 2 } }")
    let all = GridSampler().generation(of: 100, after: [], space: space, seed: 0)
    #expect(
      all == [
        [0, nil, 1], [0, nil, 2], [1, 0, 1], [1, 0, 2], [1, 0.5, 1], [1, 0.5, 2], [1, 1, 1], [1, 1, 2],
      ])
    #expect(GridSampler.count(space, limit: 100) == 8)
    #expect(GridSampler.count(space, limit: 5) == 5)
  }

  @Test("The first trials are spread evenly over each scale")
  func spread() throws {
    let space = try Self.space("{ a: { low: 0.0, high: 10.0 }, b: { low: 1.0, high: 1024.0, log: true } }")
    let first = GaussianProcessSampler().generation(of: 10, after: [], space: space, seed: 7)
    #expect(Set(first.compactMap { $0[0].map { Int($0) } }) == Set(0..<10))
    #expect(first.count { ($0[1] ?? 0) < 32 } == 5)
  }

  @Test("Models of the results find the minimum that chance does not", arguments: [("gp", 0.005), ("tpe", 0.12)])
  func converges(_ name: String, _ bound: Double) throws {
    let space = try Self.space("{ a: { low: 0.0, high: 1.0 }, b: { low: 0.0, high: 1.0 }, c: ['bad', 'good'] }")
    func best(_ name: String) throws -> Double {
      let sampler = try #require(SamplerCatalog.all.make(name))
      var observations: [Observation] = []
      while observations.count < 40 {
        let chosen = sampler.generation(of: 4, after: observations, space: space, seed: 3)
        observations += chosen.map { values in
          let (a, b) = ((values[0] ?? 0) - 0.3, (values[1] ?? 0) - 0.8)
          return Observation(values, score: a * a + b * b + (values[2] == 1 ? 0 : 1))
        }
      }
      return observations.compactMap(\.score).min() ?? 1
    }
    #expect(try best(name) < bound)
  }

  @Test(
    "What is no space is refused",
    arguments: [
      ("{}", "space: expected at least one key to vary, found {}"),
      ("{ a: [] }", "space.a: expected at least one value"),
      ("{ a: [1, 1] }", "space.a: 1 stands twice"),
      ("{ a: { low: 1 } }", "space.a: expected a list of choices, or low and high"),
      ("{ a: { low: 2, high: 1 } }", "space.a.high: expected at least 2, found 1"),
      ("{ a: { low: 0.0, high: 1.0, log: true } }", "space.a.low: expected more than 0 on a logarithmic scale"),
      ("{ a: { low: 1, high: 2, when: { b: 1 } } }", "space.a.when: 'b' is no parameter before this one"),
      ("{ b: [1], a: { low: 1, high: 2, when: { b: 3 } } }", "space.a.when.b: has no value 3"),
      ("{ run: ['x'] }", "space.run: is not for a search to vary"),
      ("{ a: { low: 1, high: 2, hihg: 3 } }", "unknown key 'space.a.hihg'"),
    ])
  func refused(_ text: String, _ message: String) {
    let error = #expect(throws: SettingsError.self) { try Self.space(text) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }
}

@Suite("When trials are ended early")
struct StoppingTests {
  @Test("The median rule ends what is worse than the median of whole trials")
  func median() {
    let rule = MedianRule()
    let earlier = (1...5).map { (scores: [9.0, Double($0)] as [Double?], isWhole: true) }
    #expect(rule.ends([9, 3.5], after: earlier))
    #expect(!rule.ends([9, 3], after: earlier))
    #expect(!rule.ends([99], after: earlier), "the first epoch is warm-up")
    #expect(!rule.ends([9, 3.5], after: Array(earlier.dropLast())), "too few to say")
    #expect(rule.ends([9, nil], after: earlier))
  }

  @Test("Asynchronous halving lets the best third go on, at its rungs alone")
  func asynchronous() {
    let rule = AsyncHalving()
    #expect(rule.rungs(before: 27) == [1, 3, 9])
    let earlier = [1.0, 2, 3, 4, 5].map { (scores: [$0] as [Double?], isWhole: false) }
    #expect(!rule.ends([1.5], after: earlier))
    #expect(rule.ends([2.5], after: earlier))
    #expect(!rule.ends([1.5, 99], after: earlier))
    #expect(!rule.ends([7], after: []), "one trial says nothing of another")
  }
}

@Suite("Whether differences are more than chance")
struct SignificanceTests {
  /// SciPy 1.17: `stats.ttest_1samp([0.1, 0.2, 0.4, 0.3], 0)`, and statsmodels' `multipletests(…, method="holm")`.
  @Test("Probabilities equal SciPy's")
  func values() throws {
    let p = try #require(Significance.pairedTTest([0.1, 0.2, 0.4, 0.3]))
    #expect(abs(p - 0.030466291662170977) < 1e-12)
    #expect(Significance.pairedTTest([1]) == nil)
    #expect(Significance.pairedTTest([0, 0, 0]) == 1)
    #expect(Significance.pairedTTest([2, 2, 2]) == 0)
    let corrected = Significance.holm([0.04, 0.01, 0.03])
    for (found, expected) in zip(corrected, [0.06, 0.03, 0.06]) { #expect(abs(found - expected) < 1e-12) }
  }
}
