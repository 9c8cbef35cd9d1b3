// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Answers each request the same time after it came.
final class SlowLoop: PolledLoop {
  private static let answer = Array(
    ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 200\r\n\r\n"
      + "\"\(String(repeating: "x", count: 198))\"").utf8)

  private let delay: Double
  /// In the order in which they are due.
  private var due: [(socket: Int32, at: Instant)] = []

  init(_ listener: Int32, milliseconds: Int) throws {
    delay = Double(milliseconds) / 1000
    try super.init(listener)
  }

  override var patience: Int32 { due.isEmpty ? 10 : 1 }

  /// Nobody pipelines or sends a body: what comes at once is a request.
  override func serve(_ socket: Int32) {
    var received = 0
    while let count = skim(socket) { received += count }
    if received > 0, open.contains(socket) { due.append((socket, .now + delay)) }
  }

  override func turn() {
    let count = due.prefix { Instant.now >= $0.at }.count
    for index in 0..<count {
      _ = send(due[index].socket, Self.answer, Self.answer.count, Int32(MSG_NOSIGNAL))
    }
    due.removeFirst(count)
  }

  override func dropped(_ socket: Int32) { due.removeAll { $0.socket == socket } }
}
