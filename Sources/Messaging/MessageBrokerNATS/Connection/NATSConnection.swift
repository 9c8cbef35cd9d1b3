// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import CNATS
  internal import Foundation
  internal import MessageRelay
  internal import Synchronization
  package import TransactionalMessaging

  /// One connection to a NATS server, over libnats.
  ///
  /// Everything that may block in libnats happens on a thread of the connection's own; what libnats
  /// tells on its threads wakes whoever waits for it. A connection that is lost stays lost: nothing
  /// is kept in a buffer to be sent later, and whoever waits for an answer hears at once that none
  /// will come. Its owner opens the next one.
  package final class NATSConnection: BrokerConnection {
    /// Most messages that wait for the thread.
    static let longestLine = 16_384

    let line: NATSLine
    private let server: NATSServer

    private init(_ line: NATSLine, _ server: NATSServer) {
      self.line = line
      self.server = server
    }

    deinit { line.close() }

    /// Connects and subscribes to its answers.
    ///
    /// - Parameter name: who connects, as the server shows it.
    package static func open(
      _ server: NATSServer, as name: String
    ) async throws(BrokerError) -> NATSConnection {
      try server.validate()
      let line = NATSLine()
      let failure = await withCheckedContinuation { opened in
        Thread { NATSThread.run(line, server, name, opened: opened) }.start()
      }
      if let failure { throw failure }
      return NATSConnection(line, server)
    }

    /// Raised once, when the connection is over.
    package var ended: WakeSignal { line.ended }

    /// Why the connection is over; nil while it is not.
    package var failure: BrokerError? { line.failure }

    /// Ends it; whoever waits hears of it.
    package func close() { line.close() }

    /// Sends a message and nothing more; whether it arrives is not known.
    package func send(_ message: NATSMessage) { _ = line.enqueue(.send(message, token: nil)) }

    /// Sends a message and returns its answer.
    package func request(
      _ message: NATSMessage, within limit: Int64? = nil
    ) async throws(BrokerError) -> NATSMessage {
      try await line.request(message, within: limit ?? server.answering).get()
    }

    /// Sends messages one after the other and returns when each is answered.
    ///
    /// When the task is cancelled, what is not answered yet fails at once, and what was not sent
    /// yet is not sent any more.
    func request(_ batch: NATSBatch) async {
      await line.request(batch, within: server.answering)
    }

    /// Hears what comes to a subject that nobody else has.
    ///
    /// - Parameter hear: called on a thread of libnats, message after message; must not block.
    package func listen(_ hear: @escaping @Sendable (NATSMessage) -> Void) -> NATSListening {
      line.listen(hear)
    }

    package func stop(_ listening: NATSListening) { line.stop(listening) }
  }

  /// A subject of its own that somebody listens to.
  package struct NATSListening: Sendable {
    let number: UInt
    package let subject: String
  }

  extension NATSLine.Work {
    /// How many messages.
    var count: Int {
      if case .sendAll(let batch, _) = self { batch.messages.count } else { 1 }
    }
  }

  /// What callers, the connection's thread and libnats' threads share.
  final class NATSLine: Sendable {
    /// Who waits for an answer.
    enum Waiter {
      case one(CheckedContinuation<Result<NATSMessage, BrokerError>, Never>)
      case of(NATSBatch, place: Int)

      func fail(_ error: BrokerError) {
        switch self {
        case .one(let continuation): continuation.resume(returning: .failure(error))
        case .of(let batch, let place): batch.answered(place, .failure(error))
        }
      }

      func answer(_ answer: NATSAnswer) {
        switch self {
        case .one(let continuation): continuation.resume(returning: .success(answer.copy))
        case .of(let batch, let place): batch.answered(place, .success(answer))
        }
      }
    }

    /// What the thread is asked to do.
    enum Work {
      /// The token is that of whoever waits for the answer.
      case send(NATSMessage, token: UInt64?)
      /// The tokens follow each other.
      case sendAll(NATSBatch, firstToken: UInt64)
      case subscribe(NATSListening)
      case unsubscribe(NATSListening)
    }

    private struct State {
      var work: [Work] = []
      /// Messages in it.
      var waiting = 0
      var pending = PendingReplies<Waiter>()
      var isAsleep = false
      var isClosing = false
      var failure: BrokerError?
      /// What the server complained of last, such as a missing permission.
      var complaint: String?
      var inbox = ""
      var nextListening: UInt = 0
    }

    let ended = WakeSignal()
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    var failure: BrokerError? { state.withLock(\.failure) }

    static var now: Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }

    // MARK: - Callers

    /// False when it is over or too much waits; then nothing was changed.
    func enqueue(_ work: Work) -> Bool {
      let (accepted, ring) = state.withLock { state in
        guard state.failure == nil, !state.isClosing,
          state.waiting < NATSConnection.longestLine
        else { return (false, false) }
        state.work.append(work)
        state.waiting += work.count
        defer { state.isAsleep = false }
        return (true, state.isAsleep)
      }
      if ring { bell.signal() }
      return accepted
    }

    func request(
      _ message: NATSMessage, within limit: Int64
    ) async -> Result<NATSMessage, BrokerError> {
      let token = state.withLock { $0.pending.reserve() }
      return await withTaskCancellationHandler {
        await withCheckedContinuation { waiter in
          state.withLock {
            $0.pending.add(.one(waiter), as: token, about: message.subject, until: Self.now + limit)
          }
          if !enqueue(.send(message, token: token)) { fail(token, failure ?? Self.overfull) }
          // The handler below may have run already and found nothing.
          if Task.isCancelled { fail(token, Self.cancelled) }
        }
      } onCancel: {
        fail(token, Self.cancelled)
      }
    }

    func request(_ batch: NATSBatch, within limit: Int64) async {
      let count = batch.messages.count
      guard count > 0 else { return }
      let first = state.withLock { $0.pending.reserve(count) }
      let tokens = first..<first + UInt64(count)
      await withTaskCancellationHandler {
        await withCheckedContinuation { waiter in
          batch.wait(waiter)
          let deadline = Self.now + limit
          state.withLock { state in
            for (place, message) in batch.messages.enumerated() {
              state.pending.add(
                .of(batch, place: place), as: first + UInt64(place), about: message.subject,
                until: deadline)
            }
          }
          if !enqueue(.sendAll(batch, firstToken: first)) {
            fail(tokens, failure ?? Self.overfull)
          }
          // The handler below may have run already and found nothing.
          if Task.isCancelled { withdraw(batch, tokens) }
        }
      } onCancel: {
        withdraw(batch, tokens)
      }
    }

    private func withdraw(_ batch: NATSBatch, _ tokens: Range<UInt64>) {
      batch.withdraw()
      fail(tokens, Self.cancelled)
    }

    private func fail(_ tokens: Range<UInt64>, _ error: BrokerError) {
      let waiters = state.withLock { $0.pending.take(tokens) }
      for waiter in waiters { waiter.fail(error) }
    }

    func listen(_ hear: @escaping @Sendable (NATSMessage) -> Void) -> NATSListening {
      let (inbox, number) = state.withLock { state in
        state.nextListening += 1
        return (state.inbox, state.nextListening)
      }
      let listening = NATSListening(
        number: NATSCallbacks.shared.add(.messages(hear)), subject: "\(inbox)-\(number)")
      _ = enqueue(.subscribe(listening))
      return listening
    }

    func stop(_ listening: NATSListening) {
      NATSCallbacks.shared.remove(listening.number)
      _ = enqueue(.unsubscribe(listening))
    }

    func close() {
      state.withLock { $0.isClosing = true }
      bell.signal()
    }

    private static var cancelled: BrokerError { BrokerError(.notSent, "the caller was cancelled") }
    private static var overfull: BrokerError {
      BrokerError(
        .notSent, "the connection is being closed, or too many messages wait to be sent already")
    }

    // MARK: - The thread

    var inbox: String {
      get { state.withLock(\.inbox) }
      set { state.withLock { $0.inbox = newValue } }
    }

    /// What to do next; sleeps a moment when there is nothing. Nil when it is over.
    func take() -> [Work]? {
      let (work, isOver) = state.withLock { state in
        defer {
          state.work = []
          state.waiting = 0
        }
        if state.work.isEmpty { state.isAsleep = true }
        // What was asked for before it was closed is still done.
        return (state.work, state.failure != nil || (state.isClosing && state.work.isEmpty))
      }
      if isOver { return nil }
      if work.isEmpty { _ = bell.wait(timeout: .now() + .milliseconds(100)) }
      return work
    }

    /// Whether there is something to do already.
    var hasWork: Bool { state.withLock { !$0.work.isEmpty } }

    func sweep() {
      let now = Self.now
      let (overdue, complaint) = state.withLock { state in
        (state.pending.count == 0 ? [] : state.pending.takeOverdue(at: now), state.complaint)
      }
      for waiter in overdue {
        let reason =
          complaint.map { "; it had said: \($0)" } ?? ": is it stopped, or overloaded?"
        waiter.fail(BrokerError(.timedOut, "the server did not answer in time\(reason)"))
      }
    }

    /// What a user may not publish is not answered; the server tells the connection instead.
    func complained(_ text: String) {
      let refused = Self.subject(refusedIn: text)
      let waiters = state.withLock { state in
        if refused == nil { state.complaint = text }
        return refused.map { state.pending.takeAll(about: $0) } ?? []
      }
      guard let refused else { return }
      let failure = BrokerError(
        .credentials,
        "this user may not publish to \(refused): allow it in the server's permissions")
      for waiter in waiters { waiter.fail(failure) }
    }

    /// From `Permissions Violation for Publish to "outbox.event.order"`.
    static func subject(refusedIn text: String) -> String? {
      guard let start = text.range(of: "Violation for Publish to \"", options: .caseInsensitive),
        let end = text[start.upperBound...].firstIndex(of: "\"")
      else { return nil }
      return String(text[start.upperBound..<end])
    }

    func fail(_ token: UInt64, _ error: BrokerError) {
      state.withLock { $0.pending.take(token) }?.fail(error)
    }

    /// An answer came, on a thread of libnats; whoever waited for it may have left.
    func answered(_ answer: NATSAnswer) {
      guard let token = answer.token else { return }
      state.withLock { $0.pending.take(token) }?.answer(answer)
    }

    /// The connection is over; the first reason counts.
    func end(_ failure: BrokerError) {
      let waiters = state.withLock { state in
        if state.failure == nil { state.failure = failure }
        state.work = []
        state.waiting = 0
        return state.pending.takeAll()
      }
      for waiter in waiters { waiter.fail(failure) }
      bell.signal()
      ended.raise()
    }
  }
#endif
