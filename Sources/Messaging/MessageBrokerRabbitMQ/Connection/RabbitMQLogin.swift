// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import CRabbitMQ
  internal import TransactionalMessaging

  /// How a connection begins, on its thread: connecting, logging in, and making or finding what is
  /// needed.
  struct RabbitMQLogin: Sendable {
    let purpose: RabbitMQConnection.Purpose
    let server: RabbitMQServer
    private let endpoints: [RabbitMQServer.Endpoint]
    private let name: String
    private let steps: [Topology.Step]
    private let noteNewQueue: @Sendable () -> Void

    init(
      _ server: RabbitMQServer, _ endpoints: [RabbitMQServer.Endpoint], name: String,
      purpose: RabbitMQConnection.Purpose, steps: [Topology.Step],
      noteNewQueue: @escaping @Sendable () -> Void
    ) {
      self.server = server
      self.endpoints = endpoints
      self.name = name
      self.purpose = purpose
      self.steps = steps
      self.noteNewQueue = noteNewQueue
    }

    /// The caller destroys what it returns.
    func begin() throws(BrokerError) -> OpaquePointer {
      let connection = try connect()
      do throws(BrokerError) {
        try check(rabbit_open_channel(connection), "the channel")
        for step in steps { try carryOut(step, connection) }
        switch purpose {
        case .publish: try check(rabbit_ask_for_confirms(connection), "confirmations")
        case .consume(let queue, let prefetch, _):
          try check(
            rabbit_consume(connection, queue, Int32(max(1, min(prefetch, 65_535)))),
            "queue \(queue)")
        }
      } catch {
        amqp_destroy_connection(connection)
        throw error
      }
      return connection
    }

    // MARK: - Connecting

    /// To the first address that answers. One that refuses the credentials ends it: the others of
    /// the cluster would refuse them too.
    private func connect() throws(BrokerError) -> OpaquePointer {
      var reasons: [String] = []
      for endpoint in endpoints {
        guard let connection = amqp_new_connection() else {
          throw BrokerError(.connection, "no memory for a connection")
        }
        do throws(BrokerError) {
          try open(connection, endpoint)
          try login(connection, endpoint)
          return connection
        } catch {
          amqp_destroy_connection(connection)
          guard error.code == .connection || error.code == .timedOut else { throw error }
          reasons.append(error.message)
        }
      }
      throw BrokerError(.connection, reasons.joined(separator: "; "))
    }

    private func open(
      _ connection: OpaquePointer, _ endpoint: RabbitMQServer.Endpoint
    ) throws(BrokerError) {
      let status = rabbit_open(
        connection, endpoint.host, Int32(endpoint.port), endpoint.isSecure ? 1 : 0,
        server.authorities, Int32(clamping: max(1, server.connecting)))
      let reason = Self.text(status)
      switch status {
      case 0: return
      case RABBIT_BAD_AUTHORITIES:
        throw BrokerError(
          .configuration,
          "the file \(server.authorities ?? "") holds no certificates that can be read")
      case AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue,
        AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue:
        throw BrokerError(
          .configuration,
          """
          the certificate of \(endpoint.address) is not trusted (\(reason)): give the file of its \
          authority, and the host name that it was issued for
          """)
      case AMQP_STATUS_SSL_ERROR.rawValue, AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue:
        throw BrokerError(
          .configuration,
          """
          no TLS with \(endpoint.address) (\(reason)): use amqp:// where the server speaks none, \
          and an authority that signed its certificate
          """)
      default:
        throw BrokerError(
          .connection, "no RabbitMQ answers at \(endpoint.address) (\(reason))")
      }
    }

    private func login(
      _ connection: OpaquePointer, _ endpoint: RabbitMQServer.Endpoint
    ) throws(BrokerError) {
      rabbit_limit_answers(connection, Int32(clamping: max(1, server.answering)))
      let reply = rabbit_login(
        connection, server.virtualHost, Int32(server.heartbeatSeconds), name, server.user,
        server.password)
      switch reply.status {
      case 0: return
      case RABBIT_REFUSED:
        let refusal = ServerRefusal(number: Int(reply.code), text: String(reply.text))
        throw refusal.meaning("user \(server.user), virtual host \(server.virtualHost)")
      case AMQP_STATUS_TIMEOUT.rawValue:
        throw BrokerError(
          .timedOut,
          """
          \(endpoint.address) takes connections and answers nothing within \
          \(server.answering) ms: the server stands still, or it is no RabbitMQ
          """)
      case AMQP_STATUS_CONNECTION_CLOSED.rawValue, AMQP_STATUS_SOCKET_ERROR.rawValue:
        throw BrokerError(
          .connection,
          """
          \(endpoint.address) ended the connection before it began (\(Self.text(reply.status))): \
          it is being started or stopped, it wants TLS (amqps://), or it is no RabbitMQ
          """)
      default:
        throw BrokerError(
          .connection,
          "\(endpoint.address) does not answer as RabbitMQ does (\(Self.text(reply.status)))")
      }
    }

    // MARK: - Setting up

    private func carryOut(
      _ step: Topology.Step, _ connection: OpaquePointer
    ) throws(BrokerError) {
      var isNew = false
      if case .queue(let name, _) = step { isNew = try !find(name, connection) }
      let reply: rabbit_reply =
        switch step {
        case .findExchange(let name): rabbit_declare_exchange(connection, name, "topic", 1)
        case .exchange(let name, let type): rabbit_declare_exchange(connection, name, type, 0)
        case .findQueue(let name): rabbit_declare_queue(connection, name, 1, nil, 0)
        case .queue(let name, let arguments):
          FieldTable(arguments).withEntries { rabbit_declare_queue(connection, name, 0, $0, $1) }
        case .binding(let queue, let exchange, let key):
          rabbit_bind(connection, queue, exchange, key)
        }
      try check(reply, step.subject)
      // Making it may have taken long: its time begins now.
      if isNew { noteNewQueue() }
    }

    /// Tells of a queue that is not there before it is made: whoever finds it there then knows that
    /// it may be new.
    ///
    /// - Returns: whether it is there.
    private func find(_ queue: String, _ connection: OpaquePointer) throws(BrokerError) -> Bool {
      let reply = rabbit_declare_queue(connection, queue, 1, nil, 0)
      guard reply.status == RABBIT_REFUSED, reply.code == ServerRefusal.notFound else {
        try check(reply, "queue \(queue)")
        return true
      }
      noteNewQueue()
      try check(rabbit_open_channel_again(connection), "the channel")
      return false
    }

    private func check(_ reply: rabbit_reply, _ what: String) throws(BrokerError) {
      switch reply.status {
      case 0: return
      case RABBIT_REFUSED:
        throw ServerRefusal(number: Int(reply.code), text: String(reply.text)).meaning(what)
      case AMQP_STATUS_TIMEOUT.rawValue:
        throw BrokerError(
          .timedOut, "\(what): no answer within \(server.answering) ms: the server stands still")
      default:
        throw BrokerError(
          .connection, "\(what): the connection was lost: \(Self.text(reply.status))")
      }
    }

    /// librabbitmq's words for one of its numbers.
    static func text(_ status: Int32) -> String {
      amqp_error_string2(status).map { String(cString: $0) } ?? "status \(status)"
    }
  }

  extension String {
    /// A copy of what librabbitmq holds.
    init(_ bytes: rabbit_bytes) {
      self.init(
        decoding: UnsafeRawBufferPointer(start: bytes.start, count: bytes.count), as: UTF8.self)
    }
  }
#endif
