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
      guard let group = configuration.groups.first(where: { $0.name == name }) else {
        throw ConsumeFailure.unknownGroup(name, known: configuration.groups.map(\.name).sorted())
      }
      let intake = Intake(
        topics: group.topics, coding: coding, capacity: min(configuration.held, 65_535),
        concurrency: concurrency)
      await withGracefulShutdownHandler {
        await withDiscardingTaskGroup { tasks in
          tasks.addTask { await self.supply(intake, for: group) }
          await self.deliver(intake, of: group, handler)
          intake.stop()
        }
      } onGracefulShutdown: {
        intake.stop()
      }
      // Not cancelled before, as the next consumer would begin while handlers here still work.
      await intake.connection?.closed()
    }

    // MARK: - Deliveries

    /// Returns when the last handler is finished.
    private func deliver(
      _ intake: Intake, of group: RabbitMQBrokerConfiguration.Group,
      _ handler: @escaping @Sendable (BrokerMessage) async -> Disposition
    ) async {
      await withDiscardingTaskGroup { tasks in
        while !intake.isStopped, !Task.isCancelled {
          let arrivals = intake.arrivals.generation
          if let turn = intake.next() {
            tasks.addTask { await self.take(turn, intake, of: group, handler) }
          } else {
            await intake.arrivals.wait(after: arrivals)
          }
        }
      }
    }

    private func take(
      _ turn: Intake.Turn, _ intake: Intake, of group: RabbitMQBrokerConfiguration.Group,
      _ handler: @Sendable (BrokerMessage) async -> Disposition
    ) async {
      let held = turn.held
      count { status in
        status.delivered += 1
        if held.isRedelivered { status.redelivered += 1 }
      }
      let disposition: Disposition
      switch held.content {
      case .message(let message): disposition = await handler(message)
      case .malformed(let reason): disposition = .reject(reason)
      case .acknowledged: disposition = .acknowledge
      case .foreign:
        disposition = .acknowledge
        count { $0.skipped += 1 }
      }
      intake.handled()
      switch disposition {
      case .acknowledge:
        if intake.settle(turn, { $0.acknowledge($1) }) {
          count { $0.acknowledged += 1 }
        } else {
          intake.owe(held)
        }
      case .reject(let reason):
        guard intake.settle(turn, { $0.reject($1) }) else { break }
        count { $0.deadLettered += 1 }
        logger.error(
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
    private func supply(_ intake: Intake, for group: RabbitMQBrokerConfiguration.Group) async {
      var attempts = 0
      while !intake.isStopped, !Task.isCancelled {
        if isClosed { return intake.stop() }
        let began = clock.now()
        let epoch = intake.begin()
        do throws(RabbitMQError) {
          let connection = try await RabbitMQConnection.open(
            configuration.server, as: configuration.name,
            for: .consume(
              queue: configuration.queue(ofGroup: group.name), prefetch: configuration.held,
              hear: { intake.came($0, epoch: epoch) }),
            needing: Topology(configuration).consuming(group), willMakeQueue: willMakeQueue)
          intake.use(connection)
          connected()
          guard let failure = await end(of: connection, intake) else { return }
          throw failure
        } catch {
          if intake.isStopped || Task.isCancelled { return }
          let wasGood = intake.lost() || clock.now() - began > Self.steady
          attempts = wasGood ? 1 : attempts + 1
          note(outage: "group \(group.name): \(error.message)")
          var random = SystemRandomNumberGenerator()
          _ = await clock.wait(
            milliseconds: Self.outage.delay(afterAttempt: attempts, using: &random),
            or: [(intake.stopped, 0), (closing, 0)])
        }
      }
    }

    /// Why the connection was lost; nil when it is wanted no more.
    private func end(of connection: RabbitMQConnection, _ intake: Intake) async -> RabbitMQError? {
      while !intake.isStopped, !Task.isCancelled {
        let ended = connection.ended.generation
        if let failure = connection.failure { return failure }
        if isClosed {
          intake.stop()
          break
        }
        await WakeSignal.first(
          of: [(connection.ended, ended), (intake.stopped, 0), (closing, 0)])
      }
      return nil
    }
  }
#endif
