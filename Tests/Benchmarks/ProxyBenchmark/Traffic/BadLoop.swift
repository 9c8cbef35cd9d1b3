// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A server that is bad company.
final class BadLoop: PolledLoop {
  enum Manner: String, CaseIterable, Codable, Sendable {
    /// Takes requests and never answers.
    case hung
    /// Resets each connection at its first request.
    case killed
    /// A byte of body each 100 ms.
    case trickling
    /// Answers with what is no HTTP.
    case garbage
    /// Takes connections and reads nothing.
    case neverReading = "never reading"
  }

  private static let pause = 0.1
  private static let garbage = [UInt8](repeating: 1, count: 4096)
  private static let head = Array("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".utf8)

  private let manner: Manner
  private var asked: Set<Int32> = []
  private var nextByte = Instant.now

  init(_ listener: Int32, _ manner: Manner) throws {
    self.manner = manner
    try super.init(listener)
  }

  override func serve(_ socket: Int32) {
    if manner == .neverReading { return }
    while skim(socket) != nil {
      switch manner {
      case .hung, .neverReading: break
      case .killed:
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, UInt32(MemoryLayout<linger>.size))
        return drop(socket)
      case .garbage:
        _ = send(socket, Self.garbage, Self.garbage.count, Int32(MSG_NOSIGNAL))
        return drop(socket)
      case .trickling:
        if asked.insert(socket).inserted {
          _ = send(socket, Self.head, Self.head.count, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }

  override func turn() {
    guard manner == .trickling, Instant.now >= nextByte else { return }
    nextByte = Instant.now + Self.pause
    for socket in asked {
      if send(socket, Self.garbage, 1, Int32(MSG_NOSIGNAL)) < 0, errno != EAGAIN { drop(socket) }
    }
  }

  override func dropped(_ socket: Int32) { asked.remove(socket) }
}
