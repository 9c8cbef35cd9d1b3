// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import Logging
  internal import MessageRelay
  internal import ServiceLifecycle
  public import TransactionalMessaging

  extension RabbitMQBroker {
    private static let outage = Backoff(first: 20, most: 2_000)
    /// A connection that lasted so long, in milliseconds, or brought something, was a good one.
    private static let steady: Int64 = 10_000

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
      await withGracefulShutdownHandler {
        await withDiscardingTaskGroup { tasks in
          tasks.addTask { await self.supply(intake, for: group) }
          await takeTurns(
            until: { intake.isStopped }, arrivals: intake.turns.arrivals, next: intake.next
          ) { await self.take($0, intake, of: group, handler) }
          intake.stop()
        }
      } onGracefulShutdown: {
        intake.stop()
      }
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

    /// Gets messages, over one connection after the other, until no more are wanted. The last one
    /// stays: acknowledgements still go over it.
    private func supply(_ intake: Intake, for group: BrokerGroup) async {
      var attempts = 0
      let closing = connection.closing
      while !intake.isStopped, !Task.isCancelled {
        if connection.isClosed { return intake.stop() }
        let began = clock.now()
        let epoch = intake.begin()
        do throws(BrokerError) {
          let connection = try await RabbitMQConnection.open(
            configuration.server, as: configuration.name,
            for: .consume(
              queue: configuration.queue(ofGroup: group.name), prefetch: configuration.held,
              hear: { intake.came($0, epoch: epoch) }),
            needing: Topology(configuration).consuming(group), noteNewQueue: newQueues.noteNew)
          intake.use(connection)
          record.connected()
          guard let failure = await end(of: connection, intake) else { return }
          throw failure
        } catch {
          if intake.isStopped || Task.isCancelled { return }
          let wasGood = intake.lost() || clock.now() - began > Self.steady
          attempts = wasGood ? 1 : attempts + 1
          record.note(outage: "group \(group.name): \(error.message)")
          var random = SystemRandomNumberGenerator()
          _ = await clock.wait(
            milliseconds: Self.outage.delay(afterAttempt: attempts, using: &random),
            or: [(intake.stopped, 0), (closing, 0)])
        }
      }
    }

    /// Why the connection was lost; nil when it is wanted no more.
    private func end(of supply: RabbitMQConnection, _ intake: Intake) async -> BrokerError? {
      while !intake.isStopped, !Task.isCancelled {
        let ended = supply.ended.generation
        if let failure = supply.failure { return failure }
        if connection.isClosed {
          intake.stop()
          break
        }
        await WakeSignal.first(
          of: [(supply.ended, ended), (intake.stopped, 0), (connection.closing, 0)])
      }
      return nil
    }
  }
#endif
