// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import Logging
  internal import MessageRelay
  public import TransactionalMessaging

  extension KafkaBroker {
    /// Delivers the messages of a group until the task is cancelled or shut down gracefully; then
    /// finishes what handlers have begun, tells the group what is consumed and leaves it.
    /// Partitions are shared with whoever else consumes the group. Outages are waited out.
    ///
    /// - Throws: `ConsumeFailure` for a group that was not declared.
    public func consume(
      group name: String, concurrency: Int,
      handler: @escaping @Sendable (BrokerMessage) async -> Disposition
    ) async throws {
      let group = try configuration.groups.group(name)
      let intake = Intake(
        coding: coding, capacity: configuration.held, ahead: configuration.ahead,
        concurrency: concurrency)
      await consumeTurns(
        supply: { await self.supply(intake, for: group) }, until: { intake.isStopped },
        arrivals: intake.turns.arrivals, next: intake.next,
        take: { await self.take($0, intake, of: group, handler) }, stop: intake.stop)
      // Not cancelled before, as the next member would begin while handlers here still work.
      await intake.connection?.closed()
    }

    // MARK: - Deliveries

    private func take(
      _ turn: Intake.Turn, _ intake: Intake, of group: BrokerGroup,
      _ handler: @Sendable (BrokerMessage) async -> Disposition
    ) async {
      record.count { $0.delivered += 1 }
      let disposition: Disposition =
        switch turn.element.content {
        case .message(let message): await handler(message)
        case .malformed(let reason): .reject(reason)
        }
      intake.turns.handled()
      switch disposition {
      case .acknowledge: intake.settle(turn)
      case .reject(let reason):
        if await keep(turn.element, because: reason, intake, of: group) {
          intake.settle(turn)
        } else {
          intake.giveBack(turn)
        }
      case .redeliver(let milliseconds):
        // Held here meanwhile, so that what follows in its lane stays behind it.
        _ = await clock.wait(
          milliseconds: max(1, milliseconds),
          or: [(intake.stopped, 0), (intake.leaving, turn.element.leaving)])
        record.count { $0.redelivered += 1 }
        intake.giveBack(turn)
      }
    }

    /// Publishes a message to the group's dead letters, however long that takes.
    ///
    /// - Returns: whether it is there; false when it has to be left to the next consumer.
    private func keep(
      _ held: Intake.Held, because reason: String, _ intake: Intake, of group: BrokerGroup
    ) async -> Bool {
      let topic = configuration.deadLetterTopic(ofGroup: group.name)
      let message = coding.deadLetter(held.delivery, because: reason, in: topic)
      var attempts = 0
      while true {
        do throws(BrokerError) {
          try await send(message)
          record.count { $0.deadLettered += 1 }
          record.logger.error(
            "a message goes to the dead letters",
            metadata: [
              "group": "\(group.name)", "topic": "\(topic)", "reason": "\(reason)",
              "place": "\(held.delivery.place)",
            ])
          return true
        } catch {
          record.note(outage: "dead letters of group \(group.name): \(error.message)")
          attempts += 1
          await connections(of: group, intake).pause(
            afterAttempt: attempts, or: [(intake.stopped, 0), (intake.leaving, held.leaving)])
          if intake.isStopped || Task.isCancelled || intake.leaving.generation != held.leaving {
            return false
          }
        }
      }
    }

    // MARK: - Supply

    private func connections(of group: BrokerGroup, _ intake: Intake) -> GroupSupply {
      GroupSupply(
        of: group.name, clock: clock, record: record, closing: connection.closing,
        stopped: intake.stopped, stop: intake.stop)
    }

    /// Is a member of the group, by one connection after the other.
    private func supply(_ intake: Intake, for group: BrokerGroup) async {
      let listener = KafkaConsumer.Listener(
        assigned: { [record] in record.connected() },
        leaving: { [record] in
          record.logger.info(
            "the members of a group change, its partitions are given back",
            metadata: ["group": "\(group.name)"])
        },
        committed: { [record] count in
          record.count { status in
            status.acknowledged += count
            status.outage = nil
          }
        },
        trouble: { [record] in record.note(outage: "group \(group.name): \($0.message)") })
      await connections(of: group, intake).run { () async throws(BrokerError) -> KafkaConsumer in
        try KafkaConsumer.join(group, configuration, intake: intake, listener: listener)
      }
    }
  }
#endif
