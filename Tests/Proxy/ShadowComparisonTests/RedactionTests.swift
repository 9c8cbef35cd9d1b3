// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ShadowComparison

/// The place of a member by the names on its way; `[]` for elements.
private func place(_ names: String...) -> ResponsePath {
  names.reduce(.root) { $1 == "[]" ? $0.elements : $0.member($1) }
}

struct RedactionTests {
  private static func redaction(_ patterns: String...) -> Redaction {
    Redaction(ComparisonRules(redact: patterns.map { PathPattern($0) }))
  }

  @Test(arguments: [
    ("**email", place("contact.email"), true), ("**email", place("a", "Email"), true),
    ("**.email", place("EMAIL"), true), ("email", place("a", "[]", "email"), true),
    ("email", place("a", "contact.eMail"), true), ("*Email", place("a", "workEmail"), true),
    ("email", place("emails"), false), ("email", place("email.sent"), false),
    // Whatever lies within.
    ("customer", place("customer", "name"), true),
    ("customer", place("customer.x", "name"), false),
    ("items[].note", place("items", "[]", "note", "text"), true),
    ("items[].note", place("items", "[]", "price"), false),
    ("header:set-cookie", ResponsePath.header("Set-Cookie"), true),
    ("email", ResponsePath.status, false),
    ("email", place(String(repeating: "x", count: 600), "y"), true),
  ])
  func placesAreHidden(_ pattern: String, _ path: ResponsePath, _ isHidden: Bool) {
    #expect(Self.redaction(pattern).hides(path) == isHidden)
  }

  @Test(arguments: [
    ("a*c", "abc", true), ("a*c", "a.c", false), ("a**c", "a.b.c", true), ("**", "", true),
    ("**b*d", "a.b.bd", true), ("**b*d", "a.b.d", false), ("*", "", true), ("a", "", false),
    ("**x.*y", "x.ax.by", true), ("a*b*c", "aXbYbZc", true), ("a*b", "abbX", false),
  ])
  func patternsMatchWholeTexts(_ pattern: String, _ text: String, _ matches: Bool) {
    #expect(PathPattern(pattern).matches(ResponsePath(text)) == matches)
  }

  @Test func aPatternOfManyStarsIsDecidedQuickly() {
    let pattern = PathPattern("**a**a**a**a**a**a**a**a**b")
    #expect(!pattern.matches(ResponsePath(String(repeating: "a", count: 512))))
  }

  @Test(arguments: [
    ("/reset/abc/x?y=1", "/reset/{token}/x?y=1"), ("/Reset/abc", "/Reset/{token}"),
    ("/r%65set/abc/", "/r%65set/{token}/"), ("/reset", "/reset"), ("/", "/"),
    ("/a/reset/abc", "/a/reset/abc"), ("/u/1/mail/ann", "/u/1/mail/{address}"),
    ("/mail/ann/mail/bob", "/mail/{address}/mail/bob"),
  ])
  func segmentsOfRequestsAreHidden(_ target: String, _ shown: String) {
    let redaction = Self.redaction("path:/reset/{token}", "path:/**/mail/{address}")
    #expect(redaction.target(target) == shown)
  }

  @Test func parametersAreHiddenByTheirBareNames() {
    let redaction = Self.redaction("**email", "query:token")
    #expect(
      redaction.target("/a?Email=x&page=2&user[email]=x;Token=x&%74oken=x&a.email=x&&c")
        == "/a?Email=(redacted)&page=2&user[email]=(redacted);Token=(redacted)"
        + "&%74oken=(redacted)&a.email=(redacted)&&c")
    #expect(Self.redaction("path:/x/{y}").target("/a?%74oken=x") == "/a?%74oken=x")
  }

  @Test func addressesInHeadersAreRequestsToo() {
    let redaction = Self.redaction("path:/reset/{token}", "query:key")
    #expect(
      redaction.header("Location", "https://shop.example/reset/abc?key=x")
        == "https://shop.example/reset/{token}?key=(redacted)")
    #expect(redaction.header("location", "/reset/abc") == "/reset/{token}")
    #expect(redaction.header("location", "abc") == Redaction.mark)
    #expect(
      redaction.header("location", "//shop.example/reset/abc") == "//shop.example/reset/{token}")
    #expect(
      redaction.header("location", "/a?key=x&next=https://shop.example/reset/abc")
        == "/a?key=(redacted)&next=https://shop.example/reset/abc")
    #expect(
      redaction.header("location", "/a?key=x&next=https://shop.example")
        == "/a?key=(redacted)&next=https://shop.example")
    #expect(redaction.header("location", "https://app/cb?a=1#key=x") == "https://app/cb?a=1")
    #expect(redaction.header("location", "https://app#key=x") == "https://app")
    #expect(redaction.target("/a?b=1#key=x") == "/a?b=1")
    #expect(redaction.header("etag", "/reset/abc") == "/reset/abc")
    let rules = ComparisonRules(redact: [PathPattern("path:/reset/{token}")])
    #expect(rules.endpoint(method: "GET", target: "/reset/abc?x=1") == "GET /reset/{token}")
    #expect(rules.endpoint(method: "GET", target: "/u/ann@a.example") == "GET /u/{id}")
  }

  @Test func namesWithinAHiddenPlaceAreHidden() {
    func answer(_ text: String) -> ComparedResponse {
      ComparedResponse(
        status: 200, headers: [.init(name: "content-type", value: "application/json")],
        body: Array(text.utf8))
    }
    let rules = ComparisonRules(
      ignore: [PathPattern("byOwner.at")], redact: [PathPattern("byOwner")])
    let found = ResponseComparator(rules: rules).compare(
      legacy: answer(#"{"byOwner":{"ann":1,"at":1,"bob":1}}"#),
      extracted: answer(#"{"byOwner":{"ann":2,"at":2,"bob":2}}"#))
    #expect(found.differences.map(\.pathKind.path.description) == ["byOwner"])
    #expect(found.differences.map(\.legacy) == [Redaction.mark])
  }

  @Test(arguments: ["", "path:", "path:/reset", "path:/**/a/**/{b}"])
  func aRuleThatHidesNothingIsRefused(_ text: String) {
    #expect(ComparisonRules.redaction(text) == nil)
  }
}
