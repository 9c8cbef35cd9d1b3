// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import CNATS
  internal import Foundation
  internal import TransactionalMessaging

  /// The thread of one connection: the only one that calls libnats about it, so that what blocks
  /// there, such as a socket whose peer does not read, blocks nobody else.
  struct NATSThread {
    /// A dead peer is noticed after two of these, in milliseconds.
    private static let pinging: Int64 = 5_000
    /// Time between two looks at answers that are overdue, in milliseconds.
    private static let sweeping: Int64 = 20
    /// Longest that what was sent may keep the thread from looking after the rest, in milliseconds.
    private static let flushing: Int64 = 100

    private let line: NATSLine
    private let connection: OpaquePointer
    private let inbox: String
    private var subscriptions: [UInt: OpaquePointer] = [:]

    static func run(
      _ line: NATSLine, _ server: NATSServer, _ name: String,
      opened: CheckedContinuation<BrokerError?, Never>
    ) {
      let events = NATSCallbacks.shared.add(.connection(line))
      let answers = NATSCallbacks.shared.add(.answers(line))
      defer {
        NATSCallbacks.shared.remove(events)
        NATSCallbacks.shared.remove(answers)
        nats_ReleaseThreadMemory()
      }
      let connection: OpaquePointer
      do {
        connection = try Self.connect(server, name, events: events)
      } catch {
        line.end(error)
        return opened.resume(returning: error)
      }
      var thread = NATSThread(line: line, connection: connection, inbox: Self.newInbox())
      line.inbox = thread.inbox
      let failure = thread.subscribe(
        NATSListening(number: answers, subject: thread.inbox + ".*"))
      if let failure { line.end(failure) }
      opened.resume(returning: failure)
      var swept = NATSLine.now
      while let work = line.take() {
        for item in work { thread.carryOut(item) }
        // What came meanwhile fills the same packets.
        if !work.isEmpty, !line.hasWork { thread.flush() }
        let now = NATSLine.now
        if now - swept >= Self.sweeping {
          line.sweep()
          swept = now
        }
      }
      // Sends what libnats still holds, then waits for its threads.
      natsConnection_Close(connection)
      line.end(BrokerError(.connection, "the connection was closed"))
      for subscription in thread.subscriptions.values { natsSubscription_Destroy(subscription) }
      natsConnection_Destroy(connection)
    }

    private init(line: NATSLine, connection: OpaquePointer, inbox: String) {
      self.line = line
      self.connection = connection
      self.inbox = inbox
    }

    // MARK: - Work

    private mutating func carryOut(_ work: NATSLine.Work) {
      switch work {
      case .send(let message, let token):
        if let failure = send(message, token), let token { line.fail(token, failure) }
      case .sendAll(let batch, let first):
        for (place, message) in batch.messages.enumerated() where !batch.isWithdrawn {
          let token = first + UInt64(place)
          if let failure = send(message, token) { line.fail(token, failure) }
        }
      case .subscribe(let listening):
        // Whoever listens waits for what never comes; that has a time limit.
        if let failure = subscribe(listening) { line.complained(failure.message) }
      case .unsubscribe(let listening):
        guard let subscription = subscriptions.removeValue(forKey: listening.number) else { return }
        _ = natsSubscription_Unsubscribe(subscription)
        natsSubscription_Destroy(subscription)
      }
    }

    /// Sends what libnats has buffered, which by itself it would do a millisecond later; returns
    /// when the server has read it.
    private func flush() { _ = natsConnection_FlushTimeout(connection, Self.flushing) }

    private func send(_ message: NATSMessage, _ token: UInt64?) -> BrokerError? {
      let reply = token.map { "\(inbox).\($0)" } ?? message.reply
      var status = NATS_OK
      if message.headers.isEmpty {
        status = message.payload.withUnsafeBytes { bytes in
          if let reply {
            natsConnection_PublishRequest(
              connection, message.subject, reply, bytes.baseAddress, Int32(clamping: bytes.count))
          } else {
            natsConnection_Publish(
              connection, message.subject, bytes.baseAddress, Int32(clamping: bytes.count))
          }
        }
      } else {
        status = sendWithHeaders(message, reply)
      }
      guard status != NATS_OK else { return nil }
      if status == NATS_MAX_PAYLOAD {
        let limit = natsConnection_GetMaxPayload(connection)
        return BrokerError(
          .message,
          """
          the message is larger than the server takes, \(limit) bytes: raise max_payload there, or \
          keep the content elsewhere and send a reference (payload_ref)
          """)
      }
      return Self.failure(status, doing: "the message was not sent")
    }

    private func sendWithHeaders(_ content: NATSMessage, _ reply: String?) -> natsStatus {
      var message: OpaquePointer?
      defer { natsMsg_Destroy(message) }
      var status = content.payload.withUnsafeBytes { bytes in
        natsMsg_Create(
          &message, content.subject, reply,
          bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count))
      }
      if status == NATS_OK {
        status =
          HeaderLines(content.headers)?.withHeader { natsMsgHeader_Set(message, $0, $1) }
          ?? NATS_INVALID_ARG
      }
      if status == NATS_OK { status = natsConnection_PublishMsg(connection, message) }
      return status
    }

    private mutating func subscribe(_ listening: NATSListening) -> BrokerError? {
      var subscription: OpaquePointer?
      let status = natsConnection_Subscribe(
        &subscription, connection, listening.subject,
        { _, subscription, message, closure in
          NATSCallbacks.shared.came(message, to: subscription, for: closure)
        },
        UnsafeMutableRawPointer(bitPattern: listening.number))
      guard status == NATS_OK, let subscription else {
        return Self.failure(status, doing: "no subscription to \(listening.subject)")
      }
      // Bounded by what was asked for: libnats would drop answers beyond a limit of its own.
      _ = natsSubscription_SetPendingLimits(subscription, -1, -1)
      subscriptions[listening.number] = subscription
      return nil
    }

    private static func newInbox() -> String {
      var text: UnsafeMutablePointer<CChar>?
      guard natsInbox_Create(&text) == NATS_OK, let text else {
        return "_INBOX.\(UUID().uuidString)"
      }
      defer { natsInbox_Destroy(text) }
      return String(cString: text)
    }

    // MARK: - Connecting

    private static func connect(
      _ server: NATSServer, _ name: String, events: UInt
    ) throws(BrokerError) -> OpaquePointer {
      var options: OpaquePointer?
      defer { natsOptions_Destroy(options) }
      guard natsOptions_Create(&options) == NATS_OK, let made = options else {
        throw BrokerError(.connection, "no memory for a connection")
      }
      try configure(made, server, name, events: events)
      var connection: OpaquePointer?
      let status = natsConnection_Connect(&connection, made)
      guard status == NATS_OK, let connection else { throw refusal(status, server) }
      return connection
    }

    private static func configure(
      _ options: OpaquePointer, _ server: NATSServer, _ name: String, events: UInt
    ) throws(BrokerError) {
      let closure = UnsafeMutableRawPointer(bitPattern: events)
      let addresses = server.addresses.map { UnsafePointer(strdup($0)) }
      defer { for address in addresses { free(UnsafeMutablePointer(mutating: address)) } }
      var list = addresses
      var results = [
        natsOptions_SetServers(options, &list, Int32(list.count)),
        natsOptions_SetNoRandomize(options, true),
        natsOptions_SetName(options, name),
        natsOptions_SetTimeout(options, max(1, server.connecting)),
        natsOptions_SetAllowReconnect(options, false),
        natsOptions_SetWriteDeadline(options, NATSServer.writing),
        natsOptions_SetPingInterval(options, pinging),
        natsOptions_SetMaxPingsOut(options, 2),
        natsOptions_SetClosedCB(
          options, { NATSCallbacks.shared.ended($0, $1) }, closure),
        natsOptions_SetErrorHandler(
          options,
          { connection, _, _, closure in
            NATSCallbacks.shared.complained(connection, closure)
          }, closure),
      ]
      switch server.credentials {
      case .none: break
      case .token(let token): results.append(natsOptions_SetToken(options, token))
      case .user(let user, let password):
        results.append(natsOptions_SetUserInfo(options, user, password))
      case .file(let path):
        try checkCredentials(path)
        results.append(natsOptions_SetUserCredentialsFromFiles(options, path, nil))
      }
      if server.isSecure { results.append(natsOptions_SetSecure(options, true)) }
      if let path = server.authorities {
        guard natsOptions_LoadCATrustedCertificates(options, path) == NATS_OK else {
          throw BrokerError(
            .configuration, "the file \(path) holds no certificates that can be read")
        }
      }
      if let failed = results.first(where: { $0 != NATS_OK }) {
        throw BrokerError(
          .configuration, "the settings of the connection cannot be used: \(text(failed))")
      }
    }

    /// libnats would only say that it could not log in.
    private static func checkCredentials(_ path: String) throws(BrokerError) {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw BrokerError(
          .configuration,
          "the credentials file \(path) cannot be read: is it there, for this user?")
      }
      let text = String(decoding: data, as: UTF8.self)
      guard text.contains("BEGIN NATS USER JWT"), text.contains("BEGIN USER NKEY SEED") else {
        throw BrokerError(
          .configuration,
          "the file \(path) holds no credentials: it needs a user's JWT and its seed, as nsc writes "
            + "them")
      }
    }

    /// Why there is no connection.
    private static func refusal(_ status: natsStatus, _ server: NATSServer) -> BrokerError {
      let reason = text(status)
      switch status {
      case NATS_CONNECTION_AUTH_FAILED, NATS_NOT_PERMITTED:
        return BrokerError(
          .credentials,
          """
          \(server.shown) does not take these credentials (\(reason)): check user and password, or \
          whether the .creds file is still valid
          """)
      case NATS_SECURE_CONNECTION_REQUIRED:
        return BrokerError(.configuration, "\(server.shown) demands TLS: use tls:// addresses")
      case NATS_SECURE_CONNECTION_WANTED:
        return BrokerError(.configuration, "\(server.shown) speaks no TLS: use nats:// addresses")
      case NATS_SSL_ERROR:
        return BrokerError(
          .configuration,
          """
          no TLS with \(server.shown): \(reason); name the file of the authority that signed its \
          certificate, and reach it by a name that stands in there
          """)
      default:
        return BrokerError(
          .connection,
          "no NATS server answers at \(server.shown) (\(reason)): start it, or correct the address")
      }
    }

    private static func failure(_ status: natsStatus, doing what: String) -> BrokerError {
      switch status {
      case NATS_INVALID_SUBJECT, NATS_INVALID_ARG:
        BrokerError(.message, "\(what): \(text(status))")
      default: BrokerError(.connection, "\(what): \(text(status))")
      }
    }

    /// What libnats says of the failure that happened on this thread just now.
    private static func text(_ status: natsStatus) -> String {
      var last = NATS_OK
      let general = natsStatus_GetText(status).map { String(cString: $0) } ?? "\(status.rawValue)"
      guard let detail = nats_GetLastError(&last), last == status, detail.pointee != 0 else {
        return general
      }
      return String(cString: detail)
    }
  }
#endif
