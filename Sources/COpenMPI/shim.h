#include <mpi.h>

// The handles below are macros or casts in mpi.h, which Swift does not import.
static inline MPI_Comm copenmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm copenmpi_comm_null(void) { return MPI_COMM_NULL; }
static inline MPI_Info copenmpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Win copenmpi_win_null(void) { return MPI_WIN_NULL; }
static inline MPI_Errhandler copenmpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline MPI_Datatype copenmpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype copenmpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype copenmpi_double(void) { return MPI_DOUBLE; }
static inline MPI_Datatype copenmpi_int(void) { return MPI_INT; }
static inline MPI_Op copenmpi_sum(void) { return MPI_SUM; }
// A send buffer that says: the data is already in the receive buffer.
static inline const void *copenmpi_in_place(void) { return MPI_IN_PLACE; }
