// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// Rows as a JSON array of objects, for statements that take many at once.
package enum JSONRows {
  private struct Value: Encodable {
    let parameter: SQLParameter

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch parameter {
      case .null: try container.encodeNil()
      case .text(let text): try container.encode(text)
      case .integer(let number): try container.encode(number)
      case .bytes(let bytes): try container.encode(bytes)
      }
    }
  }

  package static func text(_ rows: [[String: SQLParameter]]) throws -> String {
    try ContextText.encode(rows.map { $0.mapValues(Value.init) })
  }
}
