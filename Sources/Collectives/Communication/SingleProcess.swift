/// The group of one, for programs and tests that run without MPI.
public final class SingleProcess: Communicator {
  public init() {}
  public var rank: Int { 0 }
  public var size: Int { 1 }
  public func barrier() {}
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    precondition(root == 0, "rank \(root) in a group of one")
  }
  public func allGather(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] { [Array(bytes)] }
}
