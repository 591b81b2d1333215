import Basics
import Testing

@Suite struct LauncherTests {
  private static let slurm = ["SLURM_PROCID": "0", "SLURM_NTASKS": "4"]
  private static let protocolVariables = ["PMI_RANK": "3", "PMI_SIZE": "4", "PMI_FD": "7"]

  @Test("Slurm's srun is known from MPICH's mpiexec, whose protocol it speaks, also in a job of Slurm")
  func hydraAndSlurm() {
    let srun = Launch.detect(in: Self.protocolVariables.merging(["SLURM_PROCID": "3", "SLURM_NTASKS": "4"]) { $1 })
    #expect(srun?.launcher == .slurm && srun?.rank == 3 && srun?.size == 4)
    let hydra = Self.protocolVariables.merging(["MPI_LOCALNRANKS": "2"]) { $1 }
    for environment in [hydra, hydra.merging(Self.slurm) { $1 }] {
      let mpiexec = Launch.detect(in: environment)
      #expect(mpiexec?.launcher == .hydra && mpiexec?.rank == 3 && mpiexec?.localSize == 2)
    }
  }
}
