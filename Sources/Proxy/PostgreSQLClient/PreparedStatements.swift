// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import CPostgreSQL

  /// Which statements of a connection the server has read already: reading and planning costs more
  /// than what most of them do.
  ///
  /// A statement with parameters is prepared when it comes for the second time.
  struct PreparedStatements {
    enum Use: Equatable {
      /// As it is.
      case directly
      /// Give it to the server under this name first.
      case prepare(String)
      /// The server has it under this name.
      case execute(String)
    }

    private struct Key: Hashable {
      let sql: String
      let types: [Oid]
    }

    /// Most of them; who writes values into the text of statements has no use for more.
    private static let limit = 128

    private enum State {
      case seen
      case prepared(String)
    }

    private let prefix: String
    private var states: [Key: State] = [:]
    private var next = 0

    /// - Parameter prefix: of names. Behind a pooler that gives each transaction another session
    ///   nobody else must have the same: a statement that is not there is refused, another's would
    ///   run.
    init(prefix: String) { self.prefix = prefix }

    /// - Parameter types: of the parameters, 0 where the server decides.
    mutating func use(_ sql: String, _ types: [Oid]) -> Use {
      guard !types.isEmpty else { return .directly }
      let key = Key(sql: sql, types: types)
      switch states[key] {
      case .prepared(let name): return .execute(name)
      case .seen:
        next += 1
        let name = "\(prefix)\(next)"
        states[key] = .prepared(name)
        return .prepare(name)
      case nil:
        if states.count < Self.limit { states[key] = .seen }
        return .directly
      }
    }

    /// The server has none of them any more, or they are of no use; names are not used again.
    mutating func forget() { states = [:] }

    /// The server would not take it.
    mutating func forget(_ sql: String, _ types: [Oid]) {
      states[Key(sql: sql, types: types)] = nil
    }

    /// Whether a prepared statement was refused for what it was prepared with: a table was altered
    /// so that its result has other columns, or somebody let go of all that the session had.
    static func isStale(_ error: PostgreSQLError) -> Bool {
      error.code == .refused(sqlState: "0A000") || error.code == .refused(sqlState: "26000")
    }
  }

  /// Parameters as libpq takes them.
  struct Parameters {
    /// The type `bytea`, as the server numbers it; its parameters are sent as they are.
    private static let byteaType: Oid = 17

    private(set) var texts: [[CChar]?] = []
    /// 0 where the server decides.
    private(set) var types: [Oid] = []
    private(set) var lengths: [Int32] = []
    private(set) var formats: [Int32] = []

    init(_ values: [PostgreSQLValue]) throws(PostgreSQLError) {
      for value in values {
        switch value {
        case .null: texts.append(nil)
        case .text(let text):
          // libpq would take what stands before it for the whole text. The server refuses it too.
          guard !text.utf8.contains(0) else {
            throw PostgreSQLError(
              .refused(sqlState: "22021"),
              "parameter $\(texts.count + 1) has a NUL in it, which no text in PostgreSQL can hold")
          }
          texts.append(Array(text.utf8CString))
        case .integer(let number): texts.append(Array("\(number)".utf8CString))
        case .bytes(let bytes): texts.append(bytes.map { CChar(bitPattern: $0) })
        }
        if case .bytes(let bytes) = value {
          types.append(Self.byteaType)
          lengths.append(Int32(clamping: bytes.count))
          formats.append(1)
        } else {
          types.append(0)
          lengths.append(0)
          formats.append(0)
        }
      }
    }
  }
#endif
