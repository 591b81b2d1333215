import Basics
import Foundation

/// The drawing library cairo, looked for when a PNG is asked for: a machine that only trains does not need it.
struct Cairo {
  typealias Handle = OpaquePointer
  typealias Number = @convention(c) (Handle, Double) -> Void

  let makeSurface: @convention(c) (Int32, Int32, Int32) -> Handle?
  let surfaceStatus: @convention(c) (Handle) -> Int32
  let flush: @convention(c) (Handle) -> Void
  let surfaceData: @convention(c) (Handle) -> UnsafeMutablePointer<UInt8>?
  let surfaceStride: @convention(c) (Handle) -> Int32
  let destroySurface: @convention(c) (Handle) -> Void
  let makeContext: @convention(c) (Handle) -> Handle?
  let contextStatus: @convention(c) (Handle) -> Int32
  let destroyContext: @convention(c) (Handle) -> Void
  let setColour: @convention(c) (Handle, Double, Double, Double, Double) -> Void
  let scale: @convention(c) (Handle, Double, Double) -> Void
  let moveTo: @convention(c) (Handle, Double, Double) -> Void
  let lineTo: @convention(c) (Handle, Double, Double) -> Void
  let rectangle: @convention(c) (Handle, Double, Double, Double, Double) -> Void
  let arc: @convention(c) (Handle, Double, Double, Double, Double, Double) -> Void
  let stroke: @convention(c) (Handle) -> Void
  let fill: @convention(c) (Handle) -> Void
  let setLineWidth: Number
  let setDash: @convention(c) (Handle, UnsafePointer<Double>?, Int32, Double) -> Void
  let selectFont: @convention(c) (Handle, UnsafePointer<CChar>, Int32, Int32) -> Void
  let setFontSize: Number
  /// Fills in six numbers, the fifth of which is how far the text moves the pen.
  let textExtents: @convention(c) (Handle, UnsafePointer<CChar>, UnsafeMutablePointer<Double>) -> Void
  let showText: @convention(c) (Handle, UnsafePointer<CChar>) -> Void

  static let library = "libcairo.so.2"

  /// - Throws: where the library is not installed, or lacks a function.
  init() throws {
    guard let handle = dlopen(Self.library, RTLD_NOW | RTLD_LOCAL) else {
      throw Failure.usage(
        "--png needs the drawing library cairo (\(Self.library)), which is not installed; install it (Debian: apt "
          + "install libcairo2), or give --svg, which needs nothing")
    }
    func find<Function>(_ name: String, as type: Function.Type = Function.self) throws -> Function {
      guard let symbol = dlsym(handle, name) else {
        throw Failure.usage("--png: \(Self.library) has no function \(name); install libcairo2 again, or give --svg")
      }
      // The types above are those of cairo's headers, which are the same in every version 1.
      return unsafeBitCast(symbol, to: type)
    }
    makeSurface = try find("cairo_image_surface_create")
    surfaceStatus = try find("cairo_surface_status")
    flush = try find("cairo_surface_flush")
    surfaceData = try find("cairo_image_surface_get_data")
    surfaceStride = try find("cairo_image_surface_get_stride")
    destroySurface = try find("cairo_surface_destroy")
    makeContext = try find("cairo_create")
    contextStatus = try find("cairo_status")
    destroyContext = try find("cairo_destroy")
    setColour = try find("cairo_set_source_rgba")
    scale = try find("cairo_scale")
    moveTo = try find("cairo_move_to")
    lineTo = try find("cairo_line_to")
    rectangle = try find("cairo_rectangle")
    arc = try find("cairo_arc")
    stroke = try find("cairo_stroke")
    fill = try find("cairo_fill")
    setLineWidth = try find("cairo_set_line_width")
    setDash = try find("cairo_set_dash")
    selectFont = try find("cairo_select_font_face")
    setFontSize = try find("cairo_set_font_size")
    textExtents = try find("cairo_text_extents")
    showText = try find("cairo_show_text")
  }
}
