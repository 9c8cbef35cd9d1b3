// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A client that sends safe and unsafe requests in turn and notes what became of them.
final class SafetyClient: Sendable {
  struct Tally: Sendable {
    var safeAnswered = 0
    var safeFailed = 0
    var unsafeAnswered = 0
    var unsafeReported = 0
    var unsafeLost = 0

    static func + (left: Tally, right: Tally) -> Tally {
      Tally(
        safeAnswered: left.safeAnswered + right.safeAnswered,
        safeFailed: left.safeFailed + right.safeFailed,
        unsafeAnswered: left.unsafeAnswered + right.unsafeAnswered,
        unsafeReported: left.unsafeReported + right.unsafeReported,
        unsafeLost: left.unsafeLost + right.unsafeLost)
    }
  }

  private enum Answer {
    case success
    /// The proxy says what failed.
    case problem
    /// Anything else, and none.
    case other
  }

  private static let patience: Int32 = 10_000
  private static let mostBytes = 64 * 1024

  private let isStopped: StopMark
  private let thread: BackgroundThread<Tally>

  private final class StopMark: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  init(port: UInt16, number: Int) {
    let isStopped = StopMark()
    self.isStopped = isStopped
    thread = BackgroundThread("safety") {
      try Self.run(port: port, number: number) { isStopped.isSet.load(ordering: .relaxed) }
    }
  }

  func stop() throws -> Tally {
    isStopped.isSet.store(true, ordering: .relaxed)
    return try thread.join()
  }

  private static func run(port: UInt16, number: Int, isStopped: () -> Bool) throws -> Tally {
    var tally = Tally()
    var socket: Int32 = -1
    var user = number
    defer { if socket >= 0 { close(socket) } }
    while !isStopped() {
      // Users of both sides, each with a safe request and an unsafe one.
      user += 8
      for isSafe in [true, false] {
        if socket < 0 { socket = try LoopbackSocket.connect(port: port) }
        let (answer, keepsConnection) = ask(socket, isSafe: isSafe, user: user % 512)
        switch (isSafe, answer) {
        case (true, .success): tally.safeAnswered += 1
        case (true, _): tally.safeFailed += 1
        case (false, .success): tally.unsafeAnswered += 1
        case (false, .problem): tally.unsafeReported += 1
        case (false, .other): tally.unsafeLost += 1
        }
        if !keepsConnection {
          close(socket)
          socket = -1
        }
      }
    }
    return tally
  }

  private static func ask(
    _ socket: Int32, isSafe: Bool, user: Int
  ) -> (answer: Answer, keepsConnection: Bool) {
    let request = """
      \(isSafe ? "GET" : "POST") /items/42 HTTP/1.1\r
      Host: shop.example\r
      X-User-Id: user-\(user)\r
      \(isSafe ? "" : "Content-Length: 0\r\n")\r

      """
    let bytes = Array(request.utf8)
    guard send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count,
      let head = receive(socket)
    else { return (.other, false) }
    let keeps = !head.contains("\r\nconnection: close\r\n")
    if head.hasPrefix("http/1.1 200 ") { return (.success, keeps) }
    let isProblem = head.hasPrefix("http/1.1 5") && head.contains("application/problem+json")
    return (isProblem ? .problem : .other, keeps)
  }

  /// Head, in lower case, of an answer that came whole; nil when it did not.
  private static func receive(_ socket: Int32) -> String? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while bytes.count < mostBytes {
      var waited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&waited, 1, patience) == 1 else { return nil }
      let count = recv(socket, &buffer, buffer.count, 0)
      if count <= 0 { return nil }
      bytes += buffer[..<count]
      let text = String(decoding: bytes, as: UTF8.self).lowercased()
      guard let end = text.firstRange(of: "\r\n\r\n"),
        let field = text.firstRange(of: "\r\ncontent-length: ")
      else { continue }
      let digits = text[field.upperBound...].prefix { $0.isNumber }
      let bodyBytes = text.utf8.distance(from: end.upperBound, to: text.endIndex)
      if bodyBytes >= Int(digits) ?? .max { return String(text[..<end.upperBound]) }
    }
    return nil
  }
}
