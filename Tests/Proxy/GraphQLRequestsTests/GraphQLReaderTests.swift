// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GraphQLRequests

@Suite("Operations of GraphQL requests") struct GraphQLReaderTests {
  private static func read(_ document: String, name: String? = nil) -> String {
    do throws(GraphQLUndecided) {
      let escaped = document.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        .replacing("\n", with: "\\n")
      let operationName = name.map { ",\"operationName\":\"\($0)\"" } ?? ""
      return text(
        try GraphQLReader.operation(
          body: Array("{\"query\":\"\(escaped)\"\(operationName)}".utf8), form: .json))
    } catch {
      return error.rawValue
    }
  }

  private static func text(_ operation: GraphQLOperation) -> String {
    [
      operation.kind?.rawValue ?? "?", operation.name ?? "-",
      operation.rootFields?.joined(separator: ",") ?? "?",
    ].joined(separator: " ")
  }

  @Test(
    "The root fields of documents",
    arguments: [
      ("{ products }", "query - products"),
      ("query { products { id name } cart { items { id } } }", "query - cart,products"),
      ("query Page { mine: products(first: 3) { id } }", "query Page products"),
      ("mutation Buy($id: ID! = \"a{b\") @live { buy(id: $id) { id } }", "mutation Buy buy"),
      ("subscription { stock(id: [1, {a: -2.5e3}]) }", "subscription - stock"),
      ("{ a b, c,,, d }", "query - a,b,c,d"),
      ("\u{FEFF}{ a # } b\n c }", "query - a,c"),
      ("{ a(text: \"}\\\" { \\u00e9 \\u{1F600}\") b }", "query - a,b"),
      ("{ a(text: \"\"\"}} \" \\\"\"\" { é\"\"\") b }", "query - a,b"),
      ("{ ...F } fragment F on Query { a ...G } fragment G on Query { b }", "query - a,b"),
      ("{ ... on Query { a ... @include(if: true) { b } } c }", "query - a,b,c"),
      ("{ ...F ...F } fragment F on Query { a ...F }", "query - a"),
      ("{ a @skip(if: true) @x b }", "query - a,b"),
      ("{ query mutation: fragment on }", "query - fragment,on,query"),
      ("\"what it does\" query Q { a }", "query Q a"),
    ])
  func rootFields(document: String, expected: String) {
    #expect(Self.read(document) == expected)
  }

  @Test("Of several operations the name decides; without one, nothing does")
  func severalOperations() {
    let document = "query A { a } query B { b } mutation C { c }"
    #expect(Self.read(document, name: "B") == "query B b")
    #expect(Self.read(document, name: "C") == "mutation C c")
    #expect(Self.read(document) == "ambiguous")
    #expect(Self.read(document, name: "D") == "unknown-operation")
    #expect(Self.read("query A { a } query A { b }", name: "A") == "malformed")
    #expect(Self.read("{ a } query B { b }", name: "B") == "malformed")
    #expect(Self.read("query A { a }", name: "") == "query A a")
  }

  @Test(
    "What is no document is decided by nobody",
    arguments: [
      "", "{", "}", "{}", "{ a", "{ a }}", "{ a( }", "{ a(b: [) }", "{ a(b: \"x) }", "query",
      "query A", "{ a: }", "{ ... }", "{ ...on }", "{ ... on Query }", "fragment F on Q { a }",
      "type Query { a: Int }", "{ a(b: 1x) }", "{ a(b: 01) }", "{ a(b: .5) }", "{ a ü }",
      "{ a(b: \"\\x\") }", "{ a(b: \"\"\"x\") }", "{ a ..b }", "{ ... on Q {} }",
      "fragment F on Q { a } fragment F on Q { b } { ...F }",
    ])
  func malformed(document: String) {
    let found = Self.read(document)
    #expect(found == (document.isEmpty ? "not-graphql" : "malformed"), "\(document)")
  }

  @Test("A fragment that is not there leaves it open")
  func unknownFragment() {
    #expect(Self.read("{ a ...F }") == "unknown-fragment")
  }

  @Test(
    "Bodies in other forms",
    arguments: [
      (#"{"operationName":"Page","extensions":{"persistedQuery":{"version":1}}}"#, "? Page ?"),
      (#"{"query":null,"operationName":"Page"}"#, "? Page ?"),
      (#"{"extensions":{}}"#, "not-graphql"),
      (#"[{"query":"{ a }"}]"#, "batched"),
      (#"{"query":"{ a }","query":"{ b }"}"#, "malformed"),
      (#"{"query":["{ a }"]}"#, "malformed"),
      (#"{"query":"{ a }","operationName":7}"#, "malformed"),
      (#"{"query":"{ a }"} x"#, "malformed"),
      (#"{"query":"{ \u0061 }","operationName":null,"variables":{"n":1e400}}"#, "query - a"),
      ("query", "malformed"),
    ])
  func bodies(body: String, expected: String) {
    let found: String
    do throws(GraphQLUndecided) {
      found = Self.text(try GraphQLReader.operation(body: Array(body.utf8), form: .json))
    } catch {
      found = error.rawValue
    }
    #expect(found == expected)
  }

  @Test(
    "Queries of a GET",
    arguments: [
      ("query=%7B+products+%7D", "query - products"),
      ("query=query%20A%7Ba%7D%20query%20B%7Bb%7D&operationName=B", "query B b"),
      ("operationName=Page&extensions=%7B%7D", "? Page ?"),
      ("query=%7Ba%7D&query=%7Bb%7D", "ambiguous"),
      ("other=1", "not-graphql"),
      ("", "not-graphql"),
    ])
  func queries(query: String, expected: String) {
    let found = Array(query.utf8).withUnsafeBytes { bytes -> String in
      do throws(GraphQLUndecided) {
        return Self.text(try GraphQLReader.operation(query: bytes))
      } catch {
        return error.rawValue
      }
    }
    #expect(found == expected)
  }

  @Test("Content types, with parameters and in any case")
  func contentTypes() {
    func form(_ type: String) -> GraphQLReader.Form? {
      Array(type.utf8).withUnsafeBytes { GraphQLReader.Form(contentType: $0) }
    }
    #expect(form("Application/JSON; charset=utf-8") == .json)
    #expect(form("application/graphql") == .document)
    #expect(form("text/plain") == nil)
    #expect(form("") == nil)
  }
}
