// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Glibc
  import Logging

  /// Accepts for one worker, and stops while there is no place for more.
  final class EpollListener: EventHandler {
    /// Connections accepted before others get their turn.
    private static let batch = 64
    /// How long accepting rests when descriptors or memory ran out, in milliseconds.
    private static let rest: UInt64 = 100

    private unowned let worker: EpollWorker
    private let socket: SystemSocket
    private var isListening = false
    private var restsUntil: UInt64 = 0
    private var isClosed = false

    init(_ worker: EpollWorker, _ socket: SystemSocket) {
      self.worker = worker
      self.socket = socket
    }

    var isHeldBack: Bool { !isListening && !isClosed }

    /// False when the loop cannot take it.
    func start() -> Bool {
      isListening = worker.loop.addListener(socket, self)
      return isListening
    }

    func handle(_ readiness: Readiness) {
      for _ in 0..<Self.batch {
        if !acceptOne() { return }
      }
    }

    /// A place became free or time went by.
    func resume() {
      if isHeldBack, !worker.context.accepting.isReached, worker.now >= restsUntil {
        isListening = worker.loop.addListener(socket, self)
      }
    }

    /// Takes what the system accepted already, since closing would reset it, then closes.
    func close() {
      if isClosed { return }
      while acceptOne() {}
      isClosed = true
      worker.loop.close(socket)
    }

    /// False when there is nothing to accept or no place.
    private func acceptOne() -> Bool {
      let accepting = worker.context.accepting
      guard accepting.reserve() else {
        holdBack()
        return false
      }
      switch socket.accept() {
      case .socket(let accepted, let name):
        worker.accepted(accepted, name)
        return true
      case .empty:
        accepting.released()
        return false
      case .exhausted(let number):
        accepting.released()
        restsUntil = worker.now + Self.rest
        holdBack()
        worker.context.logger.warning(
          "proxy cannot accept",
          metadata: ["reason": "\(String(cString: strerror(number)))", "errno": "\(number)"])
        return false
      }
    }

    private func holdBack() {
      if isListening { worker.loop.remove(socket) }
      isListening = false
    }
  }
#endif
