// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Stream sockets on 127.0.0.1, non-blocking once they are there.
enum LoopbackSocket {
  static func listen(port: UInt16 = 0) throws -> Int32 {
    let socket = try open()
    var yes: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, UInt32(MemoryLayout<Int32>.size))
    try withAddress(port) { address, length in
      try BenchmarkError.check(bind(socket, address, length), "bind to port \(port)")
    }
    try BenchmarkError.check(Glibc.listen(socket, 4096), "listen")
    try setNonBlocking(socket)
    return socket
  }

  static func connect(port: UInt16) throws -> Int32 {
    let socket = try open()
    do {
      try withAddress(port) { address, length in
        try BenchmarkError.check(
          Glibc.connect(socket, address, length), "connect to port \(port)")
      }
      try setUp(socket)
    } catch {
      close(socket)
      throw error
    }
    return socket
  }

  /// nil when nobody waits.
  static func accept(_ listener: Int32) throws -> Int32? {
    let socket = Glibc.accept(listener, nil, nil)
    if socket < 0 { return nil }
    try setUp(socket)
    return socket
  }

  static func port(of socket: Int32) -> UInt16 {
    var address = sockaddr_in()
    var length = UInt32(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = getsockname(socket, $0, &length)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Ports that were free a moment ago, all different.
  static func freePorts(_ count: Int) throws -> [UInt16] {
    let sockets = try (0..<count).map { _ in try listen() }
    defer { for socket in sockets { close(socket) } }
    return sockets.map(port(of:))
  }

  private static func open() throws -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return try BenchmarkError.check(socket(AF_INET, type, 0), "socket")
  }

  private static func setUp(_ socket: Int32) throws {
    var yes: Int32 = 1
    setsockopt(
      socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, UInt32(MemoryLayout<Int32>.size))
    try setNonBlocking(socket)
  }

  private static func setNonBlocking(_ socket: Int32) throws {
    let flags = fcntl(socket, F_GETFL)
    try BenchmarkError.check(fcntl(socket, F_SETFL, flags | O_NONBLOCK), "fcntl")
  }

  private static func withAddress(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
  ) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    try withUnsafePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
