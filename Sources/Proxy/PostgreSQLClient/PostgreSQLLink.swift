// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import CPostgreSQL
  internal import Foundation

  /// Takes a row of a copy; the bytes are gone afterwards.
  package typealias PostgreSQLRowTaker = @Sendable (UnsafeRawBufferPointer) -> Void

  /// libpq's connection, used by one thread alone and never in a blocking way.
  final class PostgreSQLLink {
    let connection: OpaquePointer
    private let pipe: WakePipe
    var prepared = PreparedStatements(
      prefix: "strangler_\(UInt64.random(in: .min ... .max))_")

    /// Connects.
    init(
      _ address: PostgreSQLAddress, name: String, pipe: WakePipe,
      until deadline: ContinuousClock.Instant
    ) throws(PostgreSQLError) {
      // What stands before the address, it may overrule. A dead peer is noticed within seconds.
      let options: [(String, String)] = [
        ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "5000"), ("fallback_application_name", name),
        // Of several hosts only one takes entries.
        ("target_session_attrs", "read-write"), ("dbname", address.text),
        ("client_encoding", "UTF8"),
      ]
      self.pipe = pipe
      let started = Self.withPointers(options.map(\.0)) { keys in
        Self.withPointers(options.map(\.1)) { values in
          PQconnectStartParams(keys, values, 1)
        }
      }
      guard let started else { throw PostgreSQLError(.connection, "no memory for a connection") }
      connection = started
      // libpq would write what a server remarks to standard error; errors come back as errors.
      _ = PQsetNoticeProcessor(started, { _, _ in }, nil)
      try connect(until: deadline)
    }

    deinit { PQfinish(connection) }

    private func connect(until deadline: ContinuousClock.Instant) throws(PostgreSQLError) {
      var status = PGRES_POLLING_WRITING
      while status != PGRES_POLLING_OK {
        guard status != PGRES_POLLING_FAILED, PQstatus(connection) != CONNECTION_BAD else {
          throw failure
        }
        guard wait(for: status == PGRES_POLLING_READING ? POLLIN : POLLOUT, until: deadline) else {
          throw PostgreSQLError(.timedOut, "the database does not answer")
        }
        status = PQconnectPoll(connection)
      }
      if PQsetnonblocking(connection, 1) != 0 { throw failure }
    }

    var failure: PostgreSQLError {
      PostgreSQLError(.connection, String(cString: PQerrorMessage(connection)).trimmed)
    }

    // MARK: - Statements

    /// Runs one statement.
    ///
    /// - Throws: with the code `refused` the connection can go on; with any other it is over.
    ///
    /// - Parameter onRow: takes the rows of a statement that copies them out; `limit` is then the
    ///   longest that one may be waited for.
    func execute(
      _ statement: PostgreSQLStatement, until deadline: ContinuousClock.Instant, _ limit: Duration,
      onRow: PostgreSQLRowTaker? = nil
    ) throws(PostgreSQLError) -> [PostgreSQLRow] {
      let parameters = try Parameters(statement.parameters)
      switch prepared.use(statement.sql, parameters.types) {
      case .directly: break
      case .prepare(let name):
        do throws(PostgreSQLError) {
          try prepare(statement.sql, name, parameters)
          _ = try results(until: deadline, limit, nil)
        } catch {
          prepared.forget(statement.sql, parameters.types)
          throw error
        }
        try send(prepared: name, parameters)
        return try results(until: deadline, limit, onRow)
      case .execute(let name):
        let isIdle = PQtransactionStatus(connection) == PQTRANS_IDLE
        do throws(PostgreSQLError) {
          try send(prepared: name, parameters)
          return try results(until: deadline, limit, onRow)
        } catch {
          guard PreparedStatements.isStale(error) else { throw error }
          prepared.forget()
          // Refused before it ran; in a transaction that one is lost all the same.
          guard isIdle else { throw error }
        }
      }
      try send(statement.sql, parameters)
      return try results(until: deadline, limit, onRow)
    }

    func send(_ sql: String, _ parameters: Parameters) throws(PostgreSQLError) {
      let sent = Self.withBuffers(parameters.texts) { values in
        PQsendQueryParams(
          connection, sql, Int32(clamping: values.count), parameters.types, values,
          parameters.lengths, parameters.formats, 0)
      }
      if sent == 0 { throw failure }
    }

    func prepare(
      _ sql: String, _ name: String, _ parameters: Parameters
    ) throws(PostgreSQLError) {
      let count = Int32(clamping: parameters.types.count)
      if PQsendPrepare(connection, name, sql, count, parameters.types) == 0 { throw failure }
    }

    func send(prepared name: String, _ parameters: Parameters) throws(PostgreSQLError) {
      let sent = Self.withBuffers(parameters.texts) { values in
        PQsendQueryPrepared(
          connection, name, Int32(clamping: values.count), values, parameters.lengths,
          parameters.formats, 0)
      }
      if sent == 0 { throw failure }
    }

    func flush(
      until deadline: ContinuousClock.Instant, _ limit: Duration
    ) throws(PostgreSQLError) {
      while true {
        let unsent = PQflush(connection)
        if unsent < 0 { throw failure }
        if unsent == 0, PQisBusy(connection) == 0 { return }
        guard wait(for: unsent == 1 ? POLLIN | POLLOUT : POLLIN, until: deadline) else {
          throw PostgreSQLError(.timedOut, "the database did not answer within \(limit)")
        }
        if PQconsumeInput(connection) == 0 { throw failure }
      }
    }

    /// The results of what was sent, of which the last counts.
    private func results(
      until deadline: ContinuousClock.Instant, _ limit: Duration, _ onRow: PostgreSQLRowTaker?
    ) throws(PostgreSQLError) -> [PostgreSQLRow] {
      try flush(until: deadline, limit)
      var rows: [PostgreSQLRow] = []
      var refusal: PostgreSQLError?
      var deadline = deadline
      while true {
        guard let result = try nextResult(until: deadline, limit) else { break }
        // Frees it, unless its rows are kept.
        let kept = PostgreSQLResult(result)
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK: rows = kept.rows
        case PGRES_COMMAND_OK: rows = []
        case PGRES_COPY_OUT:
          try copyOut(limit, onRow ?? { _ in })
          deadline = .now + limit
        default: refusal = Self.refusal(result)
        }
      }
      if PQstatus(connection) == CONNECTION_BAD { throw failure }
      if let refusal { throw refusal }
      return rows
    }

    /// Waits for what libpq gives away next.
    func nextResult(
      until deadline: ContinuousClock.Instant, _ limit: Duration
    ) throws(PostgreSQLError) -> OpaquePointer? {
      while PQisBusy(connection) == 1 {
        guard wait(for: POLLIN, until: deadline) else {
          throw PostgreSQLError(.timedOut, "the database did not answer within \(limit)")
        }
        if PQconsumeInput(connection) == 0 { throw failure }
      }
      return PQgetResult(connection)
    }

    static func refusal(_ result: OpaquePointer) -> PostgreSQLError {
      let state = PQresultErrorField(result, Int32(UInt8(ascii: "C")))
      return PostgreSQLError(
        .refused(sqlState: state.map { String(cString: $0) } ?? ""),
        String(cString: PQresultErrorMessage(result)).trimmed)
    }

    /// Hands over the rows of a copy, one message each.
    private func copyOut(
      _ limit: Duration, _ onRow: PostgreSQLRowTaker
    ) throws(PostgreSQLError) {
      while true {
        var message: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(connection, &message, 1)
        if count > 0 {
          onRow(UnsafeRawBufferPointer(start: message, count: Int(count)))
          PQfreemem(message)
          continue
        }
        // The result behind it says whether that was all.
        if count < 0 { return }
        guard wait(for: POLLIN, until: .now + limit) else {
          throw PostgreSQLError(.timedOut, "the database did not answer within \(limit)")
        }
        if PQconsumeInput(connection) == 0 { throw failure }
      }
    }

    // MARK: - Waiting

    /// Waits until the server tells something, or somebody wakes the thread.
    func waitForEvent() throws(PostgreSQLError) {
      var descriptors = [
        pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0),
        pollfd(fd: pipe.descriptor, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&descriptors, nfds_t(descriptors.count), -1)
      pipe.drain()
      if descriptors[0].revents != 0, PQconsumeInput(connection) == 0 { throw failure }
    }

    /// Hands over what the server told meanwhile.
    func takeNotifications(_ hear: (PostgreSQLEvent) -> Void) {
      while let notification = PQnotifies(connection) {
        hear(
          .notified(
            channel: String(cString: notification.pointee.relname),
            payload: String(cString: notification.pointee.extra)))
        PQfreemem(notification)
      }
    }

    /// False when the deadline passed first.
    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
      while true {
        let left = deadline - .now
        guard left > .zero else { return false }
        let milliseconds =
          left.components.seconds * 1_000
          + left.components.attoseconds / 1_000_000_000_000_000
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
        let found = poll(&descriptor, 1, Int32(clamping: milliseconds + 1))
        if found > 0 { return true }
        if found < 0, errno != EINTR { return true }
      }
    }

    // MARK: - Pointers

    private static func withPointers<Value>(
      _ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Value
    ) -> Value {
      withBuffers(texts.map { Array($0.utf8CString) }) { body($0 + [nil]) }
    }

    /// Copies that live as long as `body` runs.
    private static func withBuffers<Value>(
      _ texts: [[CChar]?], _ body: ([UnsafePointer<CChar>?]) -> Value
    ) -> Value {
      let copies = texts.map { text in
        text.map { text in
          // Empty bytes are not NULL.
          let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, text.count))
          _ = copy.initialize(from: text)
          return copy
        }
      }
      defer { for copy in copies { copy?.deallocate() } }
      return body(copies.map { copy in copy?.baseAddress.map { UnsafePointer($0) } })
    }
  }

  /// Wakes a thread that sleeps in `poll`.
  final class WakePipe: Sendable {
    let descriptor: Int32
    private let writer: Int32

    init() throws {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else {
        throw PostgreSQLError(.connection, "no pipe: \(String(cString: strerror(errno)))")
      }
      for end in ends {
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      }
      (descriptor, writer) = (ends[0], ends[1])
    }

    deinit {
      close(descriptor)
      close(writer)
    }

    func wake() {
      var byte: UInt8 = 1
      // A full pipe wakes it too.
      _ = write(writer, &byte, 1)
    }

    func drain() {
      var bytes = [UInt8](repeating: 0, count: 64)
      while read(descriptor, &bytes, bytes.count) > 0 {}
    }
  }

#endif
