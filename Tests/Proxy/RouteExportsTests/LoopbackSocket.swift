// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerPrograms

/// A blocking TCP socket of loopback, for one thread.
final class LoopbackSocket: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var one: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Listens at a free port.
  static func listening() throws -> (socket: LoopbackSocket, port: Int) {
    let socket = LoopbackSocket(try newDescriptor())
    var name = address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try check(
      withSocketAddress(&name) { bind(socket.descriptor, $0, length) } == 0
        && listen(socket.descriptor, 1024) == 0
        && withSocketAddress(&name) { getsockname(socket.descriptor, $0, &length) } == 0)
    return (socket, Int(UInt16(bigEndian: name.sin_port)))
  }

  static func connected(to port: Int) throws -> LoopbackSocket {
    let socket = LoopbackSocket(try newDescriptor())
    var name = address(port)
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try check(withSocketAddress(&name) { connect(socket.descriptor, $0, length) } == 0)
    return socket
  }

  /// The next client's connection; nil once nobody listens any more.
  func nextClient() -> LoopbackSocket? {
    while true {
      let client = accept(descriptor, nil, nil)
      if client >= 0 { return LoopbackSocket(client) }
      if errno != EAGAIN, errno != EINTR { return nil }
    }
  }

  /// Ends it for both sides; whoever waits for it wakes up.
  func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Self.withoutSignal)
      }
      try Self.check(count > 0)
      sent += count
    }
  }

  /// What has come; empty when the other side has ended.
  func read() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16 << 10)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    try Self.check(count >= 0)
    return Array(bytes[..<count])
  }

  #if canImport(Glibc)
    private static let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    private static let withoutSignal = Int32(MSG_NOSIGNAL)
  #else
    private static let stream = SOCK_STREAM
    private static let withoutSignal: Int32 = 0
  #endif

  private static func newDescriptor() throws -> Int32 {
    let descriptor = socket(AF_INET, stream, 0)
    try check(descriptor >= 0)
    return descriptor
  }

  private static func address(_ port: Int) -> sockaddr_in {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = UInt16(port).bigEndian
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return name
  }

  private static func withSocketAddress<Result>(
    _ name: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result
  ) -> Result {
    withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
    }
  }

  private static func check(_ isDone: Bool) throws {
    guard isDone else {
      throw Program.Failure(description: "socket: \(String(cString: strerror(errno)))")
    }
  }
}

/// Messages without a body on a connection, head by head.
struct HeadReader {
  private let socket: LoopbackSocket
  private var waiting: [UInt8] = []

  init(_ socket: LoopbackSocket) { self.socket = socket }

  /// A head with its empty line; nil when the connection has ended.
  mutating func next() throws -> String? {
    var searched = 0
    while true {
      if let end = end(from: searched) {
        defer { waiting.removeFirst(end) }
        return String(decoding: waiting[..<end], as: UTF8.self)
      }
      searched = max(0, waiting.count - 3)
      let bytes = try socket.read()
      if bytes.isEmpty { return nil }
      waiting += bytes
    }
  }

  /// So many bytes behind a head.
  mutating func body(_ count: Int) throws -> String {
    while waiting.count < count {
      let bytes = try socket.read()
      if bytes.isEmpty { break }
      waiting += bytes
    }
    let taken = waiting.prefix(count)
    waiting.removeFirst(taken.count)
    return String(decoding: taken, as: UTF8.self)
  }

  private func end(from start: Int) -> Int? {
    var index = start
    while index + 3 < waiting.count {
      if waiting[index] == 13, waiting[index + 1] == 10, waiting[index + 2] == 13,
        waiting[index + 3] == 10
      {
        return index + 4
      }
      index += 1
    }
    return nil
  }
}

extension String {
  /// The value of a field in a head.
  func field(_ name: String) -> String? {
    for line in split(separator: "\r\n") {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else {
        continue
      }
      return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return nil
  }
}
