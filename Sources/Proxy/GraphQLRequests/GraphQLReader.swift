// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Reads the operation out of a request in the forms of GraphQL over HTTP.
package enum GraphQLReader {
  /// Most bytes of a body, or of a query, that are looked at: with the head before it that is what
  /// a client of HTTP/2 may send before it is given more room.
  package static let mostBytes = 60 << 10

  /// How a body is written.
  package enum Form: Sendable {
    /// `{ "query": ..., "operationName": ... }`
    case json
    /// The document alone.
    case document

    /// By the value of `Content-Type`; nil for any other one.
    package init?(contentType: UnsafeRawBufferPointer) {
      let type = contentType.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
      let name = String(decoding: type, as: UTF8.self).lowercased()
      switch name {
      case "application/json": self = .json
      case "application/graphql": self = .document
      default: return nil
      }
    }
  }

  /// What the body of a POST has executed.
  package static func operation(
    body: [UInt8], form: Form
  ) throws(GraphQLUndecided) -> GraphQLOperation {
    guard body.count <= mostBytes else { throw .tooLarge }
    if case .document = form { return try operation(document: body, name: nil) }
    let value: JSONValue
    do {
      value = try JSONParser.parse(body, limits: JSONLimits(values: 20_000))
    } catch {
      throw .malformed
    }
    if case .array = value { throw .batched }
    guard case .object(let members) = value else { throw .malformed }
    let name: String?
    switch members["operationName"] {
    case nil, .null: name = nil
    case .string(let text): name = text
    default: throw .malformed
    }
    switch members["query"] {
    case .string(let text) where !text.isEmpty:
      return try operation(document: Array(text.utf8), name: name)
    case nil, .null, .string: return try persisted(name)
    default: throw .malformed
    }
  }

  /// What the query of a GET, without `?`, has executed.
  package static func operation(
    query: UnsafeRawBufferPointer
  ) throws(GraphQLUndecided) -> GraphQLOperation {
    guard query.count <= mostBytes else { throw .tooLarge }
    var document: [UInt8]?
    var name: String?
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      let key = decoded(pair[..<end])
      let value = decoded(pair[end...].dropFirst())
      // Of one that comes twice servers take the first or the last.
      if key == Array("query".utf8) {
        if document != nil { throw .ambiguous }
        document = value
      } else if key == Array("operationName".utf8) {
        if name != nil { throw .ambiguous }
        name = String(decoding: value, as: UTF8.self)
      }
    }
    guard let document, !document.isEmpty else { return try persisted(name) }
    return try operation(document: document, name: name)
  }

  private static func operation(
    document: [UInt8], name: String?
  ) throws(GraphQLUndecided) -> GraphQLOperation {
    let result = document.withUnsafeBytes { bytes in
      Result { () throws(GraphQLUndecided) in
        try GraphQLDocument(parsing: bytes).operation(named: name)
      }
    }
    return try result.get()
  }

  /// The document stays with the server; its name is all there is to go by.
  private static func persisted(_ name: String?) throws(GraphQLUndecided) -> GraphQLOperation {
    guard let name, !name.isEmpty else { throw .notGraphQL }
    return GraphQLOperation(kind: nil, name: name, rootFields: nil)
  }

  private static func decoded(_ text: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    var bytes: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "%"), index + 2 < text.endIndex,
        let high = Character(Unicode.Scalar(text[index + 1])).hexDigitValue,
        let low = Character(Unicode.Scalar(text[index + 2])).hexDigitValue
      {
        bytes.append(UInt8(high << 4 | low))
        index += 3
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
        index += 1
      }
    }
    return bytes
  }
}
