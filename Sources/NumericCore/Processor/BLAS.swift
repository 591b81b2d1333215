internal import COpenBLAS

/// The BLAS library behind `multiply`: its identity belongs in checkpoints, because another kernel family or another
/// number of threads gives other bits.
public enum BLAS {
  /// The kernel family that OpenBLAS runs, such as `Haswell`.
  public static var coreName: String { String(cString: openblas_get_corename()) }
  /// Such as `OpenBLAS 0.3.21`.
  public static var version: String {
    String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")
  }
  /// Threads that one product may use.
  public static var threads: Int {
    get { Int(openblas_get_num_threads()) }
    set { openblas_set_num_threads(Int32(newValue)) }
  }

  /// Why OpenBLAS runs these kernels. The first look at it makes the choice, so that belongs before the first product.
  public static let kernelChoice = KernelChoice.make(environment: KernelChoice.Environment(), library: Library())

  /// Prepares the calling thread, which is to be the one that asks for products, and OpenBLAS's own threads: the
  /// kernels that the processor deserves, and zero in place of subnormal numbers on every thread that computes.
  ///
  /// For the start of a program, before the first product. Further calls change nothing.
  /// - Throws: where this program or the kernels that `OPENBLAS_CORETYPE` asks for need what the processor has not.
  public static func prepare() throws {
    try Processor.checkProgram()
    copenblas_end_threads()
    Subnormals.flush()
    try kernelChoice.check()
  }

  /// The family among these that every processor runs which runs one of them, as far as that is known.
  public static func slowest(of families: [String]) -> String {
    families.min { (KernelFamily(named: $0)?.speed ?? 0) < (KernelFamily(named: $1)?.speed ?? 0) } ?? coreName
  }

  /// OpenBLAS as far as the choice of its kernels goes.
  struct Library: KernelLibrary {
    var family: String { coreName }
    var canChoose: Bool { copenblas_can_choose() != 0 }
    var isDynamic: Bool { String(cString: openblas_get_config()).contains("DYNAMIC_ARCH") }
    func choose(_ family: String?) { copenblas_choose(family) }
  }
}
