// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import CRabbitMQ
  internal import TransactionalMessaging

  /// The thread of one connection, the only one that calls librabbitmq about it: what blocks there,
  /// such as a socket whose peer does not read, blocks nobody else, and ends with the heartbeats.
  struct RabbitMQThread {
    /// Most frames that are read before what waits is sent, so that neither holds up the other.
    private static let frames = 1_024
    /// Longest sleep while confirmations are missing, and else, in milliseconds.
    private static let (watching, idling) = (100, 1_000)
    /// Longest wait for the server's goodbye, in milliseconds.
    private static let leaving: Int32 = 1_000

    private let line: RabbitMQLine
    private let login: RabbitMQLogin
    private let connection: OpaquePointer
    private var unconfirmed = UnconfirmedMessages()
    private var incoming = IncomingContent()
    /// Why the server takes nothing at the moment.
    private var blocked: BrokerError?

    static func run(
      _ line: RabbitMQLine, _ login: RabbitMQLogin,
      opened: CheckedContinuation<BrokerError?, Never>
    ) {
      let connection: OpaquePointer
      do throws(BrokerError) {
        connection = try login.begin()
      } catch {
        line.end(error)
        return opened.resume(returning: error)
      }
      opened.resume(returning: nil)
      var thread = RabbitMQThread(line: line, login: login, connection: connection)
      do throws(BrokerError) {
        try thread.work()
        // What was not acknowledged goes back to the queue before anybody hears of the end.
        rabbit_limit_answers(connection, leaving)
        _ = amqp_connection_close(connection, AMQP_REPLY_SUCCESS)
        line.end(BrokerError(.connection, "the connection was closed"))
      } catch {
        line.end(error)
      }
      amqp_destroy_connection(connection)
    }

    private init(line: RabbitMQLine, login: RabbitMQLogin, connection: OpaquePointer) {
      self.line = line
      self.login = login
      self.connection = connection
    }

    /// Until it is closed here.
    private mutating func work() throws(BrokerError) {
      let beat = login.server.heartbeatSeconds * 1_000
      while let work = line.take() {
        for item in work { try carryOut(item) }
        let mayWait = try read() && work.isEmpty
        let late = unconfirmed.takeOverdue(at: RabbitMQLine.now)
        for entry in late { line.answer(entry.token, overdue) }
        // The server counts a channel's messages too: behind one that it lost, as a queue that has
        // no leader yet does, it confirms none. The next connection begins anew.
        if !late.isEmpty { throw overdue }
        guard mayWait else { continue }
        let longest = unconfirmed.isEmpty ? Self.idling : Self.watching
        rabbit_wait(connection, line.bell, Int32(min(longest, beat / 2)))
      }
    }

    private var overdue: BrokerError {
      BrokerError(
        .timedOut,
        """
        the server did not confirm within \(login.server.answering) ms: it is overloaded, or a \
        quorum queue has no leader: the majority of its members is gone, or the server was killed \
        when it had just made the queue (rabbitmq-queues quorum_status; delete such a queue)
        """)
    }

    // MARK: - Sending

    private mutating func carryOut(_ work: RabbitMQLine.Work) throws(BrokerError) {
      switch work {
      case .publish(let message, let token): try publish(message, token)
      case .acknowledge(let tag): try check(rabbit_acknowledge(connection, tag))
      case .reject(let tag): try check(rabbit_reject(connection, tag))
      }
    }

    private mutating func publish(
      _ message: AMQPMessage, _ token: UInt64
    ) throws(BrokerError) {
      guard case .publish(let exchange) = login.purpose else { return }
      if let blocked { return line.answer(token, blocked) }
      // One frame has to hold all but the payload; librabbitmq would notice half-way.
      let room = Int(amqp_get_frame_max(connection))
      guard message.propertyBytes < room else {
        return line.answer(
          token,
          BrokerError(
            .message,
            "the headers have \(message.propertyBytes) bytes, and the server takes \(room)"))
      }
      unconfirmed.sent(
        UnconfirmedMessages.Entry(
          token: token, id: message.id, size: message.payload.count,
          deadline: RabbitMQLine.now + login.server.answering))
      try check(send(message, to: exchange))
    }

    private func send(_ message: AMQPMessage, to exchange: String) -> Int32 {
      var arena = TextArena()
      let (place, key) = (arena.add(exchange), arena.add(message.routingKey))
      let (id, content) = (arena.add(message.id), arena.add(message.contentType))
      let type = arena.add(message.type)
      return FieldTable(message.headers, with: arena).withEntries { entries, count, memory in
        message.payload.withUnsafeBytes { payload in
          var frame = rabbit_message(
            exchange: memory.lent(place), routing_key: memory.lent(key),
            message_id: memory.lent(id), content_type: memory.lent(content),
            type: memory.lent(type), headers: entries, header_count: count,
            body: payload.lent(0..<payload.count))
          return rabbit_publish(connection, &frame)
        }
      }
    }

    /// librabbitmq's status after sending.
    private func check(_ status: Int32) throws(BrokerError) {
      guard status != AMQP_STATUS_OK.rawValue else { return }
      throw lost(status)
    }

    private func lost(_ status: Int32) -> BrokerError {
      if status == AMQP_STATUS_HEARTBEAT_TIMEOUT.rawValue {
        return BrokerError(
          .connection,
          """
          the connection was lost: the server was silent for two heartbeats of \
          \(login.server.heartbeatSeconds) s
          """)
      }
      return BrokerError(
        .connection, "the connection was lost: \(RabbitMQLogin.text(status))")
    }

    // MARK: - Receiving

    /// Reads what is there.
    ///
    /// - Returns: whether that was all.
    private mutating func read() throws(BrokerError) -> Bool {
      for _ in 0..<Self.frames {
        var event = rabbit_event()
        let status = rabbit_next(connection, &event)
        if status == AMQP_STATUS_TIMEOUT.rawValue { return true }
        guard status == AMQP_STATUS_OK.rawValue else { throw lost(status) }
        defer { rabbit_release(connection) }
        try came(event)
      }
      return false
    }

    private mutating func came(_ event: rabbit_event) throws(BrokerError) {
      switch event.kind {
      case RABBIT_ACK: settled(event, isStored: true)
      case RABBIT_NACK: settled(event, isStored: false)
      case RABBIT_RETURN:
        incoming.began(.returned(reason: "\(event.code) \(String(event.text))"), event)
      case RABBIT_DELIVERY:
        incoming.began(.delivered(tag: event.tag, isRedelivered: event.flag != 0), event)
      case RABBIT_PROPERTIES, RABBIT_BODY:
        if let (origin, message) = incoming.came(event) { try came(message, origin) }
      case RABBIT_BLOCKED: block(because: String(event.text))
      case RABBIT_UNBLOCKED: blocked = nil
      case RABBIT_CANCELLED:
        throw BrokerError(
          .missing, "the server ended the delivery: the queue was deleted, or has no leader")
      case RABBIT_CHANNEL_CLOSED: throw closed(event)
      case RABBIT_CONNECTION_CLOSED:
        rabbit_accept_close(connection)
        throw closed(event)
      default: break
      }
    }

    /// The server reads nothing more until it has room. What it has read by then it may store
    /// later; nobody waits for that, and the connection stays.
    private mutating func block(because reason: String) {
      let error = BrokerError(
        .blocked,
        """
        the server takes no messages at the moment (\(reason)): free its disk or memory, or let \
        consumers catch up; events wait in the outbox meanwhile
        """)
      blocked = error
      for entry in unconfirmed.takeAll() { line.answer(entry.token, error) }
    }

    private mutating func came(
      _ message: AMQPMessage, _ origin: IncomingContent.Origin
    ) throws(BrokerError) {
      switch origin {
      case .returned(let reason):
        unconfirmed.returned(
          id: message.id, because: "no queue takes the topic \(message.routingKey) (\(reason))")
      case .delivered(let tag, let isRedelivered):
        guard case .consume(_, _, let hear) = login.purpose else { return }
        let delivery = AMQPDelivery(tag: tag, isRedelivered: isRedelivered, message: message)
        guard hear(delivery) else {
          throw BrokerError(.connection, "the server sent more than was asked for")
        }
      }
    }

    private mutating func settled(_ event: rabbit_event, isStored: Bool) {
      for entry in unconfirmed.settled(event.tag, andAllBefore: event.flag != 0) {
        if let reason = entry.returned {
          line.answer(
            entry.token,
            BrokerError(
              .unroutable,
              """
              \(reason): bind a queue to it, or declare the group that reads it; then replay what \
              waits
              """))
        } else {
          line.answer(entry.token, isStored ? nil : notStored)
        }
      }
    }

    private var notStored: BrokerError {
      BrokerError(
        .notStored,
        """
        the server did not store the message (nack): a queue of its topic is full, or could not \
        write; raise the queue's limits, free the disk, or let consumers catch up; events wait in \
        the outbox meanwhile
        """)
    }

    /// Why the server closed the channel or the connection. A message that was too large is its own
    /// sender's fault; the others come again.
    private mutating func closed(_ event: rabbit_event) -> BrokerError {
      let refusal = ServerRefusal(number: Int(event.code), text: String(event.text))
      let what: String =
        switch login.purpose {
        case .publish(let exchange): "exchange \(exchange)"
        case .consume(let queue, _, _): "queue \(queue)"
        }
      let meaning = refusal.meaning(what)
      guard meaning.code == .message else { return meaning }
      let size = refusal.messageSizes?.size
      for entry in unconfirmed.takeAll() where size == nil || entry.size == size {
        line.answer(entry.token, meaning)
      }
      return BrokerError(
        .connection, "the server closed the channel because of another message: \(refusal.text)")
    }
  }
#endif
