// SPDX-License-Identifier: Apache-2.0
internal import MessageRelay
internal import TransactionalMessaging

/// What a relay's process tells Prometheus: the outbox as `status` sees it, and its own doing.
///
/// However often it is asked, the database is looked at once a second at most.
actor OutboxObservation {
  private static let interval: Int64 = 1_000

  private let outbox: OutboxOperator
  private let relay: Relay
  private var last: OutboxReport?
  private var reading: Task<OutboxReport, any Error>?

  init(_ outbox: OutboxOperator, relay: Relay) {
    self.outbox = outbox
    self.relay = relay
  }

  func text() async -> String {
    let own = OutboxMetrics.text(relay.status, relay: relay.name)
    do {
      return OutboxMetrics.readable(true) + OutboxMetrics.text(try await report()) + own
    } catch {
      return OutboxMetrics.readable(false) + own
    }
  }

  private func report() async throws -> OutboxReport {
    if let reading { return try await reading.value }
    let now = UnixTime.milliseconds()
    if let last, (0..<Self.interval).contains(now - last.at) { return last }
    let (outbox, earlier) = (outbox, last)
    let task = Task { try await outbox.report(now: now, since: earlier) }
    reading = task
    defer { reading = nil }
    let report = try await task.value
    last = report
    return report
  }
}
