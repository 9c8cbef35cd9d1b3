// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Asks the system's resolver.
enum NameLookup {
  static func isAddress(_ host: String) -> Bool { !find(host, flags: AI_NUMERICHOST).isEmpty }

  /// The addresses of a host as text, sorted, without doubles; empty when the look-up failed.
  ///
  /// IPv4 addresses when there are any, IPv6 addresses otherwise: a server that listens on one
  /// family only is common, and the other one would look like a broken endpoint.
  ///
  /// Blocks the thread, for many seconds where no server answers.
  static func addresses(of host: String) -> [String] { find(host, flags: 0) }

  private static func find(_ host: String, flags: Int32) -> [String] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    hints.ai_flags = flags
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [Int32: Set<String>] = [:]
    var entry = list
    while let info = entry?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let outcome = getnameinfo(
        info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      if outcome == 0 {
        let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        found[info.ai_family, default: []].insert(String(decoding: bytes, as: UTF8.self))
      }
      entry = info.ai_next
    }
    return (found[AF_INET] ?? found[AF_INET6] ?? []).sorted()
  }
}
