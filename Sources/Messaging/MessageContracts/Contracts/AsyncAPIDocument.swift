// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments
import TransactionalMessaging

/// Contracts as an AsyncAPI 3.0.0 document
/// (https://www.asyncapi.com/docs/reference/specification/v3.0.0): a channel for each topic, a
/// message for each version of an event, an operation that sends them.
///
/// Payloads are in AsyncAPI's own schema format, which every tool reads: definitions become
/// components, and what stands beside a `$ref` goes into an `allOf`, since draft 07 would pass over
/// it. The same contracts give the same bytes.
package struct AsyncAPIDocument {
  /// What the application is called.
  package var title: String
  /// The document's own version.
  package var version: String

  package init(title: String, version: String) {
    self.title = title
    self.version = version
  }

  package func json(_ set: ContractSet) -> JSONValue {
    let topics = Dictionary(grouping: set.contracts, by: \.name.aggregateType)
    var channels: [String: JSONValue] = [:]
    var operations: [String: JSONValue] = [:]
    for (aggregateType, contracts) in topics {
      let key = Self.key(aggregateType)
      channels[key] = channel(aggregateType, contracts)
      operations["send." + key] = .object([
        "action": .string("send"),
        "summary": .string("Events of \(aggregateType), in their order for each of them."),
        "channel": Self.reference("#/channels/\(key)"),
        "messages": .array(
          contracts.map { Self.reference("#/channels/\(key)/messages/\(Self.key($0.name))") }),
      ])
    }
    var messages: [String: JSONValue] = [:]
    var schemas: [String: JSONValue] = [:]
    for contract in set.contracts {
      let key = Self.key(contract.name)
      messages[key] = message(contract)
      let schema = ComponentSchema(key: key)
      schemas[key] = schema.component(of: contract.document.json)
      if case .object(let members) = contract.document.json,
        case .object(let definitions)? = members["$defs"]
      {
        for (name, definition) in definitions {
          schemas[schema.component(name)] = schema.component(of: definition)
        }
      }
    }
    return .object([
      "asyncapi": .string("3.0.0"),
      "info": .object(["title": .string(title), "version": .string(version)]),
      "defaultContentType": .string("application/json"),
      "channels": .object(channels), "operations": .object(operations),
      "components": .object(["messages": .object(messages), "schemas": .object(schemas)]),
    ])
  }

  private func channel(_ aggregateType: String, _ contracts: [Contract]) -> JSONValue {
    .object([
      "address": .string(BrokerMessage.topic(forAggregateType: aggregateType)),
      "title": .string("Events of \(aggregateType)"),
      "messages": .object(
        Dictionary(
          contracts.map { contract in
            let key = Self.key(contract.name)
            return (key, Self.reference("#/components/messages/\(key)"))
          }, uniquingKeysWith: { first, _ in first })),
    ])
  }

  private func message(_ contract: Contract) -> JSONValue {
    var message: [String: JSONValue] = [
      "name": .string(contract.name.eventType),
      "title": .string("\(contract.name.eventType) version \(contract.name.version)"),
      "contentType": .string("application/json"),
      "headers": Self.headers(contract.name),
      "payload": Self.reference("#/components/schemas/\(Self.key(contract.name))"),
    ]
    if case .object(let members) = contract.document.json {
      if case .string(let title)? = members["title"] { message["summary"] = .string(title) }
      if case .string(let text)? = members["description"] { message["description"] = .string(text) }
      if members["deprecated"] == .bool(true) { message["deprecated"] = .bool(true) }
    }
    return .object(message)
  }

  /// The headers that a relay writes.
  private static func headers(_ name: ContractName) -> JSONValue {
    func constant(_ value: String) -> JSONValue {
      .object(["type": .string("string"), "const": .string(value)])
    }
    func number(_ description: String) -> JSONValue {
      .object([
        "type": .string("string"), "pattern": .string("^-?[0-9]+$"),
        "description": .string(description),
      ])
    }
    func text(_ description: String) -> JSONValue {
      .object(["type": .string("string"), "description": .string(description)])
    }
    let required: [String: JSONValue] = [
      MessageHeader.id: .object([
        "type": .string("string"), "format": .string("uuid"),
        "description": .string("The event's id, the same however often it is delivered."),
      ]),
      MessageHeader.type: constant(name.eventType),
      MessageHeader.aggregateType: constant(name.aggregateType),
      MessageHeader.aggregateVersion: number("Number of the event within its aggregate, from 1."),
      MessageHeader.schemaVersion: constant(String(name.version)),
      MessageHeader.occurredAt: number("Milliseconds since 1970-01-01T00:00:00Z."),
    ]
    let optional: [String: JSONValue] = [
      MessageHeader.tenant: text("Whose event it is."),
      MessageHeader.payloadReference: text("Where content is that is too large for a message."),
      MessageHeader.traceParent: text("W3C trace context."),
      MessageHeader.traceState: text("W3C trace context."),
    ]
    return .object([
      "type": .string("object"),
      "required": .array(required.keys.sorted().map { .string($0) }),
      "properties": .object(required.merging(optional) { first, _ in first }),
    ])
  }

  private static func reference(_ pointer: String) -> JSONValue {
    .object(["$ref": .string(pointer)])
  }

  // MARK: - Keys

  private static func key(_ name: ContractName) -> String {
    "\(key(name.aggregateType)).\(key(name.eventType)).v\(name.version)"
  }

  /// A name as part of a component's key, which holds letters, digits, `.`, `-` and `_` only. No
  /// two names give one key: a name with others begins with `_`, and so does none without.
  static func key(_ name: String) -> String {
    func isPlain(_ byte: UInt8) -> Bool {
      let scalar = Unicode.Scalar(byte)
      return byte == UInt8(ascii: "-")
        || scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber)
    }
    let underscore = UInt8(ascii: "_")
    if name.utf8.first != underscore, name.utf8.allSatisfy({ isPlain($0) || $0 == underscore }) {
      return name
    }
    return name.utf8.reduce(into: "_") { key, byte in
      let digits = String(byte, radix: 16, uppercase: true)
      key +=
        isPlain(byte)
        ? String(Unicode.Scalar(byte)) : "_" + (digits.count == 1 ? "0" : "") + digits
    }
  }
}

