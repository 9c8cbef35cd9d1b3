// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import Testing

/// One schema against another, in both directions: what breaks requests is harmless in answers.
@Suite struct SchemaComparisonTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let request: [String]
    let response: [String]

    init(_ old: String, _ new: String, request: [String] = [], response: [String] = []) {
      (self.old, self.new, self.request, self.response) = (old, new, request, response)
    }

    var testDescription: String { old + " to " + new }
  }

  private static func object(_ properties: String, _ required: String = "") -> String {
    #"{"type":"object","properties":{"# + properties + #"},"required":["# + required + "]}"
  }

  static let types: [Case] = [
    Case(
      #"{"type":"string"}"#, #"{"type":"integer"}"#, request: ["request-body-type-changed"],
      response: ["response-body-type-changed"]),
    Case(
      #"{"type":"integer"}"#, #"{"type":"number"}"#, response: ["response-body-type-changed"]),
    Case(#"{"type":"number"}"#, #"{"type":"integer"}"#, request: ["request-body-type-changed"]),
    Case(
      #"{"type":"string"}"#, #"{"type":["string","null"]}"#,
      response: ["response-body-became-nullable"]),
    Case(
      #"{"type":["string","null"]}"#, #"{"type":"string"}"#,
      request: ["request-body-became-not-nullable"]),
    Case(
      #"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, #"{"type":["null","string"]}"#),
    Case(#"{}"#, #"{"type":"string"}"#, request: ["request-body-type-changed"]),
    Case(#"true"#, #"false"#, request: ["request-body-type-changed"]),
    Case(#"{"properties":{}}"#, #"{"type":"object"}"#),
    Case(#"{"type":"string","description":"a"}"#, #"{"title":"b","type":"string"}"#),
  ]

  static let values: [Case] = [
    Case(
      #"{"enum":["a","b"]}"#, #"{"enum":["a","c"]}"#,
      request: ["request-body-enum-value-removed"],
      response: ["response-body-enum-value-added"]),
    Case(#"{"enum":["a"]}"#, #"{"enum":["a","b"]}"#, response: ["response-body-enum-value-added"]),
    Case(
      #"{"type":"string"}"#, #"{"type":"string","enum":["a"]}"#,
      request: ["request-body-became-enum"]),
    Case(
      #"{"type":"string","enum":["a"]}"#, #"{"type":"string"}"#,
      response: ["response-body-became-not-enum"]),
    Case(#"{"const":1}"#, #"{"enum":[1.0]}"#),
    Case(
      #"{"const":"a"}"#, #"{"enum":["a",null]}"#, response: ["response-body-became-nullable"]),
    Case(
      #"{"type":"integer","format":"int32"}"#, #"{"type":"integer","format":"int64"}"#,
      response: ["response-body-format-changed"]),
    Case(
      #"{"type":"string","format":"date"}"#, #"{"type":"string","format":"date-time"}"#,
      request: ["request-body-format-changed"], response: ["response-body-format-changed"]),
    Case(
      #"{"type":"string"}"#, #"{"type":"string","format":"uuid"}"#,
      request: ["request-body-format-changed"]),
    Case(#"{"type":"string"}"#, #"{"type":"string","format":"password"}"#),
  ]

  static let bounds: [Case] = [
    Case(
      #"{"type":"integer","minimum":1}"#, #"{"type":"integer","minimum":2}"#,
      request: ["request-body-min-increased"]),
    Case(
      #"{"type":"integer","minimum":2}"#, #"{"type":"integer","minimum":1}"#,
      response: ["response-body-min-decreased"]),
    Case(
      #"{"type":"number","maximum":9}"#, #"{"type":"number","exclusiveMaximum":9}"#,
      request: ["request-body-max-decreased"]),
    Case(
      #"{"type":"number"}"#, #"{"type":"number","maximum":9.5}"#,
      request: ["request-body-max-set"]),
    Case(
      #"{"type":"number","maximum":9.5}"#, #"{"type":"number"}"#,
      response: ["response-body-max-unset"]),
    Case(
      #"{"type":"string","maxLength":9}"#, #"{"type":"string","minLength":1,"maxLength":5}"#,
      request: ["request-body-min-length-set", "request-body-max-length-decreased"]),
    Case(
      #"{"type":"array","items":{},"maxItems":5}"#, #"{"type":"array","items":{},"minItems":1}"#,
      request: ["request-body-min-items-set"], response: ["response-body-max-items-unset"]),
    Case(
      #"{"type":"integer","multipleOf":10}"#, #"{"type":"integer","multipleOf":5}"#,
      response: ["response-body-multiple-of-changed"]),
    Case(
      #"{"type":"array","uniqueItems":true}"#, #"{"type":"array"}"#,
      response: ["response-body-unique-items-unset"]),
    Case(
      #"{"type":"string","pattern":"^a"}"#, #"{"type":"string","pattern":"^[ab]"}"#,
      request: ["request-body-pattern-changed?"], response: ["response-body-pattern-changed?"]),
    Case(
      #"{"type":"string"}"#, #"{"type":"string","pattern":"^a"}"#,
      request: ["request-body-pattern-set"]),
    Case(
      #"{"type":"integer","exclusiveMinimum":0,"maximum":9.5}"#,
      #"{"type":"integer","minimum":1,"exclusiveMaximum":10}"#),
    // What the old version could not send is nobody's loss.
    Case(
      #"{"type":"string","minLength":2}"#, #"{"type":"string","minLength":1}"#,
      response: ["response-body-min-length-decreased"]),
  ]

  static let members: [Case] = [
    Case(
      object(#""a":{"type":"string"}"#), object(#""a":{"type":"string"},"b":{"type":"string"}"#)),
    Case(
      object(#""a":{}"#), object(#""a":{},"b":{}"#, #""b""#),
      request: ["request-required-property-added /b"]),
    Case(
      object(#""a":{}"#), object(#""a":{}"#, #""a""#),
      request: ["request-property-became-required /a"]),
    Case(
      object(#""a":{}"#, #""a""#), object(#""a":{}"#),
      response: ["response-property-became-optional /a"]),
    Case(
      object(#""a":{},"b":{}"#, #""a""#), object(""),
      request: ["request-property-removed? /a", "request-property-removed? /b"],
      response: ["response-required-property-removed /a", "response-optional-property-removed? /b"]),
    Case(
      object(#""a":{}"#), #"{"type":"object","additionalProperties":false}"#,
      request: ["request-property-removed /a"], response: ["response-optional-property-removed? /a"]
    ),
    Case(
      object(#""a":{"type":"string"}"#), object(#""a":{"type":"integer"}"#),
      request: ["request-property-type-changed /a"], response: ["response-property-type-changed /a"]
    ),
    Case(
      #"{"type":"object","additionalProperties":{"type":"string"}}"#,
      #"{"type":"object","additionalProperties":{"type":"integer"}}"#,
      request: ["request-property-type-changed /*"], response: ["response-property-type-changed /*"]
    ),
    Case(
      #"{"type":"object","additionalProperties":true}"#,
      #"{"type":"object","additionalProperties":false}"#,
      request: ["request-body-additional-properties-refused"]),
    Case(
      #"{"type":"array","items":{"type":"object","properties":{"a/b":{"type":"string"}}}}"#,
      #"{"type":"array","items":{"type":"object","properties":{"a/b":{"type":"boolean"}}}}"#,
      request: ["request-property-type-changed /*/a~1b"],
      response: ["response-property-type-changed /*/a~1b"]),
    Case(
      object(#""a":{"readOnly":true}"#),
      object(
        #""a":{"readOnly":true},"b":{"readOnly":true}"#,
        #""a","b""#)),
    Case(
      object(#""a":{"writeOnly":true}"#, #""a""#), object(""),
      request: ["request-property-removed? /a"]),
    Case(
      object(#""a":{"type":"string"}"#), object(#""a":{"type":"string","deprecated":true}"#),
      request: ["request-property-deprecated? /a"], response: ["response-property-deprecated? /a"]),
    Case(
      #"{"type":"array","prefixItems":[{"type":"string"},{"type":"string"}]}"#,
      #"{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}]}"#,
      request: ["request-property-type-changed /1"], response: ["response-property-type-changed /1"]
    ),
    Case(
      #"{"type":"string","not":{"const":"a"}}"#, #"{"type":"string","not":{"const":"b"}}"#,
      request: ["schema-not-compared?"], response: ["schema-not-compared?"]),
  ]

  @Test(arguments: types + values + bounds + members)
  func `a change breaks who it says`(_ one: Case) throws {
    #expect(try Versions.taking(one.old, one.new).rules == one.request)
    #expect(try Versions.answering(one.old, one.new).rules == one.response)
    #expect(try Versions.taking(one.old, one.old).rules == [])
    #expect(try Versions.answering(one.new, one.new).rules == [])
  }

  @Test func `3-0 writes null and exclusive bounds in its own way`() throws {
    func rules(_ old: String, _ new: String) throws -> [String] {
      try Versions.answering(old, new, version: "3.0.3").rules
    }
    #expect(
      try rules(#"{"type":"string"}"#, #"{"type":"string","nullable":true}"#)
        == ["response-body-became-nullable"])
    #expect(
      try rules(
        #"{"type":"number","maximum":5,"exclusiveMaximum":true}"#,
        #"{"type":"number","maximum":5}"#) == ["response-body-max-increased"])
    #expect(
      try Versions.answering(
        ##"{"$ref":"#/components/schemas/A"}"##,
        ##"{"nullable":true,"allOf":[{"$ref":"#/components/schemas/A"}]}"##,
        components: #"{"A":{"type":"object"}}"#, version: "3.0.3"
      ).rules == ["response-body-became-nullable"])
    // Beside a reference nothing counts there.
    #expect(
      try Versions.answering(
        ##"{"$ref":"#/components/schemas/A"}"##,
        ##"{"$ref":"#/components/schemas/A","nullable":true}"##,
        components: #"{"A":{"type":"object"}}"#, version: "3.0.3"
      ).rules == [])
  }

  @Test func `all of allOf holds together`() throws {
    let components =
      #"{"A":{"type":"object","properties":{"a":{"type":"string"}}},"#
      + #""B":{"type":"object","required":["b"],"properties":{"b":{"type":"integer"}}}}"#
    let both = ##"{"allOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]}"##
    let flat = Self.object(#""a":{"type":"string"},"b":{"type":"integer"}"#, #""b""#)
    #expect(try Versions.taking(both, flat, components: components).rules == [])
    #expect(try Versions.answering(flat, both, components: components).rules == [])
    let one = ##"{"$ref":"#/components/schemas/A"}"##
    #expect(
      try Versions.taking(one, both, components: components).rules == [
        "request-required-property-added /b"
      ])
    #expect(
      try Versions.answering(both, one, components: components).rules == [
        "response-required-property-removed /b"
      ])
  }

  @Test func `alternatives may be added for requests, and removed from answers`() throws {
    let components =
      #"{"Card":{"type":"object","required":["n"],"properties":{"n":{"type":"string"}}},"#
      + #""Cash":{"type":"object","required":["c"],"properties":{"c":{"type":"integer"}}},"#
      + #""Bank":{"type":"object","required":["iban"],"properties":{"iban":{"type":"string"}}}}"#
    func choice(_ names: String...) -> String {
      #"{"oneOf":["#
        + names.map { ##"{"$ref":"#/components/schemas/"## + $0 + #""}"# }
        .joined(separator: ",") + "]}"
    }
    let (two, three) = (choice("Card", "Cash"), choice("Cash", "Bank", "Card"))
    #expect(try Versions.taking(two, three, components: components).rules == [])
    #expect(try Versions.answering(three, two, components: components).rules == [])
    #expect(
      try Versions.taking(three, two, components: components).rules == [
        "request-body-alternative-removed"
      ])
    let added = try Versions.answering(two, three, components: components).report().changes
    #expect(added.map(\.rule) == ["response-body-alternative-added"])
    #expect(added.first?.message == "it may be the alternative \"Bank\" now")
    #expect(added.first?.pointer == "/components/schemas/Bank")
    // Where an alternative of the same name is there, its own change is told.
    let inline = #"{"oneOf":[{"type":"string"},{"type":"integer","maximum":5}]}"#
    #expect(
      try Versions.taking(inline, #"{"oneOf":[{"type":"string"},{"type":"integer","maximum":3}]}"#)
        .rules == ["request-body-max-decreased"])
    #expect(try Versions.answering(#"{"type":"string"}"#, inline).rules.count == 1)
  }

  @Test func `alternatives together take what none of them takes alone`() throws {
    let both = #"{"anyOf":[{"type":"string"},{"type":"integer"},{"enum":[true]},{"enum":[false]}]}"#
    let list = #"{"type":["string","integer","boolean"]}"#
    #expect(try Versions.taking(list, both).rules == [])
    #expect(try Versions.answering(both, list).rules == [])
    #expect(
      try Versions.taking(#"{"type":["string","number"]}"#, both).rules == [
        "request-body-alternative-removed"
      ])
  }

  @Test func `schemas that refer to themselves are compared to their end`() throws {
    func tree(_ value: String) -> String {
      #"{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"200":{"content":{"application/json":"#
        + ##"{"schema":{"$ref":"#/components/schemas/Tree"}}}}}}}},"components":{"schemas":"##
        + ##"{"Tree":{"type":"object","required":["value"],"properties":{"value":"## + value
        + ##","children":{"type":"array","items":{"$ref":"#/components/schemas/Tree"}}}}}}}"##
    }
    #expect(try Versions(tree(#"{"type":"string"}"#), tree(#"{"type":"string"}"#)).rules == [])
    #expect(
      try Versions(tree(#"{"type":"string"}"#), tree(#"{"type":"integer"}"#)).rules
        == ["response-property-type-changed /value"])
    let loop = ##"{"allOf":[{"$ref":"#/components/schemas/L"}],"type":"object"}"##
    #expect(
      try Versions.answering(
        ##"{"$ref":"#/components/schemas/L"}"##, ##"{"$ref":"#/components/schemas/L"}"##,
        components: #"{"L":"# + loop + "}"
      ).rules == [])
  }

  @Test(.timeLimit(.minutes(1)))
  func `schemas that all refer to each other are compared once each`() throws {
    func schemas(_ type: String) -> String {
      let all = (0..<60).map { number in
        func reference(_ other: Int) -> String {
          ##"{"$ref":"#/components/schemas/S\##(other % 60)"}"##
        }
        let own = #""own":{"type":"\#(number == 7 ? type : "string")"}"#
        let others = (1...4).map { #""r\#($0)":\#(reference(number * 7 + $0 * 13))"# }
        let choice = "[\(reference(number * 3)),\(reference(number * 5 + 2))]"
        return #""S\#(number)":{"type":"object","properties":{\#(own),"#
          + others.joined(separator: ",") + #","either":{"oneOf":\#(choice)}}}"#
      }
      return "{" + all.joined(separator: ",") + "}"
    }
    func document(_ type: String) -> String {
      let paths = (0..<60).map { number in
        #""/r\#(number)":{"get":{"responses":{"200":{"content":{"application/json":{"schema":"#
          + ##"{"$ref":"#/components/schemas/S\##(number)"}}}}}}}"##
      }
      return #"{"openapi":"3.1.0","paths":{"# + paths.joined(separator: ",")
        + #"},"components":{"schemas":"# + schemas(type) + "}}"
    }
    let report = try Versions(document("string"), document("integer")).report()
    #expect(report.changes.map(\.rule) == ["response-property-type-changed"])
    #expect(report.changes.first?.pointer == "/components/schemas/S7/properties/own")
    #expect(report.changes.first?.operations.count == 60)
  }

  @Test func `what is too large to read is a warning too`() throws {
    func chain(_ length: Int, _ end: String, _ link: (Int) -> String) -> String {
      let links = (0..<length).map { #""A\#($0)":\#(link($0 + 1))"# }
      return "{" + (links + [#""A\#(length)":\#(end)"#]).joined(separator: ",") + "}"
    }
    func rules(_ length: Int, _ link: (Int) -> String) throws -> [String] {
      func document(_ end: String) -> String {
        #"{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"200":{"content":"#
          + ##"{"application/json":{"schema":{"$ref":"#/components/schemas/A0"}}}}}}}},"##
          + #""components":{"schemas":"# + chain(length, end, link) + "}}"
      }
      return try Versions(document(#"{"type":"string"}"#), document(#"{"type":"integer"}"#)).rules
    }
    func referring(_ number: Int) -> String {
      ##"{"$ref":"#/components/schemas/A\##(number)"}"##
    }
    func nested(_ number: Int) -> String {
      #"{"type":"object","properties":{"p":"# + referring(number) + "}}"
    }
    #expect(try rules(50, nested).map { $0.prefix(30) } == ["response-property-type-changed"])
    #expect(try rules(5_000, nested).map { $0.prefix(30) } == ["response-property-type-changed"])
    #expect(try rules(5_000, nested).allSatisfy { $0.utf8.count < 400 && $0.hasSuffix("…") })
    #expect(try rules(50, referring) == ["response-body-type-changed"])
    #expect(try rules(5_000, referring) == ["schema-not-compared?"])
  }

  @Test func `too many alternatives are a warning, and nothing is passed over`() throws {
    let many = (0..<40).map { #"{"const":\#($0)}"# }.joined(separator: ",")
    let schema = #"{"allOf":[{"oneOf":[\#(many)]},{"anyOf":[\#(many)]}]}"#
    #expect(try Versions.taking(schema, schema).rules == [])
    let titled = #"{"title":"A","# + schema.dropFirst()
    #expect(try Versions.taking(schema, titled).rules == ["schema-not-compared?"])
  }
}
