// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A server that is bad company, on a thread of its own.
final class BadServer: Sendable {
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

  let port: UInt16
  private let isStopped: Stop
  private let thread: BackgroundThread<Void>

  private final class Stop: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  init(_ manner: Manner) throws {
    let listener = try LoopbackSocket.listen()
    port = LoopbackSocket.port(of: listener)
    let stop = Stop()
    isStopped = stop
    thread = BackgroundThread("bad server") {
      try BadLoop(listener, manner).run { stop.isSet.load(ordering: .relaxed) }
    }
  }

  func stop() {
    isStopped.isSet.store(true, ordering: .relaxed)
    try? thread.join()
  }
}

private final class BadLoop {
  private static let pause = 0.1
  private static let garbage = [UInt8](repeating: 1, count: 4096)
  private static let head = Array("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".utf8)

  private let listener: Int32
  private let manner: BadServer.Manner
  private let poller: EventPoller
  private var asked: Set<Int32> = []
  private var open: Set<Int32> = []
  private var nextByte = Instant.now
  private var scratch = [UInt8](repeating: 0, count: 65_536)

  init(_ listener: Int32, _ manner: BadServer.Manner) throws {
    self.listener = listener
    self.manner = manner
    poller = try EventPoller()
    try poller.add(listener, as: Int(listener))
  }

  deinit {
    for socket in open { close(socket) }
    close(listener)
  }

  func run(until isStopped: () -> Bool) throws {
    while !isStopped() {
      try poller.wait(milliseconds: 20) { source in
        let socket = Int32(source)
        if socket == listener { try accept() } else { serve(socket) }
      }
      if manner == .trickling { trickle() }
    }
  }

  private func accept() throws {
    while let socket = try LoopbackSocket.accept(listener) {
      open.insert(socket)
      try poller.add(socket, as: Int(socket))
    }
  }

  private func serve(_ socket: Int32) {
    if manner == .neverReading || !open.contains(socket) { return }
    while true {
      let count = recv(socket, &scratch, scratch.count, 0)
      if count < 0, errno == EAGAIN || errno == EINTR { return }
      if count <= 0 { return drop(socket) }
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

  private func trickle() {
    guard Instant.now >= nextByte else { return }
    nextByte = Instant.now + Self.pause
    for socket in asked {
      if send(socket, Self.garbage, 1, Int32(MSG_NOSIGNAL)) < 0, errno != EAGAIN { drop(socket) }
    }
  }

  private func drop(_ socket: Int32) {
    close(socket)
    open.remove(socket)
    asked.remove(socket)
  }
}
