import Basics
internal import CMPI
import Glibc

/// What the MPI library is told about the machine before it starts. What the user has set stays.
enum MPISurroundings {
  static func prepare() {
    let isAlone = getenv("PMIX_NAMESPACE") == nil && getenv("PMI_RANK") == nil
    if isAlone {
      // Without a launcher the process is a job of its own: no daemon to start, no ssh to find for it, and no
      // directories that a killed process would leave behind.
      setenv("OMPI_MCA_ess_singleton_isolated", "1", 0)
      setenv("OMPI_MCA_orte_create_session_dirs", "0", 0)
      // MPICH's UCX would make files of shared memory, which a limit on the size of files may forbid.
      setenv("UCX_TLS", "self", 0)
    }
    // Messages between ranks of a machine go through files in /dev/shm, which may be too small for them.
    let ranks = isAlone ? 1 : Launch.own?.localSize ?? 16
    if let free = SharedMapping.freeBytes, free < ranks * SharedMapping.messageBytes {
      let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
      setenv("OMPI_MCA_btl_vader_backing_directory", temporary, 0)
      // MPICH's.
      setenv("UCX_POSIX_DIR", temporary, 0)
    }
    // With large messages Open MPI reads the memory of other processes. Containers may refuse that, and it then
    // complains of each message.
    if cmpi_can_read_memory() == 0 { setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0) }
  }
}
