#include <hdf5.h>
#include <unistd.h>

// Most of hdf5.h's constants are macros that open the library before they read a global, which Swift does not import.

// Opens an existing file for reading only.
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
// Creates a file, or empties the one that is there.
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
// Creates a file, and fails where one is there.
static inline unsigned chdf5_exclusive(void) { return H5F_ACC_EXCL; }
// All elements of a data space.
static inline hid_t chdf5_all(void) { return H5S_ALL; }
// The default property list of any class.
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
// The calling thread's error stack.
static inline hid_t chdf5_error_stack(void) { return H5E_DEFAULT; }
// Property list class: how a file is accessed.
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
// Property list class: how a file is created.
static inline hid_t chdf5_file_create(void) { return H5P_FILE_CREATE; }
// Property list class: how a group is created.
static inline hid_t chdf5_group_create(void) { return H5P_GROUP_CREATE; }
// Property list class: how a link is created.
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }
// Property list class: how a data set is created.
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
// Property list class: how a data set is accessed.
static inline hid_t chdf5_dataset_access(void) { return H5P_DATASET_ACCESS; }

// The machine's 8-bit signed integer.
static inline hid_t chdf5_int8(void) { return H5T_NATIVE_INT8; }
// The machine's 16-bit signed integer.
static inline hid_t chdf5_int16(void) { return H5T_NATIVE_INT16; }
// The machine's 32-bit signed integer.
static inline hid_t chdf5_int32(void) { return H5T_NATIVE_INT32; }
// The machine's 64-bit signed integer.
static inline hid_t chdf5_int64(void) { return H5T_NATIVE_INT64; }
// The machine's 8-bit unsigned integer.
static inline hid_t chdf5_uint8(void) { return H5T_NATIVE_UINT8; }
// The machine's 16-bit unsigned integer.
static inline hid_t chdf5_uint16(void) { return H5T_NATIVE_UINT16; }
// The machine's 32-bit unsigned integer.
static inline hid_t chdf5_uint32(void) { return H5T_NATIVE_UINT32; }
// The machine's 64-bit unsigned integer.
static inline hid_t chdf5_uint64(void) { return H5T_NATIVE_UINT64; }
// The machine's 32-bit floating-point number.
static inline hid_t chdf5_float32(void) { return H5T_NATIVE_FLOAT; }
// The machine's 64-bit floating-point number.
static inline hid_t chdf5_float64(void) { return H5T_NATIVE_DOUBLE; }
// 8 bits that are no number.
static inline hid_t chdf5_bits8(void) { return H5T_NATIVE_B8; }
// 16 bits that are no number.
static inline hid_t chdf5_bits16(void) { return H5T_NATIVE_B16; }
// 32 bits that are no number.
static inline hid_t chdf5_bits32(void) { return H5T_NATIVE_B32; }
// 64 bits that are no number.
static inline hid_t chdf5_bits64(void) { return H5T_NATIVE_B64; }
// A reference to an object of the same file.
static inline hid_t chdf5_object_reference(void) { return H5T_STD_REF_OBJ; }
// A C string of one byte, to be copied and given a size.
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }
// The size that makes a copy of the C string variable in length.
static inline size_t chdf5_variable_size(void) { return H5T_VARIABLE; }

// To be called before every call. Stops the library from printing its errors: the thread-safe library has one error
// stack a thread, and each prints by default. Also stops it from closing files at exit: after a failed close the
// library holds on to the identifier of a file whose memory it has freed (h5py issue 914), and would crash on the
// second try.
static inline void chdf5_prepare(void) {
  static _Thread_local int prepared = 0;
  if (!prepared) {
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    prepared = 1;
  }
}

// Makes a copy of this process, in which the library is tried on a file that may crash it. Swift does not import fork.
static inline int chdf5_fork(void) { return fork(); }
