import Settings
import Testing
import Training

@Suite("What holds a run up is named by where its time went")
struct BottleneckTests {
  private func place(
    ranks: Int = 2, nodes: Int = 1, cores: Int = 2, threads: Int = 1, shards: Int = 4
  ) -> Bottleneck.Place {
    Bottleneck.Place(
      ranks: ranks, nodes: nodes, ranksPerNode: ranks / nodes, threads: threads, cores: cores, shards: shards)
  }

  /// - Parameter ranks: seconds of steps, exchange and data wait of each.
  private func text(
    _ ranks: [(Double, Double, Double)], evaluation: Double = 0, _ place: Bottleneck.Place
  ) throws -> String {
    var times = RunTimes()
    times.add(ranks.map { RunTimes.Rank(steps: $0.0, exchange: $0.1, data: $0.2) })
    times.add(evaluation: evaluation)
    return try #require(Bottleneck(times, place)).lines.joined(separator: "; ")
  }

  @Test func compute() throws {
    #expect(
      try text([(10, 0.7, 0), (10, 0.7, 0)], place()) == "compute 93 %, exchange 7 %; more cores would help: ranks on "
        + "more hosts")
    #expect(
      try text([(10, 1, 0), (10, 1, 0)], place(cores: 8))
        == "compute 90 %, exchange 10 %; more ranks would help, up to 8 here with shards=8")
    #expect(
      try text([(10, 1, 0)], place(ranks: 1, cores: 4, threads: 2))
        == "compute 100 %; more ranks would help, up to 2 here")
  }

  @Test func exchange() throws {
    let ranks = [(10.0, 4.0, 0.0), (10, 4, 0)]
    #expect(
      try text(ranks, place()) == "exchange 40 %, compute 60 %; a larger batch_size or fewer ranks would help")
    #expect(
      try text(ranks, place(nodes: 2)).hasSuffix("; a larger batch_size, a faster network or fewer hosts would help"))
    #expect(try text(ranks, place(cores: 1)).hasSuffix("there are more ranks than cores: one a core would help"))
  }

  /// The slowest rank waits least in the exchange: what the others wait for it is no fault of the network.
  @Test func imbalance() throws {
    #expect(
      try text([(10, 8, 0), (10, 0, 0)], place())
        == "imbalance 40 %, compute 60 %; rank 1 keeps the others waiting: see what else runs on its cores")
  }

  @Test func dataAndEvaluation() throws {
    #expect(
      try text([(10, 1, 5), (10, 1, 5)], place())
        == "data 50 %, compute 40 %, exchange 10 %; a larger data.memory, faster storage or smaller chunks would help")
    // One rank that waits for its disk holds up all: that is data, no imbalance.
    #expect(try text([(10, 6, 0), (10, 1, 5)], place()).hasPrefix("data 50 %, compute 40 %, exchange 10 %;"))
    #expect(
      try text([(10, 1, 0), (10, 1, 0)], evaluation: 10, place())
        == "evaluation 50 %, compute 45 %, exchange 5 %; fewer validation samples or rarer checkpoints would help")
  }

  @Test func figuresForScripts() throws {
    var times = RunTimes()
    #expect(Bottleneck(times, place()) == nil)
    times.add([RunTimes.Rank(steps: 10, exchange: 4, data: 0)])
    times.add([RunTimes.Rank(steps: 10, exchange: 2, data: 2)])
    let json = try #require(Bottleneck(times, place())).json
    #expect(json["name"] == "exchange")
    #expect(json["exchange_fraction"] == 0.3)
    #expect(json["compute_fraction"] == 0.6)
    #expect(json["data_fraction"] == 0.1)
  }

  @Test("Checkpoints between steps are no compute, on the rank that writes them and on those that wait")
  func checkpoints() throws {
    let place = Bottleneck.Place(ranks: 2, nodes: 1, ranksPerNode: 2, threads: 1, cores: 2, shards: 2)
    for writers in [[3.0, 0], [3.0]] {
      var times = RunTimes()
      times.add(writers.map { RunTimes.Rank(steps: 4, exchange: $0 > 0 ? 0 : 3, data: 0, checkpoints: $0) })
      let bottleneck = try #require(Bottleneck(times, place))
      #expect(
        bottleneck.lines == [
          "checkpoints 75 %, compute 25 %", "rarer checkpoints would help: checkpoint.every_steps, every_minutes",
        ])
    }
  }
}

@Suite("A rank that is slow at its share is named")
struct StragglerTests {
  /// - Parameter ranks: seconds of steps, exchange and data wait of each.
  private func straggler(_ ranks: [(Double, Double, Double)], shards: [Int]) -> Straggler? {
    Straggler(ranks.map { RunTimes.Rank(steps: $0.0, exchange: $0.1, data: $0.2) }, shards: shards)
  }

  @Test func slowToCompute() throws {
    let found = try #require(straggler([(10, 8, 0), (10, 7, 0), (10, 1, 0), (10, 7.5, 0)], shards: [1, 1, 1, 1]))
    #expect(found.index == 2 && found.phase == .compute && found.seconds == 9 && found.median == 2.5)
  }

  @Test func slowToRead() throws {
    let found = try #require(straggler([(10, 1, 6), (10, 6, 0.5)], shards: [1, 1]))
    #expect(found.index == 0 && found.phase == .data)
  }

  /// Two shards take twice as long as one; twice as long and no more is no straggler; milliseconds are noise.
  @Test func others() {
    #expect(straggler([(10, 0, 0), (10, 5, 0), (10, 5, 0)], shards: [2, 1, 1]) == nil)
    #expect(straggler([(10, 0, 0), (10, 5, 0), (10, 5, 0)], shards: [1, 1, 1]) == nil)
    #expect(straggler([(0.6, 0, 0), (0.6, 0.5, 0), (0.6, 0.5, 0)], shards: [1, 1, 1])?.index == 0)
    #expect(straggler([(0.5, 0, 0), (0.5, 0.4, 0), (0.5, 0.4, 0)], shards: [1, 1, 1]) == nil)
    #expect(straggler([(10, 9, 0), (10, 0, 0)], shards: [1, 0]) == nil)
  }

  @Test func summary() throws {
    var all = Stragglers()
    all.add(rank: 0, host: "", nil)
    for rank in [2, 1, 2] { all.add(rank: rank, host: "node\(rank)", .compute) }
    #expect(
      all.lines == [
        "rank 2 on node2: in 2 of 4 epochs, forward and backward",
        "rank 1 on node1: in 1 of 4 epochs, forward and backward",
      ])
    #expect(all.json.line.hasPrefix("[{\"rank\": 2, \"host\": \"node2\", \"epochs\": 2, "))
  }
}
