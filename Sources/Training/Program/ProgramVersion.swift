/// The version of `ddp-train`.
public let programVersion = "0.1.0"
