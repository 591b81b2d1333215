import Basics
import Foundation

/// What the watchdogs of several hosts tell each other, beside MPI: each host's sends to the first host's, four times a
/// second, in datagrams; that one answers. So a network that is down is told from processes that are.
///
/// IPv4, from any port to any port. What bears not the job's own number is not looked at.
final class HostLink: @unchecked Sendable {
  /// Where the first host's watchdog can be reached, as text: the job's number, the port, its addresses.
  let invitation: String
  private let socket: Int32
  private let host: Int
  private let job: String
  /// Where the first host may be; where it has answered from, once it has.
  private var targets: [sockaddr_in] = []

  /// What has come from a host.
  struct Message {
    let host: Int
    /// Whether it is ending the job.
    let isOver: Bool
    let ranks: [RankStatus]
  }

  /// The first host's, to which the others come; nil where there is no socket.
  init?(ofFirstHost: Void) {
    let socket = Self.makeSocket()
    guard socket >= 0 else { return nil }
    self.socket = socket
    var own = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &own) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
    }
    guard status == 0 else { return nil }
    job = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    host = 0
    invitation = ([job, "\(UInt16(bigEndian: own.sin_port))"] + Self.ownAddresses).joined(separator: " ")
  }

  /// Another host's; nil where there is no way to the first.
  init?(invitation: String, host: Int) {
    let parts = invitation.split(separator: " ").map(String.init)
    guard parts.count > 2, let port = UInt16(parts[1]) else { return nil }
    socket = Self.makeSocket()
    guard socket >= 0 else { return nil }
    (job, self.host, self.invitation) = (parts[0], host, invitation)
    targets = parts[2...].compactMap { text in
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      return inet_pton(AF_INET, text, &address.sin_addr) == 1 ? address : nil
    }
  }

  private static func makeSocket() -> Int32 {
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let made = Foundation.socket(AF_INET, type, 0)
    guard made >= 0 else { return -1 }
    var any = sockaddr_in()
    any.sin_family = sa_family_t(AF_INET)
    let status = withUnsafePointer(to: &any) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else {
      close(made)
      return -1
    }
    return made
  }

  /// Of the interfaces that are up, but for those that lead to this host itself.
  private static var ownAddresses: [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var addresses: [String] = []
    var next = first
    while let interface = next?.pointee {
      next = interface.ifa_next
      let flags = Int32(bitPattern: interface.ifa_flags)
      guard let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
        flags & Int32(IFF_UP) != 0, flags & Int32(IFF_LOOPBACK) == 0
      else { continue }
      addresses.append(address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { text(of: $0.pointee) })
    }
    return Array(addresses.prefix(8))
  }

  private static func text(of address: sockaddr_in) -> String {
    var address = address.sin_addr
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET_ADDRSTRLEN)) { text in
      inet_ntop(AF_INET, &address, text.baseAddress, socklen_t(text.count)).map { String(cString: $0) } ?? ""
    }
  }

  // MARK: Messages

  /// More than one datagram holds is left out.
  private static let capacity = 60_000

  /// Sends what this host's ranks do, to the first host.
  func send(_ ranks: [RankStatus], isOver: Bool) {
    for target in targets { send(text(ranks, isOver: isOver), to: target) }
  }

  private func text(_ ranks: [RankStatus], isOver: Bool) -> [UInt8] {
    var text = "\(job) \(host) \(isOver ? 1 : 0)"
    for line in ranks.map(\.message) where text.utf8.count + line.utf8.count < Self.capacity { text += "\n" + line }
    return Array(text.utf8)
  }

  private func send(_ bytes: [UInt8], to target: sockaddr_in) {
    var target = target
    _ = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// What has come since the last call; the first host answers each, with whether the job is being ended.
  func receive(isOver: Bool) -> [Message] {
    var messages: [Message] = []
    var bytes = [UInt8](repeating: 0, count: Self.capacity + 1024)
    while true {
      var sender = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &sender) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(socket, &bytes, bytes.count, 0, $0, &size) }
      }
      guard count >= 0 else { return messages }
      guard let message = Message(bytes[..<count], job: job), message.host != host else { continue }
      if host == 0 { send(text([], isOver: isOver), to: sender) } else { targets = [sender] }
      messages.append(message)
    }
  }
}

extension HostLink.Message {
  fileprivate init?(_ bytes: some Sequence<UInt8>, job: String) {
    let lines = String(decoding: Array(bytes), as: UTF8.self).split(separator: "\n")
    guard let head = lines.first?.split(separator: " "), head.count == 3, head[0] == job, let host = Int(head[1])
    else { return nil }
    self.init(host: host, isOver: head[2] == "1", ranks: lines.dropFirst().compactMap { RankStatus(message: $0) })
  }
}
