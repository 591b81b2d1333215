import Basics
import Collectives
import Testing
import Training

/// What `check` makes of what ranks have found.
@Suite("The judgement of gathered facts")
struct CheckJudgementTests {
  private func places(_ hosts: String...) -> RankPlaces { RankPlaces(hosts: hosts) }

  // MARK: Programs and configurations

  private func machine(_ host: String, kernels: String = "Haswell", program: String = "1 (a)") -> Machine {
    Machine(host: host, values: [kernels, "OpenBLAS 0.3.21", "AVX2", program, "zero"], libraries: ["MPI", "HDF5"])
  }

  @Test("Programs that differ are named with their hosts, and each difference has a line")
  func machines() {
    #expect(Machine.differences(among: [machine("a"), machine("b")]).isEmpty)
    let found = Machine.differences(
      among: [machine("a"), machine("b", kernels: "Nehalem", program: "1 (b)"), machine("a")])
    #expect(found.map(\.part) == [.kernels, .program])
    #expect(found[0].text.contains("Haswell on a (ranks 0, 2), Nehalem on b (rank 1);"))
    #expect(found[0].text.hasSuffix("(mpirun -x OPENBLAS_CORETYPE=Nehalem)"))
    #expect(found[1].text.contains("program: 1 (a) on a (ranks 0, 2), 1 (b) on b (rank 1);"))
  }

