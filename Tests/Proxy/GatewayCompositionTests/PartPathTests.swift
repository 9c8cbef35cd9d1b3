// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayComposition

@Suite("What parts are asked for") struct PartPathTests {
  private static func target(
    _ text: String, _ parameters: [String: String], query: String = ""
  ) throws -> String {
    let path = try PartPath(parsing: text)
    let target = path.target(
      parameters: parameters.mapValues { Array($0.utf8) }, query: Array(query.utf8))
    return String(decoding: target, as: UTF8.self)
  }

  @Test(
    "Parameters of path and query go where they stand",
    arguments: [
      ("/customers/{id}", "", "/customers/7"),
      ("/a/{id}/b", "x=1", "/a/7/b"),
      ("/orders?customer={id}", "", "/orders?customer=7"),
      ("/orders?customer={id}&limit={query.limit}", "limit=5&x=1", "/orders?customer=7&limit=5"),
      ("/orders?customer={id}&limit={query.limit}", "x=1", "/orders?customer=7"),
      ("/orders?limit={query.limit}", "", "/orders"),
      ("/orders?limit={query.limit}", "limit=", "/orders?limit="),
      ("/search?{query}&by={id}", "q=a+b&n=%26", "/search?q=a+b&n=%26&by=7"),
      ("/search?{query}", "", "/search"),
      ("/x?first={query.a}", "a=1&a=2", "/x?first=1"),
    ])
  func targets(text: String, query: String, expected: String) throws {
    #expect(try Self.target(text, ["id": "7"], query: query) == expected)
  }

  @Test("Nothing of a request can add a pair to the query")
  func injection() throws {
    let hostile = "1&admin=true;x=y?z/%26+#"
    #expect(
      try Self.target("/orders?customer={id}", ["id": hostile])
        == "/orders?customer=1%26admin%3Dtrue%3Bx%3Dy%3Fz%2F%26%2B%23")
    #expect(try Self.target("/x?a={query.a}", [:], query: "a=1&b=2") == "/x?a=1")
  }

  @Test(
    "What is no path says why",
    arguments: [
      ("customers", "starts with"), ("/a b", "visible ASCII"), ("/a#b", "visible ASCII"),
      ("/{id", "expected \"}\""), ("/id}", "expected \"{\""), ("/{}", "found \"{}\""),
      ("/{query.x}", "in the query only"), ("/{query}", "in the query only"),
      ("/a?x={query}", "stands alone"), ("/a?x={query.}", "found"),
    ])
  func mistakes(text: String, why: String) {
    do {
      _ = try PartPath(parsing: text)
      Issue.record("\(text) is taken")
    } catch {
      #expect(error.description.contains(why), "\(error)")
    }
  }

  @Test("The parameters that it needs")
  func parameters() throws {
    #expect(
      try PartPath(parsing: "/a/{id}?b={name}&c={query.d}").parameters == ["id", "name"])
  }
}
