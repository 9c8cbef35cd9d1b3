// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import CPostgreSQL
  internal import Foundation

  /// A row of a result, its columns in the statement's order. It holds the whole result.
  package struct PostgreSQLRow: Sendable {
    private let result: PostgreSQLResult
    private let number: Int32

    init(_ result: PostgreSQLResult, _ number: Int32) {
      self.result = result
      self.number = number
    }

    package var count: Int { result.columns }

    /// A column as the server writes it; nil for NULL and for a column that is not there.
    package func text(_ index: Int) -> String? {
      bytes(of: index).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A whole number; nil also for what is none.
    package func integer(_ index: Int) -> Int64? {
      guard let digits = bytes(of: index), let first = digits.first else { return nil }
      let isNegative = first == UInt8(ascii: "-")
      guard digits.count > (isNegative ? 1 : 0) else { return nil }
      var number: Int64 = 0
      for digit in digits.dropFirst(isNegative ? 1 : 0) {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        let value = Int64(digit - UInt8(ascii: "0"))
        let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
        let (sum, overflows) =
          isNegative
          ? tens.subtractingReportingOverflow(value) : tens.addingReportingOverflow(value)
        if isTooLarge || overflows { return nil }
        number = sum
      }
      return number
    }

    package func flag(_ index: Int) -> Bool? {
      bytes(of: index).map { $0.count == 1 && $0.first == UInt8(ascii: "t") }
    }

    /// A column of the type `bytea`; nil also for what is none.
    package func bytes(_ index: Int) -> [UInt8]? {
      guard let text = bytes(of: index), text.count >= 2, text.count.isMultiple(of: 2),
        text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x")
      else { return nil }
      var isHexadecimal = true
      let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 2 - 1) { bytes, count in
        for place in 0..<text.count / 2 - 1 {
          let (high, low) = (Self.digit(text[2 * place + 2]), Self.digit(text[2 * place + 3]))
          if high | low > 0x0F { isHexadecimal = false }
          bytes.initializeElement(at: place, to: high << 4 | low & 0x0F)
        }
        count = text.count / 2 - 1
      }
      return isHexadecimal ? bytes : nil
    }

    /// 16 for what is none.
    private static func digit(_ character: UInt8) -> UInt8 {
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
      default: 0x10
      }
    }

    private func bytes(of index: Int) -> UnsafeBufferPointer<UInt8>? {
      result.bytes(number, index)
    }
  }

  extension PostgreSQLRow: Equatable {
    package static func == (left: PostgreSQLRow, right: PostgreSQLRow) -> Bool {
      left.count == right.count
        && (0..<left.count).allSatisfy { left.text($0) == right.text($0) }
    }
  }

  /// What the server answered, as libpq keeps it.
  final class PostgreSQLResult: @unchecked Sendable {  // libpq changes no result that it gave away
    private let result: OpaquePointer
    let columns: Int

    /// Takes the result over.
    init(_ result: OpaquePointer) {
      self.result = result
      columns = Int(PQnfields(result))
    }

    deinit { PQclear(result) }

    var rows: [PostgreSQLRow] { (0..<PQntuples(result)).map { PostgreSQLRow(self, $0) } }

    /// Valid as long as the result is.
    func bytes(_ row: Int32, _ column: Int) -> UnsafeBufferPointer<UInt8>? {
      guard (0..<columns).contains(column), PQgetisnull(result, row, Int32(column)) == 0,
        let value = PQgetvalue(result, row, Int32(column))
      else { return nil }
      let count = Int(PQgetlength(result, row, Int32(column)))
      return UnsafeRawBufferPointer(start: value, count: count).bindMemory(to: UInt8.self)
    }
  }
#endif
