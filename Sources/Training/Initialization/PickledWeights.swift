import Basics
import Foundation

/// What programs in Python write where they are asked for no other format: pickled objects, which cannot be read
/// without running what they say.
enum PickledWeights {
  /// - Throws: where a file is one, with the command that writes what can be read.
  static func refuse(_ path: String) throws {
    let beginnings: [[UInt8]] = [
      Array("PK\u{3}\u{4}".utf8),  // an archive: torch.save since PyTorch 1.6, Keras
      [0x80, 0x02], [0x80, 0x03], [0x80, 0x04], [0x80, 0x05],  // pickle's own protocols
    ]
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    defer { try? file.close() }
    guard let head = try? file.read(upToCount: 4), beginnings.contains(where: { head.starts(with: $0) }) else { return }
    let name = (path as NSString).lastPathComponent
    let stem = (name as NSString).deletingPathExtension
    throw Failure.data(
      "\(path): an archive or pickled objects, as torch.save writes them, expected a checkpoint of ddp-train or a "
        + "safetensors file; in Python, safetensors.torch.save_file(model.state_dict(), \"\(stem).safetensors\") "
        + "writes one")
  }
}
