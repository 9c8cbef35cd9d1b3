// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A server on a thread of its own, until it is stopped.
final class PolledServer: Sendable {
  let port: UInt16
  private let isStopped: Stop
  private let thread: BackgroundThread<Void>

  private final class Stop: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  /// - Parameter loop: makes what serves a listening socket; called on the thread.
  init(_ name: String, _ loop: @escaping @Sendable (_ listener: Int32) throws -> PolledLoop) throws
  {
    let listener = try LoopbackSocket.listen()
    port = LoopbackSocket.port(of: listener)
    let stop = Stop()
    isStopped = stop
    thread = BackgroundThread(name) {
      try loop(listener).run { stop.isSet.load(ordering: .relaxed) }
    }
  }

  func stop() {
    isStopped.isSet.store(true, ordering: .relaxed)
    try? thread.join()
  }
}

/// Takes connections and waits for what they bring; a subclass says what becomes of that.
class PolledLoop {
  private let listener: Int32
  private let poller: EventPoller
  private(set) final var open: Set<Int32> = []
  private var scratch = [UInt8](repeating: 0, count: 65_536)

  init(_ listener: Int32) throws {
    self.listener = listener
    poller = try EventPoller()
    try poller.add(listener, as: Int(listener))
  }

  deinit {
    for socket in open { close(socket) }
    close(listener)
  }

  /// Longest wait, milliseconds, before `turn` is called again.
  var patience: Int32 { 20 }
  /// Something came over a connection, or its end.
  func serve(_ socket: Int32) {}
  /// After each wait.
  func turn() {}
  /// A connection is no more.
  func dropped(_ socket: Int32) {}

  final func run(until isStopped: () -> Bool) throws {
    while !isStopped() {
      try poller.wait(milliseconds: patience) { source in
        let socket = Int32(source)
        if socket == listener {
          try accept()
        } else if open.contains(socket) {
          serve(socket)
        }
      }
      turn()
    }
  }

  private func accept() throws {
    while let socket = try LoopbackSocket.accept(listener) {
      open.insert(socket)
      try poller.add(socket, as: Int(socket))
    }
  }

  /// Bytes that were read and thrown away; nil when there are none now. At its end the connection
  /// is dropped.
  final func skim(_ socket: Int32) -> Int? {
    let count = recv(socket, &scratch, scratch.count, 0)
    if count > 0 { return count }
    if count == 0 || (errno != EAGAIN && errno != EINTR) { drop(socket) }
    return nil
  }

  final func drop(_ socket: Int32) {
    close(socket)
    open.remove(socket)
    dropped(socket)
  }
}
