// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import MessageContracts

/// Schemas and documents as tests write them.
enum SchemaText {
  static func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

  static func document(_ text: String, _ label: String = "v1") throws -> SchemaDocument {
    try document(json(text), label)
  }

  static func document(_ json: JSONValue, _ label: String = "v1") throws -> SchemaDocument {
    let (document, problems) = SchemaDocument.read(json, label: label)
    return try #require(document, "\(problems) in \(json.compactJSON)")
  }

  static func problems(_ text: String) throws -> [String] {
    SchemaDocument.read(try json(text), label: "v1").problems.map(\.description)
  }

  /// What keeps a writer's schema from being within a reader's.
  static func gaps(_ writer: String, _ reader: String) throws -> [SchemaGap] {
    try SchemaInclusion.gaps(writer: document(writer, "writer"), reader: document(reader, "reader"))
  }
}