  @Test("Of configurations that differ the first setting is named, and of equal ones the threads")
  func configurations() {
    func settings(_ rank: Int, _ text: String, threads: Int = 1) -> RankSettings {
      RankSettings(rank: rank, host: "h\(rank / 2)", text: text, threads: threads)
    }
    let text = #"{"optimizer": {"learning_rate": 0.1}}"#
    let same = (0..<3).map { settings($0, text) }
    #expect(RankSettings.difference(same) == nil)
    let other = settings(3, #"{"optimizer": {"learning_rate": 0.2}, "epochs": 3}"#)
    // In the order of their numbers, whatever the order in which they come.
    #expect(
      RankSettings.difference([other] + same)?.hasPrefix(
        "ranks differ in their configuration: optimizer.learning_rate is 0.1 on h0 (ranks 0, 1), h1 (rank 2), 0.2 on "
          + "h1 (rank 3) (and 1 more setting);") == true)
    let slow = settings(3, text, threads: 2)
    #expect(
      RankSettings.difference(same + [slow])?.contains(
        "threads: 1 BLAS thread on h0 (ranks 0, 1), h1 (rank 2), 2 BLAS threads on h1 (rank 3)") == true)
  }

  // MARK: Cores

  /// - Parameters:
  ///   - own: the cores of each rank.
  ///   - host: those of the host.
  private func doubts(
    _ own: [[Int]], host: Int, threads: Int = 1, quota: Double? = nil, hosts: [String]? = nil
  ) -> [String] {
    let found = own.map {
      CoreCheck.Place(own: CoreSet(cores: $0, quota: quota), host: CoreSet(cores: Array(0..<host)))
    }
    let places = RankPlaces(hosts: hosts ?? own.map { _ in "a" })
    return CoreCheck.doubts(found, threads: threads, places).map(\.text)
  }

  @Test("Ranks that have cores for their threads are fine")
  func fittingRanks() {
    #expect(doubts([[0], [1]], host: 2).isEmpty)
    #expect(doubts([[0, 1], [0, 1]], host: 2).isEmpty)
    #expect(doubts([[0, 1], [2, 3]], host: 4, threads: 2).isEmpty)
    // The same numbers on two hosts are other cores.
    #expect(doubts([[0], [0]], host: 1, hosts: ["a", "b"]).isEmpty)
    let unknown = CoreCheck.doubts([CoreCheck.Place(), CoreCheck.Place()], threads: 1, places("a", "a"))
    #expect(unknown.isEmpty)
  }

  @Test("More ranks than cores, with as many as would fit")
  func oversubscribed() {
    #expect(
      doubts([[0, 1], [0, 1], [0, 1]], host: 2) == [
        "a has 2 cores for 3 ranks of 1 thread, which take turns on them; start fewer: mpirun -np 2"
      ])
    #expect(
      doubts([[0, 1, 2], [0, 1, 2], [0]], host: 3, threads: 2, hosts: ["a", "a", "b"]) == [
        "a has 3 cores for 2 ranks of 2 threads, which take turns on them; start fewer: mpirun -np 2",
        "rank 2 on b is bound to 1 core and has 2 threads, which take turns on it; give mpirun -np 3 --map-by "
          + "slot:PE=2 --bind-to core",
      ])
    #expect(doubts([[0]], host: 1, threads: 2)[0].hasSuffix("give fewer --threads"))
  }

  @Test("Two ranks bound to one core, a rank bound to fewer cores than threads, a limit of a container")
  func crowded() {
    #expect(
      doubts([[0], [0], [1]], host: 4) == [
        "ranks 0, 1 on a are bound to 1 core (0) and take turns on it; give mpirun -np 3 --bind-to core, and --bind-to "
          + "none where several jobs share the host"
      ])
    #expect(doubts([[0, 1], [1], [0]], host: 4)[0].hasPrefix("ranks 0, 1, 2 on a are bound to 2 cores (0, 1)"))
    #expect(doubts([[0], [1]], host: 4, threads: 2)[0].contains("mpirun -np 2 --map-by slot:PE=2 --bind-to core"))
    #expect(
      doubts([[0, 1], [0, 1]], host: 2, quota: 1.5) == [
        "a: the limit of the container, 1.5 cores' time, is less than 2 ranks of 1 thread take; raise it, or start "
          + "fewer: mpirun -np 1"
      ])
  }

  // MARK: Disk

  private func facts(_ place: String, free: Int?, greatestFile: Int? = nil) -> DirectoryCheck.Facts {
    DirectoryCheck.Facts(
      place: place, kind: "ext4", free: free, isVolatile: false, greatestFile: greatestFile, seconds: 0.01)
  }

  @Test("No room for one checkpoint is a fault, for all of them a warning, and no one's word neither")
  func room() {
    let room = CheckpointRoom(byteCount: 1000)
    func row(_ free: Int?, copy: Int? = nil, _ rule: CheckpointRule.FailureRule = .stop) -> CheckRow {
      let copies = copy.map { [facts("/b", free: $0)] } ?? []
      return DirectoryCheck.roomRow([facts("/a", free: free)] + copies, room, count: 5, rule: rule)
    }
    #expect(row(5000).state == "ok")
    #expect(row(nil).state == "ok")
    #expect(row(4999).state == "warning")
    let full = row(999)
    #expect(full.findings.map(\.exitCode) == [.data])
    #expect(full.findings[0].text.hasPrefix("/a: a checkpoint takes 1.000 kB, and 999 B are free; free some space"))
    // Such a run trains on, and a copy is a second thought.
    #expect(row(999, .continue).state == "warning")
    #expect(row(9999, copy: 10).findings.map(\.exitCode) == [nil])
    func limited(_ limit: Int) -> CheckRow {
      DirectoryCheck.roomRow([facts("/a", free: 9999, greatestFile: limit)], room, count: 5, rule: .stop)
    }
    #expect(limited(1000).state == "ok")
    #expect(
      limited(999).findings == [
        .fault(
          "/a: a checkpoint takes 1.000 kB, and a file may have 999 B; raise the limit with ulimit -f unlimited", .data)
      ])
  }

  @Test("The file system of a path is that of the innermost mount, the last one of several")
  func mounts() {
    let mounts = """
      21 1 8:1 / / rw - ext4 /dev/sda1 rw
      22 21 0:5 / /home rw shared:1 - nfs4 server:/home rw
      23 22 0:6 / /home/a\\040b rw - tmpfs tmpfs rw
      24 21 0:7 / /home rw - xfs /dev/sdb rw
      """
    #expect(FileSystem.kind(of: "/data", mounts: mounts) == "ext4")
    #expect(FileSystem.kind(of: "/home", mounts: mounts) == "xfs")
    #expect(FileSystem.kind(of: "/homework", mounts: mounts) == "ext4")
    #expect(FileSystem.kind(of: "/home/a b/c", mounts: mounts) == "tmpfs")
    #expect(CoreSet.numbers("0-2,8\n") == [0, 1, 2, 8])
  }

  @Test("Hosts that do not see the run directory are a warning")
  func unshared() {
    #expect(DirectoryCheck.sharing("/a", unseen: [], places("a", "b")).isEmpty)
    let found = DirectoryCheck.sharing("/a", unseen: [1], places("a", "b"))
    #expect(found.map(\.exitCode) == [nil] && found[0].text.hasPrefix("b (rank 1) does not see"))
  }

  // MARK: Network and speed

  private func network(_ links: (bandwidth: Double, lead: Double)...) -> NetworkCheck {
    NetworkCheck(
      host: "a",
      links: links.enumerated().map { index, link in
        .init(
          host: "h\(index)",
          figures: LinkFigures(latency: 25e-6, bandwidth: link.bandwidth, clockLead: link.lead))
      })
  }

  @Test("A clock that is more than a second off is named, with its direction")
  func clocks() {
    #expect(NetworkCheck(host: "a", links: []).clockRow.found == "one host")
    #expect(network((1e9, 0.4), (1e9, -0.9)).clockRow.state == "ok")
    let found = network((1e9, 1.1), (1e9, 0), (1e9, -100)).clockRow.findings.map(\.text)
    #expect(found.count == 2)
    #expect(found[0].hasPrefix("the clock of h0 is 1.1 s ahead of that of a:"))
    #expect(found[1].hasPrefix("the clock of h2 is 1 min 40 s behind that of a:"))
  }

  @Test("A network that takes most of a step is a warning, and a host whose link is slower than the others' is named")
  func networks() {
    // 10 GFLOP at half of 100 GFLOP/s are 200 ms, and 10 MB over 1 GB/s 10 ms, which backward hides.
    let small = StepSize(operations: 10e9, bytes: 10e6)
    let row = network((1e9, 0)).row(small, ranksPerNode: 1, rate: 100e9)
    #expect(row.findings.isEmpty)
    #expect(row.found.hasPrefix("25 µs and 8.000 Gbit/s to h0; expected efficiency of 2 hosts: 98 % (10.00 MB a step"))
    // 10 MFLOP are 0.2 ms.
    let large = network((1e9, 0)).row(StepSize(operations: 10e6, bytes: 10e6), ranksPerNode: 1, rate: 100e9)
    #expect(large.findings.count == 1 && large.findings[0].text.contains("times as long as without a network"))
    let odd = network((1e9, 0), (0.7e9, 0), (1e9, 0)).row(nil, ranksPerNode: 1, rate: 1)
    #expect(odd.findings.count == 1 && odd.findings[0].text.contains("the network to h1 carries 5.600 Gbit/s"))
    #expect(network().row(small, ranksPerNode: 1, rate: 1).state == "ok")
  }

  @Test("The odd one out is below four fifths of the median")
  func oddOneOut() {
    #expect(OddOneOut([10]) == nil)
    #expect(OddOneOut([10, 8, 10]) == nil)
    #expect(OddOneOut([10, 7.9, 11])?.index == 1)
    #expect(OddOneOut([10, 7.9])?.median == 10)
    func speed(_ host: String, product: Double = 100, reading: Double? = 1) -> RankSpeed {
      RankSpeed(host: host, product: product, memory: 10, exchange: 10, reading: reading)
    }
    #expect(RankSpeed.doubts([speed("a"), speed("b")]).isEmpty)
    let found = RankSpeed.doubts([speed("a"), speed("b", product: 60), speed("c", reading: nil)]).map(\.text)
    #expect(found.count == 1)
    #expect(
      found[0].hasPrefix("rank 1 on b is slow in matrix products: 60.00 GFLOP/s, the median rank 100.0, and all wait"))
  }
}
