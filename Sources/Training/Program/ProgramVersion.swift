/// The version of `ddp-train`.
public let programVersion = "0.1.0"
/// The day of that version.
package let programDate = "2026-11-26"
