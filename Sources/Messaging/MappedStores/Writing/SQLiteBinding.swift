// SPDX-License-Identifier: Apache-2.0

internal import DataMapping
internal import GRDB
internal import GRDBSQLite

/// Gives values to the question marks of a statement, each exactly as it is or not at all.
enum SQLiteBinding {
  static func bind(
    _ row: [FieldValue], to statement: SQLiteStatement, _ path: String
  ) throws {
    for (place, value) in row.enumerated() {
      let index = Int32(place + 1)
      switch value {
      case .null: sqlite3_bind_null(statement, index)
      case .integer(let number): sqlite3_bind_int64(statement, index, number)
      case .boolean(let truth): sqlite3_bind_int64(statement, index, truth ? 1 : 0)
      case .realBits(let bits):
        let number = Double(bitPattern: bits)
        // SQLite would store it as NULL.
        guard !number.isNaN else { throw inexact(value, path) }
        sqlite3_bind_double(statement, index, number)
      case .decimal(let number):
        if let whole = number.integer {
          sqlite3_bind_int64(statement, index, whole)
        } else if ExactDecimal(shortest: number.real) == number {
          sqlite3_bind_double(statement, index, number.real)
        } else {
          throw inexact(value, path)
        }
      case .text(let text): Self.bind(text.bytes, asText: true, statement, index)
      case .bytes(let bytes): Self.bind(bytes, asText: false, statement, index)
      case .timestamp: throw inexact(value, path)
      }
    }
  }

  private static func inexact(_ value: FieldValue, _ path: String) -> StoreFailure {
    StoreFailure(.unusable, "\(path): SQLite cannot hold \(value) as it is")
  }

  private static func bind(
    _ bytes: [UInt8], asText: Bool, _ statement: SQLiteStatement, _ index: Int32
  ) {
    // SQLite copies the bytes before the call returns.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    bytes.withUnsafeBytes { buffer in
      if asText {
        let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
        // A nil pointer would be NULL.
        guard let start else {
          _ = sqlite3_bind_text(statement, index, "", 0, copied)
          return
        }
        _ = sqlite3_bind_text(statement, index, start, Int32(clamping: buffer.count), copied)
      } else if buffer.isEmpty {
        _ = sqlite3_bind_zeroblob(statement, index, 0)
      } else {
        _ = sqlite3_bind_blob(
          statement, index, buffer.baseAddress, Int32(clamping: buffer.count), copied)
      }
    }
  }
}
