#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
// These need stdio.h before them.
#include <jerror.h>
#include <jpeglib.h>

// libjpeg leaves a function that fails by longjmp, which must not pass a Swift frame: all of it happens in here.

enum {
  CJPEG_MESSAGE_SIZE = JMSG_LENGTH_MAX,
  // More passes over the pixels than any encoder makes; a small file could ask for thousands.
  CJPEG_SCAN_LIMIT = 500,
};

typedef struct {
  // First, for libjpeg knows a pointer to it.
  struct jpeg_error_mgr base;
  jmp_buf place;
  char *message;
} cjpeg_errors;

// What stands in front of the pixels.
typedef struct {
  uint32_t width;
  uint32_t height;
  // Channels of the decoded pixels: 1 grey, 3 red, green and blue, 4 cyan, magenta, yellow and black, inverted.
  int32_t channels;
} cjpeg_header;

static inline void cjpeg_fail(j_common_ptr state) {
  cjpeg_errors *errors = (cjpeg_errors *)state->err;
  errors->base.format_message(state, errors->message);
  longjmp(errors->place, 1);
}

// libjpeg fills up what is damaged or missing with grey and warns: that is a failure here, but for what harms no pixel.
static inline void cjpeg_warn(j_common_ptr state, int level) {
  if (level >= 0) return;
  const int code = state->err->msg_code;
  if (code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR) return;
  cjpeg_fail(state);
}

static inline void cjpeg_watch(j_common_ptr state) {
  if (!state->is_decompressor || ((j_decompress_ptr)state)->input_scan_number <= CJPEG_SCAN_LIMIT) return;
  snprintf(((cjpeg_errors *)state->err)->message, CJPEG_MESSAGE_SIZE, "more than %d scans", CJPEG_SCAN_LIMIT);
  longjmp(((cjpeg_errors *)state->err)->place, 1);
}

// Reads what stands in front of the pixels and, where there is room for them, the pixels: row by row, the channels side
// by side, 8 bits each. `denominator` is 1, or 2, 4 or 8 for a picture of ceil(width / denominator) pixels and rows
// likewise, each about the mean of a square.
//
// Returns 1, or 0 with a message of at most CJPEG_MESSAGE_SIZE bytes.
static inline int cjpeg_decode(
    const uint8_t *bytes, size_t count, int denominator, cjpeg_header *header, uint8_t *pixels, size_t capacity,
    char *message) {
  struct jpeg_decompress_struct state;
  struct jpeg_progress_mgr progress;
  cjpeg_errors errors;
  memset(&state, 0, sizeof state);
  memset(&progress, 0, sizeof progress);
  state.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = cjpeg_fail;
  errors.base.emit_message = cjpeg_warn;
  errors.message = message;
  message[0] = 0;
  if (setjmp(errors.place)) {
    jpeg_destroy_decompress(&state);
    return 0;
  }
  jpeg_create_decompress(&state);
  progress.progress_monitor = cjpeg_watch;
  state.progress = &progress;
  jpeg_mem_src(&state, bytes, count);
  jpeg_read_header(&state, TRUE);
  switch (state.jpeg_color_space) {
    case JCS_GRAYSCALE: state.out_color_space = JCS_GRAYSCALE; break;
    case JCS_CMYK:
    case JCS_YCCK: state.out_color_space = JCS_CMYK; break;
    default: state.out_color_space = JCS_RGB;
  }
  header->width = state.image_width;
  header->height = state.image_height;
  header->channels = state.out_color_space == JCS_GRAYSCALE ? 1 : state.out_color_space == JCS_RGB ? 3 : 4;
  if (pixels) {
    state.scale_num = 1;
    state.scale_denom = (unsigned)denominator;
    jpeg_start_decompress(&state);
    const size_t row = (size_t)state.output_width * (size_t)state.output_components;
    if (row == 0 || state.output_height > capacity / row) {
      snprintf(message, CJPEG_MESSAGE_SIZE, "more pixels than its header says");
      longjmp(errors.place, 1);
    }
    while (state.output_scanline < state.output_height) {
      JSAMPROW into = pixels + state.output_scanline * row;
      jpeg_read_scanlines(&state, &into, 1);
    }
  }
  jpeg_destroy_decompress(&state);
  return 1;
}
