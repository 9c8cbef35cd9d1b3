// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Foundation

/// What puts letters and their accents together in one way.
let composed: @Sendable (String) -> String = { $0.precomposedStringWithCanonicalMapping }

/// Rows as a store hands them over, made of values.
enum RawRows {
  /// Runs `body` with the fields of a row.
  ///
  /// - Parameter digits: digits behind the point that a decimal is written with; nil for a store
  ///   that keeps decimals as its own numbers.
  static func with<Result>(
    _ values: [FieldValue], digits: Int? = 4, _ body: (RawRow) -> Result
  ) -> Result {
    var copies: [UnsafeMutableRawBufferPointer] = []
    defer { for copy in copies { copy.deallocate() } }
    func copied(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      copy.copyBytes(from: bytes)
      copies.append(copy)
      return UnsafeRawBufferPointer(copy)
    }
    let fields = values.map { value -> RawField in
      switch value {
      case .null: return .null
      case .integer(let number): return .integer(number)
      case .boolean(let truth): return digits == nil ? .integer(truth ? 1 : 0) : .boolean(truth)
      case .realBits(let bits): return .real(Double(bitPattern: bits))
      case .timestamp(let time): return .timestamp(microseconds: time)
      case .text(let text): return .text(copied(text.bytes))
      case .bytes(let bytes): return .bytes(copied(bytes))
      case .decimal(let number):
        guard let digits else {
          return number.integer.map { .integer($0) } ?? .real(number.real)
        }
        let zeros = String(repeating: "0", count: max(0, digits - number.scale))
        let point = number.scale == 0 && !zeros.isEmpty ? "." : ""
        return .number(copied(Array("\(number)\(point)\(zeros)".utf8)))
      }
    }
    return fields.withUnsafeBufferPointer(body)
  }
}

/// A small table on both sides.
enum SmallTables {
  private static let text = ColumnType.text(limit: nil)

  static var check: MappingCheck {
    let legacy = TableSchema(
      "orders",
      columns: [
        ColumnSchema("id", .integer(bits: 64)), ColumnSchema("cents", .integer(bits: 64)),
        ColumnSchema("name", text, isNullable: true), ColumnSchema("status", text),
        ColumnSchema("code", text),
      ], primaryKey: ["id"])
    let new = TableSchema(
      "purchases",
      columns: [
        ColumnSchema("total", .decimal(precision: 20, scale: 2)),
        ColumnSchema("number", .integer(bits: 64)), ColumnSchema("name", text, isNullable: true),
        ColumnSchema("state", .integer(bits: 16)), ColumnSchema("code", .integer(bits: 64)),
      ], primaryKey: ["number"])
    var total = ColumnRule.Cast(.decimal)
    total.scale = 2
    var mapping = TableMapping(
      name: "orders", legacy: .init(store: "legacy", table: "orders"),
      new: .init(store: "new", table: "purchases"),
      columns: [
        .init("total", .cast("cents", total)), .init("number", .rename("id")),
        .init("name", .rename("name")),
        .init("state", .values("status", .init([.init("placed", "1"), .init("sent", "2")]))),
        .init("code", .cast("code", .init(.integer))),
      ])
    mapping.isReversed = true
    return MappingCheck(
      mapping, legacy: StoreSchema(.postgreSQL, tables: [legacy]),
      new: StoreSchema(.sqlite, tables: [new]))
  }
}
