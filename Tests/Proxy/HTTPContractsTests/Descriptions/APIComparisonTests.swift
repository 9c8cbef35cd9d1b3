// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import JSONDocuments
import Testing

@Suite struct APIComparisonTests {
  private static let get = #"{"get":{"responses":{"200":{}}}}"#

  /// `GET /a/{id}` with members of the operation.
  private func get(_ members: String) -> String {
    #"{"get":{"responses":{"200":{}},"# + members + "}}"
  }

  private func answers(_ responses: String) -> String {
    #"{"get":{"responses":{"# + responses + "}}}"
  }

  @Test func `operations that are gone break, new ones do not`() throws {
    let both = #"{"get":{"responses":{"200":{}}},"delete":{"responses":{"204":{}}}}"#
    #expect(try Versions.item(Self.get, both).rules == [])
    let removed = try Versions.item(both, Self.get).report()
    #expect(removed.changes.map(\.rule) == ["api-removed"])
    #expect(removed.changes.first?.operations == ["DELETE /a/{id}"])
    #expect(removed.changes.first?.side == .old)
    #expect(removed.changes.first?.pointer == "/paths/~1a~1{id}/delete")
    #expect(
      try Versions.item(Self.get, get(#""deprecated":true,"x-sunset":"2027-01-01""#)).rules
        == ["api-deprecated?"])
  }

  @Test func `names of parameters in paths mean nothing`() throws {
    func document(_ path: String, _ name: String, _ type: String) -> String {
      #"{"openapi":"3.1.0","paths":{""# + path + #"":{"parameters":[{"name":""# + name
        + #"","in":"path","required":true,"schema":{"type":""# + type
        + #""}}],"get":{"responses":{"200":{}}}}}}"#
    }
    let old = document("/a/{id}/b", "id", "integer")
    #expect(try Versions(old, document("/a/{order}/b", "order", "integer")).rules == [])
    #expect(
      try Versions(old, document("/a/{order}/b", "order", "boolean")).rules
        == ["request-parameter-type-changed"])
    #expect(try Versions(old, document("/a/{id}", "id", "integer")).rules == ["api-removed"])
  }

