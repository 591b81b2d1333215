#include <fcntl.h>
#include <mpi.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// The handles below are macros or casts in mpi.h, which Swift does not import.
static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm cmpi_comm_null(void) { return MPI_COMM_NULL; }
static inline MPI_Info cmpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Win cmpi_win_null(void) { return MPI_WIN_NULL; }
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline MPI_Datatype cmpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype cmpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype cmpi_double(void) { return MPI_DOUBLE; }
static inline MPI_Datatype cmpi_int(void) { return MPI_INT; }
static inline MPI_Op cmpi_sum(void) { return MPI_SUM; }
// Transfers that are set up once. A request is a pointer in Open MPI and a number in MPICH.
typedef struct { MPI_Request handle; } cmpi_request;
static inline int cmpi_send_init(
    const void *bytes, int count, int rank, int tag, MPI_Comm group, cmpi_request *request) {
  return MPI_Send_init(bytes, count, MPI_BYTE, rank, tag, group, &request->handle);
}
static inline int cmpi_receive_init(
    void *bytes, int count, int rank, int tag, MPI_Comm group, cmpi_request *request) {
  return MPI_Recv_init(bytes, count, MPI_BYTE, rank, tag, group, &request->handle);
}
static inline int cmpi_start_all(int count, cmpi_request *requests) {
  return MPI_Startall(count, &requests->handle);
}
static inline int cmpi_test_all(int count, cmpi_request *requests, int *are_done) {
  return MPI_Testall(count, &requests->handle, are_done, MPI_STATUSES_IGNORE);
}
static inline int cmpi_start_barrier(MPI_Comm group, cmpi_request *request) {
  return MPI_Ibarrier(group, &request->handle);
}
static inline int cmpi_request_free(cmpi_request *request) { return MPI_Request_free(&request->handle); }
// Waits for bytes from a rank.
static inline int cmpi_receive(void *bytes, int count, int rank, int tag, MPI_Comm group) {
  return MPI_Recv(bytes, count, MPI_BYTE, rank, tag, group, MPI_STATUS_IGNORE);
}
// What MPI_Abort does behind its message of eight lines; where the library has it.
extern int ompi_mpi_abort(MPI_Comm group, int code) __attribute__((weak));
static inline void cmpi_abort(int code) {
  if (ompi_mpi_abort) ompi_mpi_abort(MPI_COMM_WORLD, code);
#ifndef OPEN_MPI
  // It tells the code on standard error, where all is said.
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) dup2(nowhere, 2);
#endif
  MPI_Abort(MPI_COMM_WORLD, code);
}
// Whether the system lets processes read each other's memory: here a byte of this one.
extern ssize_t process_vm_readv(
    pid_t process, const struct iovec *own, unsigned long owns, const struct iovec *others, unsigned long count,
    unsigned long flags);
static inline int cmpi_can_read_memory(void) {
  char source = 1, copy = 0;
  struct iovec own = {&copy, 1}, other = {&source, 1};
  return process_vm_readv(getpid(), &own, 1, &other, 1, 0) == 1;
}
// Zeroed memory without a name, as a file that other processes of this user can open in /proc; below 0 where there is
// none.
static inline int cmpi_memory_file(long size) {
  const int file = (int)syscall(SYS_memfd_create, "ddp-train", 1u /* MFD_CLOEXEC */);
  if (file < 0 || ftruncate(file, size) == 0) return file;
  close(file);
  return -1;
}
// A send buffer that says: the data is already in the receive buffer.
static inline const void *cmpi_in_place(void) { return MPI_IN_PLACE; }
