// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import Logging
  internal import MessageRelay
  public import TransactionalMessaging

  extension RabbitMQBroker {
    /// Delivers the messages of a group until the task is cancelled or shut down gracefully; then
    /// finishes what handlers have begun and gives the rest back to the server, in order. While
    /// another consumer has the group, it stands by. Lost connections are waited out.
    ///
    /// - Throws: `ConsumeFailure` for a group that was not declared.
    public func consume(
      group name: String, concurrency: Int,
      handler: @escaping @Sendable (BrokerMessage) async -> Disposition
    ) async throws {
      let group = try configuration.groups.group(name)
      let intake = Intake(
        topics: group.topics, coding: coding, capacity: min(configuration.held, 65_535),
        concurrency: concurrency)
      await consumeTurns(
        supply: { await self.supply(intake, for: group) }, until: { intake.isStopped },
        arrivals: intake.turns.arrivals, next: intake.next,
        take: { await self.take($0, intake, of: group, handler) }, stop: intake.stop)
      // Not cancelled before, as the next consumer would begin while handlers here still work.
      await intake.connection?.closed()
    }

    // MARK: - Deliveries

    private func take(
      _ turn: Intake.Turn, _ intake: Intake, of group: BrokerGroup,
      _ handler: @Sendable (BrokerMessage) async -> Disposition
    ) async {
      let held = turn.element
      record.count { status in
        status.delivered += 1
        if held.isRedelivered { status.redelivered += 1 }
      }
      let disposition: Disposition
      switch held.content {
      case .message where intake.isOwed(held): disposition = .acknowledge
      case .message(let message): disposition = await handler(message)
      case .malformed(let reason): disposition = .reject(reason)
      case .foreign:
        disposition = .acknowledge
        record.count { $0.skipped += 1 }
      }
      intake.turns.handled()
      switch disposition {
      case .acknowledge:
        if intake.settle(turn, { $0.acknowledge($1) }) {
          record.count { $0.acknowledged += 1 }
        } else {
          intake.owe(held)
        }
      case .reject(let reason):
        guard intake.settle(turn, { $0.reject($1) }) else { break }
        record.count { $0.deadLettered += 1 }
        record.logger.error(
          "a message goes to the dead letters",
          metadata: [
            "group": "\(group.name)", "message": "\(held.id)", "reason": "\(reason)",
            "queue": "\(configuration.deadLetterQueue(ofGroup: group.name))",
          ])
      case .redeliver(let milliseconds):
        // Held here meanwhile, so that what follows in its lane stays behind it.
        _ = await clock.wait(milliseconds: max(1, milliseconds), or: [(intake.stopped, 0)])
        intake.giveBack(turn)
      }
    }

    // MARK: - Supply

    private func supply(_ intake: Intake, for group: BrokerGroup) async {
      let supply = GroupSupply(
        of: group.name, clock: clock, record: record, closing: connection.closing,
        stopped: intake.stopped, stop: intake.stop)
      await supply.run { () async throws(BrokerError) -> RabbitMQConnection in
        let epoch = intake.begin()
        let connection = try await RabbitMQConnection.open(
          configuration.server, as: configuration.name,
          for: .consume(
            queue: configuration.queue(ofGroup: group.name), prefetch: configuration.held,
            hear: { intake.came($0, epoch: epoch) }),
          needing: Topology(configuration).consuming(group), noteNewQueue: newQueues.noteNew)
        intake.use(connection)
        record.connected()
        return connection
      } lost: {
        intake.lost()
      }
    }
  }
#endif
