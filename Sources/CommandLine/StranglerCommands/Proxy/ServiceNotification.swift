// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Tells the service manager how far the process is: one datagram to the socket that
/// `NOTIFY_SOCKET` names, as sd_notify(3) describes. Without a service manager nothing happens.
enum ServiceNotification {
  static func ready() { send("READY=1") }
  static func stopping() { send("STOPPING=1") }

  #if os(Linux)
    private static func send(_ message: String) {
      guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }),
        let (address, length) = name(path)
      else { return }
      #if canImport(Glibc)
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
      #else
        let type = SOCK_DGRAM | SOCK_CLOEXEC
      #endif
      let descriptor = socket(AF_UNIX, type, 0)
      if descriptor < 0 { return }
      defer { close(descriptor) }
      withUnsafePointer(to: address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          let bytes = Array(message.utf8)
          _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
        }
      }
    }

    /// A path, or an abstract name that is written with `@` in front.
    private static func name(_ path: String) -> (sockaddr_un, socklen_t)? {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      var bytes = Array(path.utf8)
      guard let first = bytes.first, bytes.count < MemoryLayout.size(ofValue: address.sun_path)
      else {
        return nil
      }
      if first == UInt8(ascii: "@") { bytes[0] = 0 }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
      let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0
      return (address, socklen_t(offset + bytes.count))
    }
  #else
    private static func send(_ message: String) {}
  #endif
}