/// A schema of draft 2020-12 as a component of an AsyncAPI document.
private struct ComponentSchema {
  /// Key of the whole document's component.
  let key: String

  func component(_ definition: String) -> String { "\(key).\(AsyncAPIDocument.key(definition))" }

  /// A component is an object, also where a schema is just `true` or `false`.
  func component(of schema: JSONValue) -> JSONValue {
    guard case .bool(let isAlways) = schema else { return converted(schema) }
    return .object(isAlways ? [:] : ["not": .object([:])])
  }

  private func converted(_ schema: JSONValue) -> JSONValue {
    guard case .object(var members) = schema else { return schema }
    for keyword in ["$schema", "$id", "$defs"] { members[keyword] = nil }
    for keyword in ["items", "additionalProperties"] {
      members[keyword] = members[keyword].map(converted)
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
      if case .array(let schemas)? = members[keyword] {
        members[keyword] = .array(schemas.map(converted))
      }
    }
    if case .object(let properties)? = members["properties"] {
      members["properties"] = .object(properties.mapValues(converted))
    }
    guard case .string(let target)? = members["$ref"] else { return .object(members) }
    let prefix = "#/$defs/"
    let component =
      target.hasPrefix(prefix)
      ? component(JSONPointer.unescaped(target.dropFirst(prefix.count))) : key
    let reference = JSONValue.object(["$ref": .string("#/components/schemas/\(component)")])
    members["$ref"] = nil
    guard !members.isEmpty else { return reference }
    if case .array(let schemas)? = members["allOf"] {
      members["allOf"] = .array([reference] + schemas)
    } else {
      members["allOf"] = .array([reference])
    }
    return .object(members)
  }
}
