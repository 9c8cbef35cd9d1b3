// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import DataMapping
  internal import PostgreSQLClient

  /// A transaction of PostgreSQL that sees one moment, over a connection of its own.
  struct PostgreSQLSnapshot: StoreSnapshot {
    /// How long the server may keep silent while it reads.
    private static let patience = Duration.seconds(600)

    /// What is read first is what is seen from then on.
    private static let begin = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1"]

    private let address: PostgreSQLAddress
    private let connection: PostgreSQLConnection
    private let limit: Duration

    init(_ address: PostgreSQLAddress, connectingWithin limit: Duration) async throws {
      self.address = address
      self.limit = limit
      do {
        connection = try await PostgreSQLConnection.open(
          address, as: "strangler data", within: limit, onEvent: { _ in })
        let settings =
          ["SET LOCAL statement_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0"]
          + PostgreSQLMappedStore.textSettings
        for sql in settings.map({ $0.replacing("SET LOCAL", with: "SET SESSION") }) + Self.begin {
          try await connection.query(sql, within: limit)
        }
      } catch {
        throw StoreFailure(postgreSQL: error, "\(address)")
      }
    }

    func rest() async throws { try await run(["COMMIT"]) }

    func resume() async throws { try await run(Self.begin) }

    private func run(_ statements: [String]) async throws {
      do {
        for sql in statements { try await connection.query(sql, within: limit) }
      } catch {
        throw StoreFailure(postgreSQL: error, "\(address)")
      }
    }

    func end() async { connection.close() }

    /// The connection's thread alone has it until the copy is over.
    private final class Reading<State>: @unchecked Sendable {  // one thread at a time, see above
      var state: State
      var fields: [RawField]
      var isFirst = true
      var isWhole = true

      init(_ state: State, _ count: Int) {
        self.state = state
        fields = [RawField](repeating: .null, count: count)
      }
    }

    func fold<State: Sendable>(
      _ sql: String, _ types: [ColumnType], into state: State,
      _ take: @escaping @Sendable (inout State, RawRow) -> Void
    ) async throws -> State {
      let reading = Reading(state, types.count)
      let kinds = types.map { BinaryRow.Kind($0) }
      do {
        try await connection.copy(
          "COPY (\(sql)) TO STDOUT (FORMAT binary)", within: Self.patience
        ) { message in
          var row = BinaryRow(message)
          if reading.isFirst {
            row.skipHeader()
            reading.isFirst = false
          }
          switch row.read(kinds, into: &reading.fields) {
          case .row: reading.fields.withUnsafeBufferPointer { take(&reading.state, $0) }
          case .end: break
          case .broken: reading.isWhole = false
          }
        }
      } catch {
        throw StoreFailure(postgreSQL: error, "\(address)")
      }
      guard reading.isWhole else {
        throw StoreFailure(.unusable, "\(address): a row came in a form that is not known")
      }
      return reading.state
    }
  }

  /// A row of a copy in PostgreSQL's binary format: the number of its fields, and before each field
  /// its length; all of it big-endian.
  struct BinaryRow {
    enum Kind: Sendable {
      case integer, real, boolean, timestamp, number, text, bytes

      init(_ type: ColumnType) {
        switch type {
        case .integer: self = .integer
        case .real: self = .real
        case .boolean: self = .boolean
        case .timestamp: self = .timestamp
        case .decimal: self = .number
        case .bytes: self = .bytes
        case .text, .date, .uuid, .other: self = .text
        }
      }
    }

    enum Outcome { case row, end, broken }

    /// Microseconds from 1970 to 2000, from where PostgreSQL counts.
    private static let epoch: Int64 = 946_684_800_000_000
    /// Signature, flags and the length of what follows.
    private static let headerBytes = 19

    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The first message begins with the format's header.
    mutating func skipHeader() {
      guard bytes.count >= Self.headerBytes else { return }
      let extra = Int32(bigEndian: load(Self.headerBytes - 4, as: Int32.self))
      place = Self.headerBytes + Int(max(0, extra))
    }

    private func load<Value: FixedWidthInteger & BitwiseCopyable>(
      _ place: Int, as type: Value.Type
    ) -> Value {
      bytes.loadUnaligned(fromByteOffset: place, as: type)
    }

    mutating func read(_ kinds: [Kind], into fields: inout [RawField]) -> Outcome {
      // A message with the header alone.
      if place == bytes.count { return .end }
      guard place + 2 <= bytes.count else { return .broken }
      let count = Int16(bigEndian: load(place, as: Int16.self))
      place += 2
      if count == -1 { return .end }
      guard Int(count) == kinds.count else { return .broken }
      for index in 0..<kinds.count {
        guard place + 4 <= bytes.count else { return .broken }
        let length = Int(Int32(bigEndian: load(place, as: Int32.self)))
        place += 4
        guard length >= 0 else {
          fields[index] = .null
          continue
        }
        guard place + length <= bytes.count, let field = field(kinds[index], length) else {
          return .broken
        }
        fields[index] = field
        place += length
      }
      return .row
    }

    private func field(_ kind: Kind, _ length: Int) -> RawField? {
      switch kind {
      case .integer:
        return length == 8 ? .integer(Int64(bigEndian: load(place, as: Int64.self))) : nil
      case .real:
        guard length == 8 else { return nil }
        return .real(Double(bitPattern: UInt64(bigEndian: load(place, as: UInt64.self))))
      case .boolean: return length == 1 ? .boolean(bytes[place] != 0) : nil
      case .timestamp:
        guard length == 8 else { return nil }
        let time = Int64(bigEndian: load(place, as: Int64.self))
        if time == .max || time == .min { return .timestamp(microseconds: time) }
        let (moved, overflows) = time.addingReportingOverflow(Self.epoch)
        return overflows ? nil : .timestamp(microseconds: moved)
      case .number: return .number(rest(length))
      case .text: return .text(rest(length))
      case .bytes: return .bytes(rest(length))
      }
    }

    private func rest(_ length: Int) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])
    }
  }

  extension StoreFailure {
    /// What went wrong with a PostgreSQL.
    init(postgreSQL error: any Error, _ address: String) {
      guard let error = error as? PostgreSQLError else {
        self = error as? StoreFailure ?? StoreFailure(.unusable, "\(address): \(error)")
        return
      }
      switch error.code {
      case .timedOut, .refused(sqlState: "57014"):
        self.init(.timedOut, "\(address): \(error.message)")
      case .refused(sqlState: FenceStatements.refusalState):
        self.init(.fenced, "\(address): \(error.message)")
      case .refused(sqlState: "55P03"), .refused(sqlState: "40P01"), .refused(sqlState: "40001"):
        self.init(.locked, "\(address): \(error.message)")
      case .refused(let state) where state.hasPrefix("22") || state.hasPrefix("23"):
        self.init(.conflict, "\(address): \(error.message)")
      case .refused(sqlState: "53100"):
        self.init(.full, "\(address): the disk is full: \(error.message)")
      case .refused(sqlState: "42501"), .refused(sqlState: "25006"):
        self.init(.denied, "\(address): \(error.message)")
      case .connection, .refused(sqlState: "57P01"), .refused(sqlState: "57P02"),
        .refused(sqlState: "57P03"), .refused(sqlState: "53300"):
        self.init(.unreachable, "\(address): \(error.message)")
      default: self.init(.unusable, "\(address): \(error.message)")
      }
    }
  }
#endif
