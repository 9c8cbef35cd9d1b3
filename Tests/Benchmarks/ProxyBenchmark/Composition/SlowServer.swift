// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A server that answers each request the same time after it came, on a thread of its own.
final class SlowServer: Sendable {
  let port: UInt16
  private let isStopped: Stop
  private let thread: BackgroundThread<Void>

  private final class Stop: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  init(milliseconds: Int) throws {
    let listener = try LoopbackSocket.listen()
    port = LoopbackSocket.port(of: listener)
    let stop = Stop()
    isStopped = stop
    thread = BackgroundThread("slow server") {
      try SlowLoop(listener, milliseconds).run { stop.isSet.load(ordering: .relaxed) }
    }
  }

  func stop() {
    isStopped.isSet.store(true, ordering: .relaxed)
    try? thread.join()
  }
}

private final class SlowLoop {
  private static let answer = Array(
    ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 200\r\n\r\n"
      + "\"\(String(repeating: "x", count: 198))\"").utf8)

  private let listener: Int32
  private let delay: Double
  private let poller: EventPoller
  private var open: Set<Int32> = []
  /// In the order in which they are due.
  private var due: [(socket: Int32, at: Instant)] = []
  private var scratch = [UInt8](repeating: 0, count: 65_536)

  init(_ listener: Int32, _ milliseconds: Int) throws {
    self.listener = listener
    delay = Double(milliseconds) / 1000
    poller = try EventPoller()
    try poller.add(listener, as: Int(listener))
  }

  deinit {
    for socket in open { close(socket) }
    close(listener)
  }

  func run(until isStopped: () -> Bool) throws {
    while !isStopped() {
      try poller.wait(milliseconds: due.isEmpty ? 10 : 1) { source in
        let socket = Int32(source)
        if socket == listener { try accept() } else { serve(socket) }
      }
      let count = due.prefix { Instant.now >= $0.at }.count
      for index in 0..<count {
        _ = send(due[index].socket, Self.answer, Self.answer.count, Int32(MSG_NOSIGNAL))
      }
      due.removeFirst(count)
    }
  }

  private func accept() throws {
    while let socket = try LoopbackSocket.accept(listener) {
      open.insert(socket)
      try poller.add(socket, as: Int(socket))
    }
  }

  /// Nobody pipelines or sends a body: what comes at once is a request.
  private func serve(_ socket: Int32) {
    guard open.contains(socket) else { return }
    var received = 0
    while true {
      let count = recv(socket, &scratch, scratch.count, 0)
      if count < 0, errno == EAGAIN || errno == EINTR { break }
      if count <= 0 {
        close(socket)
        open.remove(socket)
        due.removeAll { $0.socket == socket }
        return
      }
      received += count
    }
    if received > 0 { due.append((socket, .now + delay)) }
  }
}
