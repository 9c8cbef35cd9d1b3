// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Counts open client connections over all workers and stops accepting at the limit.
///
/// Connections beyond it wait in the kernel's queue, which costs this process nothing.
final class AcceptLimit: Sendable {
  private let limit: Int
  private let open = Atomic<Int>(0)
  private let resume = Mutex<(@Sendable () -> Void)?>(nil)

  init(_ limit: Int) { self.limit = limit }

  var isReached: Bool { open.load(ordering: .relaxed) >= limit }

  /// Takes a place before a connection is accepted; false when there is none. `released` gives it
  /// back, also when no connection came.
  func reserve() -> Bool {
    if open.add(1, ordering: .relaxed).newValue <= limit { return true }
    open.subtract(1, ordering: .relaxed)
    return false
  }

  func accepted() { open.add(1, ordering: .relaxed) }

  func released() {
    let before = open.subtract(1, ordering: .relaxed).oldValue
    if before == limit { resume.withLock { $0 }?() }
  }

  func onRelease(_ action: @escaping @Sendable () -> Void) { resume.withLock { $0 = action } }
}

/// Sits on the listening channel and holds back `accept` while the limit is reached, and for a
/// while when descriptors or memory ran out: trying again at once would spin.
final class AcceptHandler: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = any Channel

  private static let rest = TimeAmount.milliseconds(100)
  private static let exhaustion: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

  private let limit: AcceptLimit
  private let logger: Logger
  private var isHeldBack = false

  init(_ limit: AcceptLimit, _ logger: Logger) {
    self.limit = limit
    self.logger = logger
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    limit.onRelease {
      eventLoop.execute {
        let (handler, context) = bound.value
        handler.resume(context)
      }
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { limit.onRelease {} }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    limit.accepted()
    context.fireChannelRead(data)
  }

  func read(context: ChannelHandlerContext) {
    isHeldBack = limit.isReached
    if !isHeldBack { context.read() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let failure = error as? IOError, Self.exhaustion.contains(failure.errnoCode) else {
      return context.fireErrorCaught(error)
    }
    logger.warning(
      "proxy cannot accept",
      metadata: ["reason": "\(failure)", "errno": "\(failure.errnoCode)"])
    // The channel asks for the next connection again and again until it is told not to.
    try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) {
      try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    }
  }

  private func resume(_ context: ChannelHandlerContext) {
    if isHeldBack, !limit.isReached {
      isHeldBack = false
      context.read()
    }
  }
}
