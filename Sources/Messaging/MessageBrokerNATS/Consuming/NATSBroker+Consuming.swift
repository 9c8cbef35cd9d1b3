// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import Logging
  internal import MessageRelay
  public import TransactionalMessaging

  extension NATSBroker {
    /// How long the server keeps a request for messages, in milliseconds, and how long the end of a
    /// consumer may take therefore.
    private static let pullExpires: Int64 = 500
    /// How much longer than that it may say nothing.
    private static let grace: Int64 = 3_000
    private static let outage = Backoff(first: 20, most: 5_000)
    /// Characters of a reason that go with a dead letter.
    private static let longestReason = 1_000

    /// Delivers the messages of a group until the task is cancelled or shut down gracefully; then
    /// finishes what handlers have begun and gives the rest back to the server. Lost connections
    /// are waited out.
    ///
    /// - Throws: `ConsumeFailure` for a group that was not declared.
    public func consume(
      group name: String, concurrency: Int,
      handler: @escaping @Sendable (BrokerMessage) async -> Disposition
    ) async throws {
      let group = try configuration.groups.group(name)
      let intake = Intake(
        topics: group.topics, coding: coding, capacity: configuration.held,
        concurrency: concurrency)
      await consumeTurns(
        supply: { await self.supply(intake, for: group) },
        until: { intake.isStopped || connection.isClosed }, arrivals: intake.turns.arrivals,
        next: intake.turns.next, take: { await self.take($0, intake, of: group, handler) },
        stop: intake.stop, finished: { intake.finished.raise() })
      // A task of its own is not cancelled with the caller.
      await Task { await giveBack(intake) }.value
    }

    /// What no handler began goes to another consumer at once, or to the next call.
    ///
    /// The server takes requests for messages and what is given back beside each other; so the next
    /// call must not ask before it has all of them in their order, which its last answer says.
    private func giveBack(_ intake: Intake) async {
      var messages = intake.replies.map {
        NATSMessage($0, payload: Delivery.Answer.giveBack.bytes)
      }
      guard let last = messages.popLast(), let connection = connection.current else { return }
      for message in messages { connection.send(message) }
      do throws(BrokerError) {
        _ = try await connection.request(last)
      } catch {
        // They come again when the server has waited for them in vain.
        record.note(outage: "what group consumers held cannot be given back: \(error.message)")
      }
    }

    // MARK: - Deliveries

    private func take(
      _ turn: Intake.Turn, _ intake: Intake, of group: BrokerGroup,
      _ handler: @Sendable (BrokerMessage) async -> Disposition
    ) async {
      let disposition: Disposition =
        switch turn.element.content {
        case .message(let message): await handler(message)
        case .malformed(_, let reason): .reject(reason)
        }
      intake.turns.handled()
      switch disposition {
      case .acknowledge:
        if await settle(turn, intake, .acknowledge) { record.count { $0.acknowledged += 1 } }
      case .reject(let reason):
        guard await setAside(turn, intake, of: group, because: reason) else {
          return intake.turns.giveBack(turn)
        }
        _ = await settle(turn, intake, .terminate)
        record.count { $0.deadLettered += 1 }
      case .redeliver(let milliseconds):
        // Held here meanwhile, so that what follows in its lane stays behind it.
        _ = await clock.wait(milliseconds: max(1, milliseconds), or: [(intake.stopped, 0)])
        return intake.turns.giveBack(turn)
      }
      intake.settled(turn)
    }

    /// Tells the server what became of a message until the server confirms it, over as many
    /// connections as that takes. Meanwhile its lane waits.
    ///
    /// - Returns: false when that had to end before.
    private func settle(
      _ turn: Intake.Turn, _ intake: Intake, _ answer: Delivery.Answer
    ) async -> Bool {
      var attempts = 0
      while true {
        do throws(BrokerError) {
          guard let reply = intake.reply(turn) else { return false }
          let message = NATSMessage(reply, payload: answer.bytes)
          // Whoever is cancelled after the handler has committed says so all the same.
          if Task.isCancelled || (intake.isStopped && attempts > 0) {
            connection.current?.send(message)
            return false
          }
          let confirmation = try await connection.get().request(message)
          if confirmation.status != JetStreamRefusal.nobodyListens {
            if attempts > 0 { record.recovered() }
            return true
          }
          record.note(outage: "an acknowledgement: the consumer is gone, or has no leader now")
          return false
        } catch {
          if error.code != .notSent { record.note(outage: "an acknowledgement: \(error.message)") }
          attempts += 1
          await pause(attempts, intake)
        }
      }
    }

    /// Puts a message that will never be consumed with the dead letters; tries until it is there.
    private func setAside(
      _ turn: Intake.Turn, _ intake: Intake, of group: BrokerGroup,
      because reason: String
    ) async -> Bool {
      var letter = deadLetter(turn, of: group, because: reason)
      record.logger.error(
        "a message goes to the dead letters",
        metadata: [
          "group": "\(group.name)", "sequence": "\(turn.element.sequence)", "reason": "\(reason)",
        ])
      var attempts = 0
      while !Task.isCancelled, !connection.isClosed {
        do throws(BrokerError) {
          try await JetStreamSetUp(connection.get(), configuration).deadLetters()
          _ = try await store(letter, in: configuration.deadLetterStream)
          if attempts > 0 { record.recovered() }
          return true
        } catch {
          record.note(outage: "dead letters: \(error.message)")
          // What the letter says of itself makes it larger than the message was.
          if error.code == .message, !letter.payload.isEmpty { letter = letter.withoutPayload }
          attempts += 1
          if intake.isStopped { return false }
          await pause(attempts, intake)
        }
      }
      return false
    }

    private func deadLetter(
      _ turn: Intake.Turn, of group: BrokerGroup, because reason: String
    ) -> NATSMessage {
      var letter: NATSMessage
      switch turn.element.content {
      case .malformed(let message, _):
        letter = NATSMessage(
          "", headers: NATSMessageCoding.withoutServers(message.headers), payload: message.payload)
      case .message(let message):
        letter = (try? coding.encode(message)) ?? NATSMessage("", payload: message.payload)
      }
      letter.headers["dead-letter-subject"] = coding.subject(forTopic: turn.lane.topic)
      letter.headers["dead-letter-sequence"] = "\(turn.element.sequence)"
      letter.headers["dead-letter-reason"] =
        String(reason.prefix(Self.longestReason)).split(whereSeparator: \.isWhitespace)
        .joined(separator: " ")
      letter.headers[NATSMessageCoding.expectedStream] = configuration.deadLetterStream
      letter.headers[NATSMessageCoding.messageID] =
        "\(configuration.stream)/\(turn.element.sequence)/\(group.name)"
      letter.subject = configuration.deadLetterSubject(ofGroup: group.name)
      return letter
    }

    private func pause(_ attempts: Int, _ intake: Intake) async {
      var random = SystemRandomNumberGenerator()
      _ = await clock.wait(
        milliseconds: Self.outage.delay(afterAttempt: attempts, using: &random),
        or: [(intake.stopped, 0)])
    }

    // MARK: - Supply

    /// Gets messages, over one connection after the other, until no more are wanted.
    private func supply(_ intake: Intake, for group: BrokerGroup) async {
      var attempts = 0
      while !intake.isStopped, !Task.isCancelled {
        do throws(BrokerError) {
          let connection = try await connection.get()
          let ackWait = try await JetStreamSetUp(connection, configuration).consumer(of: group)
          attempts = 0
          record.recovered()
          try await pull(intake, of: group, over: connection, ackWait: ackWait)
        } catch {
          if intake.isStopped || Task.isCancelled { break }
          if connection.isClosed {
            intake.stop()
            break
          }
          record.note(outage: "group \(group.name): \(error.message)")
          attempts += 1
          await pause(attempts, intake)
        }
      }
      await keepAlive(intake)
    }

    private func pull(
      _ intake: Intake, of group: BrokerGroup, over connection: NATSConnection,
      ackWait: Int64
    ) async throws(BrokerError) {
      let listening = connection.listen { [weak connection] in
        self.heard($0, intake, connection)
      }
      let end: Result<Void, BrokerError>
      do throws(BrokerError) {
        end = .success(
          try await pull(intake, of: group, over: connection, to: listening, ackWait: ackWait))
      } catch {
        end = .failure(error)
      }
      // A task of its own is not cancelled with the caller.
      await Task { await untilServed(intake, over: connection) }.value
      connection.stop(listening)
      try end.get()
    }

    /// Returns when nothing more comes that was asked for. The server keeps requests of those who
    /// have left: what it sends them, and in older versions what was given back meanwhile, would
    /// only come again after `ackWait`, behind what is newer.
    private func untilServed(_ intake: Intake, over connection: NATSConnection) async {
      let deadline = clock.now() + Self.pullExpires + Self.grace
      while connection.failure == nil {
        let (room, ended) = (intake.room.generation, connection.ended.generation)
        let left = deadline - clock.now()
        guard !intake.isServed, left > 0 else { return }
        _ = await clock.wait(
          milliseconds: left, or: [(intake.room, room), (connection.ended, ended)])
      }
    }

    private func pull(
      _ intake: Intake, of group: BrokerGroup, over connection: NATSConnection,
      to listening: NATSListening, ackWait: Int64
    ) async throws(BrokerError) {
      intake.begin(now: clock.now())
      let pulse = max(10, ackWait / 3)
      intake.pulse = pulse
      var nextPulse = clock.now() + pulse
      while !intake.isStopped, !Task.isCancelled {
        let (room, ended) = (intake.room.generation, connection.ended.generation)
        let now = clock.now()
        if let failure = connection.failure { throw failure }
        if let trouble = intake.trouble(now: now, silence: Self.pullExpires + Self.grace) {
          throw BrokerError(.connection, trouble)
        }
        if now >= nextPulse {
          tellInProgress(intake, connection)
          nextPulse = now + pulse
        }
        if let count = intake.ask(now: now) {
          let request = JetStreamAPI.Pull(
            batch: count, expires: Self.pullExpires * JetStreamAPI.nanoseconds)
          connection.send(
            NATSMessage(
              JetStreamAPI.pull(configuration.stream, group.name), reply: listening.subject,
              payload: JetStreamAPI.encode(request)))
        }
        _ = await clock.wait(
          milliseconds: max(1, min(nextPulse - now, 1_000)),
          or: [(intake.room, room), (connection.ended, ended), (intake.stopped, 0)])
      }
    }

    private func heard(
      _ message: NATSMessage, _ intake: Intake, _ connection: NATSConnection?
    ) {
      switch intake.came(message, now: clock.now()) {
      case .held(let redelivered):
        record.count { status in
          status.delivered += 1
          if redelivered { status.redelivered += 1 }
        }
      case .again:
        record.count { status in
          status.delivered += 1
          status.redelivered += 1
        }
      case .skipped(let reply):
        connection?.send(NATSMessage(reply, payload: Delivery.Answer.acknowledge.bytes))
        record.count { $0.skipped += 1 }
      case .notice, .noRoom: break
      }
    }

    /// Handlers that take long keep what they have.
    private func tellInProgress(_ intake: Intake, _ connection: NATSConnection) {
      for reply in intake.replies {
        connection.send(NATSMessage(reply, payload: Delivery.Answer.inProgress.bytes))
      }
    }

    /// After the last message was taken: until handlers are finished.
    private func keepAlive(_ intake: Intake) async {
      while intake.finished.generation == 0, !Task.isCancelled {
        _ = await clock.wait(milliseconds: intake.pulse, or: [(intake.finished, 0)])
        if let connection = connection.current { tellInProgress(intake, connection) }
      }
    }
  }

  extension NATSMessage {
    /// A dead letter that only says where in the stream the message is.
    fileprivate var withoutPayload: NATSMessage {
      var letter = self
      letter.payload = []
      letter.headers["dead-letter-payload"] = "too large, see dead-letter-sequence"
      return letter
    }
  }
#endif