  @Test func `parameters that are added, moved, removed or demanded`() throws {
    func with(_ parameters: String...) -> String {
      get(#""parameters":["# + parameters.joined(separator: ",") + "]")
    }
    let limit = #"{"name":"limit","in":"query","schema":{"type":"integer"}}"#
    let demanded = #"{"name":"limit","in":"query","required":true,"schema":{"type":"integer"}}"#
    #expect(try Versions.item(Self.get, with(limit)).rules == [])
    #expect(
      try Versions.item(Self.get, with(demanded)).rules == ["required-request-parameter-added"])
    #expect(
      try Versions.item(with(limit), with(demanded)).rules == ["request-parameter-became-required"])
    #expect(try Versions.item(with(limit), Self.get).rules == ["request-parameter-removed?"])
    #expect(
      try Versions.item(with(limit), with(#"{"name":"Limit","in":"header","required":true}"#)).rules
        == ["request-parameter-moved"])
    #expect(
      try Versions.item(
        with(limit), with(#"{"name":"limit","in":"query","schema":{"type":"integer","maximum":9}}"#)
      ).rules == ["request-parameter-max-set"])
    #expect(
      try Versions.item(
        with(#"{"name":"X-A","in":"header"}"#), with(#"{"name":"x-a","in":"header"}"#)
      ).rules == [])
    #expect(
      try Versions.item(
        with(#"{"name":"l","in":"query","schema":{"type":"array"}}"#),
        with(#"{"name":"l","in":"query","explode":false,"schema":{"type":"array"}}"#)
      ).rules == ["request-parameter-style-changed"])
    // An operation's own stands above its path's.
    let shared =
      #"{"parameters":[\#(demanded)],"get":{"parameters":[\#(limit)],"#
      + #""responses":{"200":{}}}}"#
    #expect(try Versions.item(with(limit), shared).rules == [])
  }

  @Test func `bodies of requests`() throws {
    func body(_ members: String) -> String {
      #"{"post":{"responses":{"200":{}},"requestBody":{"# + members + "}}}"
    }
    let none = #"{"post":{"responses":{"200":{}}}}"#
    let json = #""content":{"application/json":{"schema":{"type":"object"}}}"#
    #expect(try Versions.item(none, body(json)).rules == [])
    #expect(
      try Versions.item(none, body(json + #","required":true"#)).rules
        == ["required-request-body-added"])
    #expect(
      try Versions.item(body(json), body(json + #","required":true"#)).rules
        == ["request-body-became-required"])
    #expect(try Versions.item(body(json), none).rules == ["request-body-removed"])
    #expect(
      try Versions.item(body(json), body(#""content":{"application/xml":{}}"#)).rules
        == ["request-body-media-type-removed"])
    #expect(
      try Versions.item(
        body(json), body(#""content":{"application/*":{"schema":{"type":"object"}}}"#)
      ).rules == [])
    #expect(
      try Versions.item(
        body(json), body(#""content":{"Application/JSON; charset=utf-8":{"schema":{}}}"#)
      ).rules == [])
  }

  @Test func `statuses and media types of answers`() throws {
    #expect(
      try Versions.item(answers(#""200":{},"404":{}"#), answers(#""202":{}"#)).rules == [
        "response-success-status-removed", "response-other-status-removed?",
        "response-success-status-added?",
      ])
    #expect(
      try Versions.item(answers(#""200":{},"404":{}"#), answers(#""2XX":{},"default":{}"#)).rules
        == [])
    let json = #""content":{"application/json":{"schema":{"type":"string"}}}"#
    let xml = #""content":{"application/xml":{"schema":{"type":"string"}}}"#
    #expect(
      try Versions.item(answers(#""200":{\#(json)}"#), answers(#""200":{\#(xml)}"#)).rules
        == ["response-media-type-removed"])
    #expect(
      try Versions.item(
        answers(#""2XX":{\#(json)}"#),
        answers(#""200":{\#(json)},"201":{"content":{"application/json":{"schema":{}}}}"#)
      ).rules == ["response-body-type-changed"])
  }

  @Test func `headers of answers`() throws {
    func header(_ members: String) -> String {
      answers(#""200":{"headers":{"X-Total":{"# + members + "}}}")
    }
    let none = answers(#""200":{}"#)
    let demanded = header(#""required":true,"schema":{"type":"integer"}"#)
    let optional = header(#""schema":{"type":"integer"}"#)
    #expect(try Versions.item(none, demanded).rules == [])
    #expect(try Versions.item(demanded, none).rules == ["response-required-header-removed"])
    #expect(try Versions.item(optional, none).rules == ["response-optional-header-removed?"])
    #expect(try Versions.item(demanded, optional).rules == ["response-header-became-optional"])
    #expect(
      try Versions.item(optional, header(#""schema":{"type":"string"}"#)).rules
        == ["response-header-type-changed"])
  }

  @Test func `ways in may be added and not taken away`() throws {
    func secured(_ security: String) -> String { get(#""security":"# + security) }
    let key = #"[{"key":[]}]"#
    #expect(try Versions.item(Self.get, secured(key)).rules == ["api-security-added"])
    #expect(try Versions.item(secured(key), Self.get).rules == [])
    #expect(try Versions.item(secured(key), secured(#"[{"key":[]},{"token":[]}]"#)).rules == [])
    #expect(
      try Versions.item(secured(key), secured(#"[{"key":[],"token":[]}]"#)).rules
        == ["api-security-changed"])
    #expect(
      try Versions.item(secured(#"[{"o":["read"]}]"#), secured(#"[{"o":["read","write"]}]"#)).rules
        == ["api-security-changed"])
    #expect(
      try Versions.item(secured(#"[{"o":["read","write"]}]"#), secured(#"[{"o":["read"]}]"#)).rules
        == [])
    #expect(try Versions.item(secured(key), secured("[{},{\"token\":[]}]")).rules == [])
    let whole = #","security":[{"key":[]}]"#
    #expect(
      try Versions(
        #"{"openapi":"3.1.0","paths":{"/a/{id}":\#(Self.get)}}"#,
        #"{"openapi":"3.1.0","paths":{"/a/{id}":\#(Self.get)}\#(whole)}"#
      ).rules == ["api-security-added"])
    func scheme(_ place: String, _ name: String = "key") -> String {
      #"{"openapi":"3.1.0","paths":{"/a/{id}":\#(secured(#"[{"\#(name)":[]}]"#))},"#
        + #""components":{"securitySchemes":{""# + name + #"":{"type":"apiKey","in":""# + place
        + #"","name":"k"}}}}"#
    }
    #expect(try Versions(scheme("header"), scheme("header", "renamed")).rules == [])
    #expect(
      try Versions(scheme("header"), scheme("query", "renamed")).rules == ["api-security-changed"])
    #expect(
      try Versions(scheme("header"), scheme("query")).rules == ["api-security-scheme-changed"])
  }

  @Test func `what one schema changes in many operations is told once`() throws {
    func document(_ type: String) -> String {
      let answer =
        ##"{"get":{"responses":{"200":{"content":{"application/json":{"schema":"##
        + ##"{"$ref":"#/components/schemas/A"}}}}}}}"##
      return #"{"openapi":"3.1.0","paths":{"/a":\#(answer),"/b":\#(answer),"/c":\#(answer)},"#
        + #""components":{"schemas":{"A":{"type":"object","properties":{"x":{"type":""# + type
        + #""}}}}}}"#
    }
    let report = try Versions(document("string"), document("integer")).report()
    #expect(report.changes.count == 1)
    #expect(report.changes.first?.operations == ["GET /a", "GET /b", "GET /c"])
    #expect(
      report.text == """
        breaking  response-property-type-changed
          GET /a and 2 other operations, response 200, application/json: /x
          it was string and is integer now; a client that reads string meets integer
          new document, /components/schemas/A/properties/x

        3 operations: 1 breaking change

        """)
  }

  @Test func `accepted changes are listed and break nothing`() throws {
    let versions = try Versions.item(
      #"{"get":{"responses":{"200":{}}},"delete":{"responses":{"204":{}}}}"#, "{}")
    let one = try #require(AcceptedChange(parsing: "api-removed GET /a/{id}"))
    let first = versions.report(accepting: [one])
    #expect(!first.isCompatible)
    #expect(first.changes.map(\.isAccepted) == [false, true])
    #expect(first.text.hasSuffix("2 operations: 1 breaking change, 1 accepted\n"))
    let all = try #require(AcceptedChange(parsing: "api-removed"))
    #expect(versions.report(accepting: [all]).isCompatible)
    #expect(AcceptedChange(parsing: "API removed") == nil)
    #expect(AcceptedChange(parsing: "") == nil)
  }

  @Test func `servers, webhooks and callbacks are looked at`() throws {
    func document(_ rest: String) -> String {
      #"{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{}}}}"# + rest + "}"
    }
    #expect(
      try Versions(
        document(#","servers":[{"url":"/v1"}]"#), document(#","servers":[{"url":"/v2"}]"#)
      ).rules == ["api-servers-changed?"])
    #expect(
      try Versions(
        document(#","servers":[{"url":"/v1"}]"#),
        document(#","servers":[{"url":"/v2"},{"url":"/v1"}]"#)
      ).rules == [])
    #expect(
      try Versions(document(""), document(#","webhooks":{"x":{}}"#)).rules
        == ["webhooks-not-compared?"])
    #expect(
      try Versions.item(Self.get, get(#""callbacks":{"x":{}}"#)).rules
        == ["callbacks-not-compared?"])
  }

  @Test(arguments: [
    ("[]", "/: expected an object"),
    (#"{"swagger":"2.0","paths":{}}"#, "/swagger: Swagger 2.0 is not read"),
    (#"{"paths":{}}"#, "/openapi: missing"),
    (#"{"openapi":"4.0","paths":{}}"#, "/openapi: expected a version from 3.0 on"),
    (#"{"openapi":"3.1.0"}"#, "/paths: missing"),
    (
      ##"{"openapi":"3.1.0","paths":{"/a":{"$ref":"#/components/x"}}}"##,
      "/paths/~1a/$ref: refers to nothing: #/components/x"
    ),
    (
      #"{"openapi":"3.1.0","paths":{"/a":{"$ref":"other.yaml#/a"}}}"#,
      "/paths/~1a/$ref: refers to another document, other.yaml#/a; bundle both into one first"
    ),
  ])
  func `a document that cannot be used says where and why`(text: String, problem: String) throws {
    let found = #expect(throws: APIProblem.self) { try Versions.document(text) }
    #expect(found?.description.hasPrefix(problem) == true, "\(found?.description ?? "")")
  }

  @Test func `what only looks like a reference is none`() throws {
    _ = try Versions.document(
      #"{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"200":{"content":{"application/json":"#
        + #"{"example":{"$ref":"x.yaml"},"schema":{"type":"object","properties":{"$ref":"#
        + #"{"type":"string"},"example":{"type":"string"}}}}}}}}}}}"#)
  }
}
