#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// libpng leaves a function that fails by longjmp, which must not pass a Swift frame: all of it happens in here.

enum { CPNG_MESSAGE_SIZE = 160 };

// Bytes in memory, and what went wrong with them.
typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t offset;
  char *message;
} cpng_source;

// What the chunks in front of the pixels say.
typedef struct {
  uint32_t width;
  uint32_t height;
  // Of a channel: 1, 2, 4, 8 or 16.
  int32_t bit_depth;
  // Whether there are colours: in the pixels, or other ones than greys in the palette.
  int32_t has_colour;
  // Channels of the decoded pixels: 1 grey, 2 grey and alpha, 3 red, green and blue, 4 these and alpha.
  int32_t channels;
} cpng_header;

static inline void cpng_read_bytes(png_structp png, png_bytep into, size_t count) {
  cpng_source *source = (cpng_source *)png_get_io_ptr(png);
  if (count > source->count - source->offset) png_error(png, "the file ends too early");
  memcpy(into, source->bytes + source->offset, count);
  source->offset += count;
}

static inline void cpng_fail(png_structp png, png_const_charp text) {
  cpng_source *source = (cpng_source *)png_get_error_ptr(png);
  snprintf(source->message, CPNG_MESSAGE_SIZE, "%s", text);
  png_longjmp(png, 1);
}

static inline void cpng_warn(png_structp png, png_const_charp text) {}

static inline void cpng_describe(png_structp png, png_infop info, cpng_header *header) {
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  const int type = png_get_color_type(png, info);
  const int has_alpha = (type & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS);
  header->has_colour = (type & PNG_COLOR_MASK_COLOR) != 0;
  header->channels = (header->has_colour ? 3 : 1) + (has_alpha ? 1 : 0);
  if (type != PNG_COLOR_TYPE_PALETTE) return;
  png_colorp palette = NULL;
  int count = 0;
  header->has_colour = 0;
  if (!png_get_PLTE(png, info, &palette, &count)) return;
  for (int i = 0; i < count; i++)
    header->has_colour |= palette[i].red != palette[i].green || palette[i].green != palette[i].blue;
}

// Reads what stands in front of the pixels and, where there is room for them, the pixels: row by row, the channels side
// by side, 8 bits each, of 16 bits the upper ones; or all 16 in the machine's order.
//
// Returns 1, or 0 with a message of at most CPNG_MESSAGE_SIZE bytes.
static inline int cpng_decode(
    const uint8_t *bytes, size_t count, int keeps_16_bits, cpng_header *header, uint8_t *pixels, size_t capacity,
    char *message) {
  cpng_source source = {bytes, count, 0, message};
  message[0] = 0;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, cpng_fail, cpng_warn);
  if (!png) return 0;
  png_infop info = png_create_info_struct(png);
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  png_set_read_fn(png, &source, cpng_read_bytes);
  // How large a picture may be, the caller decides.
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_read_info(png, info);
  cpng_describe(png, info, header);
  if (pixels) {
    png_set_expand(png);
    if (!keeps_16_bits) {
      png_set_strip_16(png);
    } else if (header->bit_depth == 16) {
      const uint16_t one = 1;
      if (*(const uint8_t *)&one) png_set_swap(png);
    }
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    const size_t row = png_get_rowbytes(png, info);
    if (row == 0 || header->height > capacity / row) png_error(png, "more pixels than its header says");
    for (int pass = 0; pass < passes; pass++)
      for (uint32_t y = 0; y < header->height; y++) png_read_row(png, pixels + y * row, NULL);
    // Checks the last pixels' checksum.
    png_read_end(png, NULL);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}
