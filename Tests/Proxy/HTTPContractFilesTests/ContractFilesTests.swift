// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPContractFiles
import HTTPContracts
import JSONDocuments
import ShadowComparison
import Testing

@Suite final class ContractFilesTests {
  private let folder = FileManager.default.temporaryDirectory
    .appending(path: "strangler-contracts-\(UUID().uuidString.lowercased())")
    .path(percentEncoded: false)

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ text: String, _ name: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: folder + "/" + name))
    return folder + "/" + name
  }

  private func example(_ target: String, status: Int = 200) -> ContractExample {
    ContractExample(
      request: .init(method: "GET", target: target, headers: [], body: .none),
      answer: .init(status: status, headers: [], body: .none))
  }

  private func problem(_ body: () throws -> Void) -> String {
    #expect(throws: ExampleFolder.Problem.self, performing: body)?.description ?? ""
  }

  // MARK: - Examples

  @Test func `examples get a file each, and those that are there stay`() throws {
    let path = folder + "/made/here"
    #expect(problem { _ = try ExampleFolder(path, creates: false) }.contains("there is no folder"))
    var examples = try ExampleFolder(path, creates: true)
    #expect(
      try examples.add([
        example("/orders/1"), example("/orders/2?x=1"), example("/orders/3", status: 404),
        example("/a_b/É"),
      ]) == [
        "get-orders-id-200.json", "get-orders-id-200-2.json", "get-orders-id-404.json",
        "get-a-b-200.json",
      ])
    #expect(try examples.add([example("/orders/4")]) == ["get-orders-id-200-3.json"])
    var again = try ExampleFolder(path, creates: false)
    #expect(again.entries.map(\.file) == examples.entries.map(\.file).sorted())
    #expect(again.entries.count == 5)
    // Somebody else's file is not written over.
    try Data("{}".utf8).write(to: URL(filePath: path + "/get-x-200.json"))
    #expect(problem { _ = try again.add([example("/x")]) }.contains("cannot write to"))
    #expect(try Data(contentsOf: URL(filePath: path + "/get-x-200.json")) == Data("{}".utf8))
  }

  @Test func `files that cannot be used are named`() throws {
    let file = try write("{\n  \"schema\": }", "bad.json")
    #expect(
      problem { _ = try ExampleFolder(folder, creates: false) }
        == "\(file):2:13: not JSON: an unexpected byte")
    _ = try write("{\"schema\": 1}", "bad.json")
    #expect(
      problem { _ = try ExampleFolder(folder, creates: false) }
        == "\(file): /schema: expected a text")
    #expect(problem { _ = try ExampleFolder(file, creates: true) }.contains("is no folder"))
  }

  // MARK: - Descriptions

  @Test func `YAML is read as the JSON that it stands for`() throws {
    let yaml = try write(
      """
      # An API.
      openapi: 3.1.0
      paths:
        /orders/{id}:
          get:
            deprecated: false
            parameters:
              - { name: id, in: path, required: true, schema: &id { type: integer, minimum: +01 } }
            responses:
              200:
                description: yes
                content:
                  application/json:
                    schema:
                      type: object
                      required: [id, day]
                      properties:
                        id: *id
                        day: { enum: [no, 2026-01-02, "7", 7, .5, 1e2, ~] }
      """, "api.yaml")
    let json = try write(
      #"""
      {"openapi":"3.1.0","paths":{"/orders/{order}":{"get":{"parameters":[{"name":"order","in":"path",
      "required":true,"schema":{"type":"integer","minimum":1}}],"responses":{"200":{"description":
      "yes","content":{"application/json":{"schema":{"type":"object","required":["id","day"],
      "properties":{"id":{"type":"integer","minimum":1},"day":{"enum":["no","2026-01-02","7",7,0.5,100,null]}}}}}}}}}}}
      """#, "api.json")
    let (one, other) = (try APIDescriptionFile.read(yaml), try APIDescriptionFile.read(json))
    #expect(APIComparison.report(old: one, new: other).changes == [])
    #expect(APIComparison.report(old: other, new: one).changes == [])
  }

  @Test(arguments: [
    ("a: b\n c: d", "api.yaml:2:3: not YAML: mapping values"),
    ("a: 1\nb: {a: 1, a: 2}", "the key \"a\" stands here twice"),
    ("? [a]\n: b", "expected a text as key"),
    ("<<: {a: 1}", "merge keys (<<) are not read"),
    ("openapi: 3.1.0", "/paths: missing"),
    ("- a", "expected an object, found array"),
    ("", "api.yaml is empty"),
    ("{openapi: 3.1, paths: {}}", "/openapi: missing"),
  ])
  func `a document that cannot be used says where and why`(text: String, sentence: String) throws {
    let file = try write(text, "api.yaml")
    let found = problem { _ = try APIDescriptionFile.read(file) }
    #expect(found.contains(sentence), "\(found)")
  }

  @Test func `JSON that is none is told by its place`() throws {
    let file = try write("{\"openapi\": \"3.1.0\",\n}", "api.json")
    #expect(
      problem { _ = try APIDescriptionFile.read(file) }
        == "\(file):2:1: not JSON: an unexpected byte")
    #expect(problem { _ = try APIDescriptionFile.read(folder + "/none") }.contains("cannot read"))
  }

  @Test func `aliases do not grow without end`() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let list = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(list)]\n"
    }
    let file = try write(text, "api.yaml")
    #expect(
      problem { _ = try APIDescriptionFile.read(file) }.contains("once aliases are followed"))
  }
}
