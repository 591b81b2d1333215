import Foundation

/// What the launcher of an MPI job says to this process by environment variables, before the job has come together.
public struct Launch: Equatable, Sendable {
  public enum Launcher: CaseIterable, Sendable {
    /// `mpirun` of Open MPI.
    case openMPI
    /// `mpiexec` of MPICH and of Intel MPI, or a scheduler that speaks their protocol.
    case hydra
    case slurm

    /// The variables of the process's number, of the processes of the job, and of those on this machine.
    var variables: (rank: String, size: String, localSize: String?) {
      switch self {
      case .openMPI: ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE")
      case .hydra: ("PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS")
      case .slurm: ("SLURM_PROCID", "SLURM_NTASKS", nil)
      }
    }
  }

  public let launcher: Launcher
  /// This process's number in the job; nil if the launcher gives none.
  public let rank: Int?
  /// The processes of the job; nil if it does not say.
  public let size: Int?
  /// Those on this machine; nil if it does not say.
  public let localSize: Int?

  /// Of the launcher that says most of all that leave traces in the environment; nil where none does.
  ///
  /// A job that Slurm starts may start an `mpirun` of its own: Slurm's variables come last.
  public static func detect(in environment: [String: String]) -> Launch? {
    all(in: environment).first { $0.rank != nil }
  }

  /// Of every launcher that leaves traces.
  public static func all(in environment: [String: String]) -> [Launch] {
    func number(_ name: String?) -> Int? { name.flatMap { environment[$0] }.flatMap { Int($0) } }
    // srun speaks Hydra's protocol too, and says nothing of the machine.
    let isSlurm = environment["SLURM_PROCID"] != nil && environment["MPI_LOCALNRANKS"] == nil
    return Launcher.allCases.compactMap { launcher in
      if launcher == .hydra, isSlurm { return nil }
      let names = launcher.variables
      let (rank, size) = (number(names.rank), number(names.size))
      guard rank != nil || size != nil else { return nil }
      return Launch(launcher: launcher, rank: rank, size: size, localSize: number(names.localSize))
    }
  }

  /// Of this process.
  public static let own = detect(in: ProcessInfo.processInfo.environment)

  /// The options that give every rank a variable, or cores of its own, under this process's launcher; without one under
  /// Open MPI's.
  public static func option(setting name: String, to value: String) -> String {
    own?.launcher == .hydra ? "-genv \(name) \(value)" : "-x \(name)=\(value)"
  }
  public static func option(bindingThreads threads: Int) -> String {
    if threads == 1 { return "--bind-to core" }
    return own?.launcher == .hydra ? "--bind-to core:\(threads)" : "--map-by slot:PE=\(threads) --bind-to core"
  }

  /// Whether it is an MPI's own launcher, which comments on how its processes end.
  public var isMPIRun: Bool { launcher != .slurm }
  /// The environment variable that tells the size.
  public var sizeVariable: String { launcher.variables.size }

  /// The socket by which a rank has Hydra end the job with `cmd=abort exitcode=N`; nil under other launchers. Hydra by
  /// itself ends with the bits of the signals that its ranks have died of.
  static var hydraSocket: Int32? {
    own?.launcher == .hydra ? ProcessInfo.processInfo.environment["PMI_FD"].flatMap { Int32($0) } : nil
  }

  /// Has Hydra end the job, this process included, also before this rank has joined it, and waits for that. Returns
  /// under other launchers.
  ///
  /// `MPI_Abort` also ends the process by itself, and where that comes first the code is lost after a signal.
  public static func endHydraJob(_ code: Int32) {
    guard let socket = hydraSocket else { return }
    // What Hydra has not passed on yet of what was printed would be lost.
    usleep(200_000)
    let command = Array("cmd=abort exitcode=\(code)\n".utf8)
    if write(socket, command, command.count) == command.count { sleep(5) }
  }

  /// The launcher's process where it is the parent of this one, or of the helper between them: on one host of the job.
  public static var process: pid_t? {
    let parent = getppid()
    if isLauncher(parent) { return parent }
    let next = name(of: parent) == "hydra_pmi_proxy" ? Self.parent(of: parent) : nil
    return next.flatMap { isLauncher($0) ? $0 : nil }
  }

  /// The nearest ancestor of this process that is a launcher.
  static var ancestor: pid_t? {
    var process = getppid()
    while process > 1 {
      if isLauncher(process) { return process }
      guard let next = parent(of: process) else { return nil }
      process = next
    }
    return nil
  }

  private static func isLauncher(_ process: pid_t) -> Bool {
    guard let name = name(of: process) else { return false }
    return ["mpirun", "mpiexec", "orterun", "prterun"].contains(name.prefix { $0 != "." })
  }

  private static func name(of process: pid_t) -> String? {
    let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
    return name?.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func parent(of process: pid_t) -> pid_t? {
    let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return status?.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap { pid_t($0) }
  }
}
