// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import JSONDocuments
import ShadowComparison
import Testing

@Suite struct ContractExampleTests {
  @Test func `an example is read as it was written`() throws {
    let bodies: [ContractExample.Body] = [
      .none, .json(.null), .json(.object(["a": .array([.integer(1)])])), .text("a=1"),
    ]
    for body in bodies {
      let example = ContractExample(
        request: .init(
          method: "POST", target: "/orders?x=1",
          headers: [.init(name: "accept", value: "application/json")], body: body),
        answer: .init(
          status: 201, headers: [.init(name: "location", value: "/orders/7")], body: .other),
        rules: MatchingRules(
          values: [PathPattern("status")], ignored: [PathPattern("**.debug")],
          optional: [PathPattern("note")], loose: [PathPattern("price")]),
        redacted: ["header cookie"])
      let text = example.json.json
      #expect(try ContractExample(JSONParser.parse(Array(text.utf8))) == example)
    }
  }

  @Test(arguments: [
    (#"[]"#, "/: expected an object, found array"),
    (#"{"schema":"other/1"}"#, #"/schema: expected "strangler.http-contract/1""#),
    (file(#""ignored":[]"#), "/ignored: not known here; there are schema, endpoint"),
    (file(#""match":{"pinned":["a"]}"#), "/match/pinned: not known here; there are pin, ignore"),
    (file(#""match":{"pin":[1]}"#), "/match/pin/0: expected a text"),
    (file("", target: "orders"), "/request/target: expected a path such as /orders/42"),
    (file("", status: "20"), "/answer/status: expected a status from 200 to 599"),
    (file("", answer: #","json":1,"text":"x""#), "/answer: expected one of json, text"),
    (file("", answer: #","headers":{"a":1}"#), "/answer/headers/a: expected a text"),
  ])
  func `a file that cannot be used says where and why`(text: String, problem: String) throws {
    let document = try JSONParser.parse(Array(text.utf8))
    let found = #expect(throws: ExampleProblem.self) { try ContractExample(document) }
    #expect(found?.description.hasPrefix(problem) == true, "\(found?.description ?? "")")
  }

  private static func file(
    _ member: String, target: String = "/orders", status: String = "200", answer: String = ""
  ) -> String {
    #"{"schema":"strangler.http-contract/1","request":{"method":"GET","target":""#
      + target + #""},"answer":{"status":"# + status + answer + "}"
      + (member.isEmpty ? "" : "," + member) + "}"
  }

  @Test func `requests that ask for another method are not safe`() {
    func isSafe(_ method: String, _ target: String, _ headers: [String]) -> Bool {
      ContractExample(
        request: .init(
          method: method, target: target, headers: headers.map { .init(name: $0, value: "PUT") },
          body: .none),
        answer: .init(status: 200, headers: [], body: .none)
      ).request.isSafe
    }
    #expect(isSafe("GET", "/a", ["accept"]))
    #expect(isSafe("HEAD", "/a?x=1", []))
    #expect(!isSafe("GET", "/a?_method=delete", []))
    #expect(!isSafe("GET", "/a", ["X-HTTP-Method-Override"]))
    #expect(!isSafe("DELETE", "/a", []))
  }
}
