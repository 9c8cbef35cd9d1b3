// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import CRabbitMQ
  internal import Foundation
  internal import MessageRelay
  internal import Synchronization
  package import TransactionalMessaging

  /// One connection to a RabbitMQ server with one channel, over librabbitmq, either to publish or
  /// to consume: a server that runs short of memory or disk stops reading from whoever publishes,
  /// and acknowledgements must not wait behind that.
  ///
  /// librabbitmq blocks and may be used by one thread at a time, so everything happens on a thread
  /// of the connection's own. A connection that is lost, or whose channel the server closed, stays
  /// lost: nothing is kept to be sent later, and whoever waits for a confirmation hears at once
  /// that none will come. Its owner opens the next one.
  package final class RabbitMQConnection: BrokerConnection {
    /// What it is for.
    package enum Purpose: Sendable {
      case publish(exchange: String)
      /// The function is called on the connection's thread, message after message; must not block.
      /// When it returns false the connection ends.
      case consume(queue: String, prefetch: Int, hear: @Sendable (AMQPDelivery) -> Bool)
    }

    /// Most messages that wait for the thread.
    static let longestLine = 65_536 * 2

    private let line: RabbitMQLine
    private let server: RabbitMQServer

    private init(_ line: RabbitMQLine, _ server: RabbitMQServer) {
      self.line = line
      self.server = server
    }

    deinit { line.close() }

    /// Connects, makes or finds what is needed, and begins.
    ///
    /// - Parameters:
    ///   - name: who connects, as the server shows it.
    ///   - noteNewQueue: called on the connection's thread before a queue is made and after that.
    package static func open(
      _ server: RabbitMQServer, as name: String, for purpose: Purpose,
      needing steps: [Topology.Step], noteNewQueue: @escaping @Sendable () -> Void = {}
    ) async throws(BrokerError) -> RabbitMQConnection {
      let endpoints = try server.endpoints()
      guard let line = RabbitMQLine() else {
        throw BrokerError(.connection, "no pipe can be made: too many files are open")
      }
      let login = RabbitMQLogin(
        server, endpoints, name: name, purpose: purpose, steps: steps, noteNewQueue: noteNewQueue)
      let failure = await withCheckedContinuation { opened in
        Thread { RabbitMQThread.run(line, login, opened: opened) }.start()
      }
      if let failure { throw failure }
      return RabbitMQConnection(line, server)
    }

    /// Raised once, when the connection is over.
    package var ended: WakeSignal { line.ended }

    /// Why the connection is over; nil while it is not.
    package var failure: BrokerError? { line.failure }

    /// Ends it after what waits to be sent; whoever waits for a confirmation hears of it.
    package func close() { line.close() }

    /// Ends it and returns when it is over, and the server has back what was not acknowledged.
    package func closed() async {
      line.close()
      await line.untilOver()
    }

    /// Returns when the server has confirmed that it stored the message.
    package func publish(_ message: AMQPMessage) async throws(BrokerError) {
      if let failure = await line.publish(message) { throw failure }
    }

    /// Tells the server that a message was consumed.
    ///
    /// - Returns: false when the connection is over: it tells nothing.
    package func acknowledge(_ tag: UInt64) -> Bool { line.enqueue(.acknowledge(tag)) }

    /// Tells the server that a message will never be consumed.
    ///
    /// - Returns: false when the connection is over: it tells nothing.
    package func reject(_ tag: UInt64) -> Bool { line.enqueue(.reject(tag)) }
  }

  /// What callers and the connection's thread share.
  final class RabbitMQLine: Sendable {
    /// Nil when all is well.
    typealias Waiter = CheckedContinuation<BrokerError?, Never>

    /// What the thread is asked to do.
    enum Work {
      case publish(AMQPMessage, token: UInt64)
      case acknowledge(UInt64)
      case reject(UInt64)
    }

    private struct State {
      var work: [Work] = []
      var waiters: [UInt64: Waiter] = [:]
      var nextToken: UInt64 = 0
      var isAsleep = false
      var isClosing = false
      var isOver = false
      var failure: BrokerError?
      var leaving: [CheckedContinuation<Void, Never>] = []
    }

    let ended = WakeSignal()
    /// Where the thread hears that there is work.
    let bell: Int32
    private let rope: Int32
    private let state = Mutex(State())

    init?() {
      var (bell, rope): (Int32, Int32) = (-1, -1)
      guard rabbit_make_bell(&bell, &rope) == 0 else { return nil }
      self.bell = bell
      self.rope = rope
    }

    deinit { rabbit_remove_bell(bell, rope) }

    var failure: BrokerError? { state.withLock(\.failure) }

    static var now: Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }

    // MARK: - Callers

    /// False when it is over or too much waits; then nothing was changed.
    func enqueue(_ work: Work) -> Bool {
      let (accepted, ring) = state.withLock { state in
        guard state.failure == nil, !state.isClosing,
          state.work.count < RabbitMQConnection.longestLine
        else { return (false, false) }
        state.work.append(work)
        defer { state.isAsleep = false }
        return (true, state.isAsleep)
      }
      if ring { rabbit_ring(rope) }
      return accepted
    }

    func publish(_ message: AMQPMessage) async -> BrokerError? {
      let token = state.withLock { state in
        state.nextToken += 1
        return state.nextToken
      }
      return await withTaskCancellationHandler {
        await withCheckedContinuation { (waiter: Waiter) in
          state.withLock { $0.waiters[token] = waiter }
          if !enqueue(.publish(message, token: token)) { answer(token, failure ?? Self.overfull) }
          // The handler below may have run already and found nothing.
          if Task.isCancelled { answer(token, Self.cancelled) }
        }
      } onCancel: {
        answer(token, Self.cancelled)
      }
    }

    func close() {
      state.withLock { $0.isClosing = true }
      rabbit_ring(rope)
    }

    /// Not even a cancelled caller leaves before the thread has.
    func untilOver() async {
      await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
        let isOver = state.withLock { state in
          if !state.isOver { state.leaving.append(waiter) }
          return state.isOver
        }
        if isOver { waiter.resume() }
      }
    }

    private static var cancelled: BrokerError {
      BrokerError(.notSent, "the caller was cancelled")
    }
    private static var overfull: BrokerError {
      BrokerError(
        .notSent, "the connection is being closed, or too many messages wait to be sent already")
    }

    // MARK: - The thread

    /// What to do next; empty when the thread may sleep. Nil when it is over.
    func take() -> [Work]? {
      state.withLock { state in
        defer { state.work = [] }
        state.isAsleep = state.work.isEmpty
        // What was asked for before it was closed is still done.
        let isOver = state.failure != nil || (state.isClosing && state.work.isEmpty)
        return isOver ? nil : state.work
      }
    }

    /// Nil says that the server has stored the message. Whoever waited may have left.
    func answer(_ token: UInt64, _ failure: BrokerError?) {
      state.withLock { $0.waiters.removeValue(forKey: token) }?.resume(returning: failure)
    }

    /// The connection is over; the first reason counts.
    func end(_ failure: BrokerError) {
      let (waiters, leaving) = state.withLock { state in
        if state.failure == nil { state.failure = failure }
        state.isOver = true
        defer {
          state.work = []
          state.waiters = [:]
          state.leaving = []
        }
        return (Array(state.waiters.values), state.leaving)
      }
      for waiter in waiters { waiter.resume(returning: failure) }
      for waiter in leaving { waiter.resume() }
      ended.raise()
    }
  }
#endif
