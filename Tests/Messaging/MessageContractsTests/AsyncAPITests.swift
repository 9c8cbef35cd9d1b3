// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import MessageContracts

@Suite(.timeLimit(.minutes(1)))
struct AsyncAPITests {
  private static let placed = """
    {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "An order was placed",
     "type": "object", "properties": {
       "total": {"$ref": "#/$defs/money", "description": "net"},
       "parts": {"type": "array", "items": {"$ref": "#"}},
       "tax": {"$ref": "#/$defs/a~1b", "allOf": [{"minimum": 1}]}},
     "$defs": {"money": {"type": "integer"}, "a/b": {"$ref": "#/$defs/money"}}}
    """

  private func document() throws -> JSONValue {
    let files = [
      ("order/order-placed/1.json", Self.placed), ("order/order-placed/2.json", Self.placed),
      ("shop.cart/emptied/1.json", "true"), ("order/%2Fodd/1.json", "{}"),
    ]
    let set = ContractSet(files.map { ContractFile(path: $0.0, bytes: Array($0.1.utf8)) })
    #expect(set.problems == [])
    return AsyncAPIDocument(title: "Shop", version: "2.0.0").json(set)
  }

  private func value(_ pointer: String, _ document: JSONValue) -> JSONValue? {
    pointer.split(separator: "/").dropFirst().reduce(document) { value, token in
      let name = JSONPointer.unescaped(token)
      return switch value {
      case .object(let members)?: members[name]
      case .array(let elements)?: Int(name).map { elements[$0] }
      default: nil
      }
    }
  }

  private func references(_ value: JSONValue) -> [String] {
    switch value {
    case .object(let members):
      members.flatMap { name, value -> [String] in
        if name == "$ref", case .string(let target) = value { return [target] }
        return references(value)
      }
    case .array(let elements): elements.flatMap(references)
    default: []
    }
  }

  @Test func `topics, messages and operations`() throws {
    let document = try document()
    #expect(value("#/asyncapi", document) == .string("3.0.0"))
    #expect(value("#/info/title", document) == .string("Shop"))
    #expect(value("#/channels/order/address", document) == .string("outbox.event.order"))
    #expect(
      value("#/channels/_shop_2Ecart/address", document) == .string("outbox.event.shop.cart"))
    #expect(value("#/operations/send.order/action", document) == .string("send"))
    let message = "#/components/messages/order.order-placed.v2"
    #expect(value(message + "/name", document) == .string("order-placed"))
    #expect(value(message + "/summary", document) == .string("An order was placed"))
    #expect(
      value(message + "/headers/properties/schema_version/const", document) == .string("2"))
    guard case .array(let messages)? = value("#/operations/send.order/messages", document) else {
      Issue.record("no messages")
      return
    }
    #expect(messages.count == 3)
  }

  @Test func `every reference leads somewhere`() throws {
    let document = try document()
    let references = references(document)
    #expect(references.count > 20)
    for reference in references { #expect(value(reference, document) != nil, "\(reference)") }
  }

  @Test func `payloads are what draft 07 reads too`() throws {
    let document = try document()
    let schema = "#/components/schemas/order.order-placed.v1"
    #expect(value(schema + "/$schema", document) == nil)
    #expect(value(schema + "/$defs", document) == nil)
    #expect(
      value(schema + "/properties/total", document)
        == .object([
          "description": .string("net"),
          "allOf": .array([.object(["$ref": .string(schema + ".money")])]),
        ]))
    #expect(value(schema + "/properties/parts/items/$ref", document) == .string(schema))
    #expect(
      value(schema + "/properties/tax/allOf/0/$ref", document) == .string(schema + "._a_2Fb"))
    #expect(value(schema + "._a_2Fb/$ref", document) == .string(schema + ".money"))
    #expect(value("#/components/schemas/_shop_2Ecart.emptied.v1", document) == .object([:]))
  }

  @Test func `the same contracts give the same bytes`() throws {
    #expect(try document().json == document().json)
  }

  @Test func `no two names give one key`() {
    let names = ["a", "_a", "a_b", "a.b", "a/b", "a_2Fb", "_a_2Fb", "é", "a-b", ""]
    let keys = names.map { AsyncAPIDocument.key($0) }
    #expect(Set(keys).count == names.count)
    #expect(keys.prefix(1) == ["a"])
    for key in keys {
      #expect(
        key.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_".utf8.contains($0) })
    }
  }
}
