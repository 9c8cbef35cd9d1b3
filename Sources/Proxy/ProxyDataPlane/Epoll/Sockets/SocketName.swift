// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Glibc
  import RoutingDecisions

  /// An IP address and a port as the system calls take them.
  ///
  /// Every client keeps one, so it has the room of the larger kind of address; `sockaddr_storage`
  /// has a hundred bytes more, for paths of local sockets.
  struct SocketName: Sendable {
    private var storage = sockaddr_in6()
    private var size = socklen_t(MemoryLayout<sockaddr_in6>.size)

    /// Lets a system call write the name; nil when it fails.
    init?(
      _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Bool
    ) {
      var length = size
      let isFilled = withUnsafeMutablePointer(to: &storage) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
      }
      guard isFilled, length <= size else { return nil }
      size = length
    }

    /// nil when the host is not an IP address.
    init?(_ address: NetworkAddress) {
      guard let name = Self.lookUp(address, flags: AI_NUMERICHOST).first else { return nil }
      self = name
    }

    private init(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
      withUnsafeMutableBytes(of: &storage) {
        $0.copyMemory(
          from: UnsafeRawBufferPointer(start: address, count: min(Int(length), $0.count)))
      }
      size = length
    }

    var family: Int32 { Int32(storage.sin6_family) }

    func withAddress<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
      withUnsafePointer(to: storage) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
      }
    }

    /// All addresses of a host. Asks the system's resolver and blocks while it does.
    static func resolve(_ address: NetworkAddress) -> [SocketName] { lookUp(address, flags: 0) }

    private static func lookUp(_ address: NetworkAddress, flags: Int32) -> [SocketName] {
      var hints = addrinfo()
      hints.ai_family = AF_UNSPEC
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      hints.ai_flags = flags | AI_NUMERICSERV
      var list: UnsafeMutablePointer<addrinfo>?
      guard getaddrinfo(address.host, String(address.port), &hints, &list) == 0 else { return [] }
      defer { freeaddrinfo(list) }
      var names: [SocketName] = []
      var entry = list
      while let info = entry?.pointee {
        if let address = info.ai_addr { names.append(SocketName(address, info.ai_addrlen)) }
        entry = info.ai_next
      }
      return names
    }

    /// Host as text and port; nil when it is no IP address.
    var networkAddress: NetworkAddress? {
      var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
      let outcome = withAddress { address, size in
        getnameinfo(
          address, size, &host, socklen_t(host.count), &port, socklen_t(port.count),
          NI_NUMERICHOST | NI_NUMERICSERV)
      }
      guard outcome == 0, let number = Int(Self.text(port)) else { return nil }
      return NetworkAddress(host: Self.text(host), port: number)
    }

    private static func text(_ characters: [CChar]) -> String {
      String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
#endif
