// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import TransactionalMessaging

/// A connection to a broker's server that ends by itself. Once lost it stays lost.
package protocol EndingConnection: Sendable {
  /// Raised once, when the connection is over.
  var ended: WakeSignal { get }
  /// Why the connection is over; nil while it is not.
  var failure: BrokerError? { get }
}

/// A connection that others share: nothing is kept to be sent later.
package protocol BrokerConnection: EndingConnection {
  /// Ends it; whoever waits hears of it.
  func close()
}

/// One connection for all who need one: opened by whoever comes first, and again after it was lost.
package final class SharedConnection<Connection: BrokerConnection>: Sendable {
  /// Makes a connection and looks whether it can be used; is given the one at hand where only that
  /// is in doubt.
  package typealias Opening =
    @Sendable (Connection?) async -> Result<Connection, BrokerError>

  private struct Phase {
    var connection: Connection?
    /// Somebody heard that what it needs is gone: it is looked at again before it is used.
    var isDoubtful = false
    var isOpening = false
    var attempt: UInt64 = 0
    var failure: BrokerError?
    var isClosed = false
    /// Attempts that failed one after the other, and until when there is no next one.
    var failures = 0
    var pauseEnds: Int64 = 0
  }

  private enum Step {
    case use(Connection)
    case fail(BrokerError)
    case wait(attempt: UInt64, starts: Bool)
  }

  private static var outage: Backoff { Backoff(first: 20, most: 2_000) }

  /// Raised once, when it is closed.
  package let closing = WakeSignal()
  private let clock: any MessagingClock
  private let record: BrokerRecord
  private let open: Opening
  private let phase = Mutex(Phase())
  private let changed = WakeSignal()

  package init(
    clock: any MessagingClock, record: BrokerRecord, open: @escaping Opening
  ) {
    self.clock = clock
    self.record = record
    self.open = open
  }

  package var isClosed: Bool { phase.withLock(\.isClosed) }

  /// The connection where there is one; opens none.
  package var current: Connection? { phase.withLock(\.connection) }

  /// Whoever comes next looks first whether all is there that is needed.
  package func doubt() { phase.withLock { $0.isDoubtful = true } }

  /// Ends it for good.
  package func close() {
    let connection = phase.withLock { phase in
      phase.isClosed = true
      defer { phase.connection = nil }
      return phase.connection
    }
    connection?.close()
    changed.raise()
    closing.raise()
  }

  /// The connection. A failure is that of all who waited for it, and of all who come before it is
  /// time to try again.
  package func get() async throws(BrokerError) -> Connection {
    var mine: UInt64?
    while true {
      let generation = changed.generation
      let now = clock.now()
      switch phase.withLock({ Self.step(&$0, mine, now: now) }) {
      case .use(let connection): return connection
      case .fail(let failure): throw failure
      case .wait(let attempt, let starts):
        mine = attempt
        if starts { Task { await self.attempt() } }
        await changed.wait(after: generation)
        if Task.isCancelled { throw BrokerError(.notSent, "the caller was cancelled") }
      }
    }
  }

  private static func step(_ phase: inout Phase, _ mine: UInt64?, now: Int64) -> Step {
    if phase.isClosed { return .fail(BrokerError(.connection, "the broker was closed")) }
    if let connection = phase.connection {
      if connection.failure != nil {
        phase.connection = nil
      } else if !phase.isDoubtful {
        return .use(connection)
      }
    }
    if phase.isOpening { return .wait(attempt: mine ?? phase.attempt, starts: false) }
    if let failure = phase.failure, mine == phase.attempt || now < phase.pauseEnds {
      return .fail(failure)
    }
    phase.attempt += 1
    phase.isOpening = true
    phase.failure = nil
    return .wait(attempt: phase.attempt, starts: true)
  }

  private func attempt() async {
    let known = current.flatMap { $0.failure == nil ? $0 : nil }
    // One that is over before anybody had it must not be asked for again without a pause.
    let opened = await open(known).flatMap { connection -> Result<Connection, BrokerError> in
      connection.failure.map { .failure($0) } ?? .success(connection)
    }
    switch opened {
    case .success(let connection):
      let isUsed = phase.withLock { phase in
        phase.isOpening = false
        phase.isDoubtful = false
        phase.failures = 0
        if !phase.isClosed { phase.connection = connection }
        return !phase.isClosed
      }
      if !isUsed { connection.close() }
      if known == nil { record.connected() } else { record.recovered() }
    case .failure(let failure):
      record.note(outage: failure.message)
      var random = SystemRandomNumberGenerator()
      let now = clock.now()
      phase.withLock { phase in
        phase.isOpening = false
        phase.failure = failure
        phase.failures += 1
        phase.pauseEnds = now + Self.outage.delay(afterAttempt: phase.failures, using: &random)
      }
    }
    changed.raise()
  }
}
