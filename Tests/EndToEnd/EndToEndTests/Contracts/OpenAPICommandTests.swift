// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import SchemaValidation
import Testing

/// `strangler contracts openapi` with the description that our own admin API gives of itself.
@Suite("OpenAPI command", .timeLimit(.minutes(2)))
struct OpenAPICommandTests {
  private typealias Object = [String: Any]

  private func compare(
    _ arguments: [String], expecting code: Int32 = 0
  ) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["contracts", "openapi"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  /// What a proxy says of its admin API.
  private func ownDescription(_ scratch: Scratch) async throws -> Data {
    let configuration = try scratch.write(
      """
      proxy: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      upstreams: { legacy: { endpoints: ["127.0.0.1:1"] } }
      routes: [{ name: rest, match: { path: /** }, legacy: legacy }]
      """, to: "strangler.yaml")
    let proxy = try Executable.strangler.start([
      "proxy", "--config", configuration, "--log-level", "error",
    ])
    let admin = try await proxy.text(after: "admin listening on ")
    let answer = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: "http://\(admin)/openapi.json"), timeout: .seconds(20))
    let body = try await answer.body.collect(upTo: 4 << 20)
    proxy.signal(SIGTERM)
    _ = await proxy.outcome()
    return Data(body.readableBytesView)
  }

  /// The document with something changed at a place.
  private func changed(
    _ document: Data, _ path: [String], _ change: (Any?) throws -> Any?
  ) throws -> Data {
    func descend(_ value: Any?, _ path: ArraySlice<String>) throws -> Any? {
      guard let name = path.first else { return try change(value) }
      var object = try #require(value as? Object, "nothing at \(name)")
      object[name] = try descend(object[name], path.dropFirst())
      return object
    }
    let root = try JSONSerialization.jsonObject(with: document)
    return try JSONSerialization.data(withJSONObject: try #require(try descend(root, path[...])))
  }

  @Test func `our own description is compatible with itself`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write(try await ownDescription(scratch), to: "openapi.json")
    let outcome = try await compare(["--old", file, "--new", file])
    #expect(outcome.output.hasSuffix(" operations: compatible\n"))
    #expect(!outcome.output.hasPrefix("0 "))
    // Each schema compared in earnest, not passed over for being the same.
    let text = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
    let titled = text.replacing(
      /"type"\s*:\s*"object"/, with: #""type": "object", "x-seen": true"#)
    #expect(titled != text)
    let other = try scratch.write(titled, to: "titled.json")
    let again = try await compare(["--old", file, "--new", other])
    #expect(again.output == outcome.output)
  }

  @Test func `what an older version had is missed in ours`() async throws {
    let scratch = try Scratch()
    let own = try await ownDescription(scratch)
    let new = try scratch.write(own, to: "openapi.json")
    var old = try changed(own, ["paths", "/routes/{name}/old"]) { _ in
      ["get": ["responses": ["200": Object()]]]
    }
    old = try changed(old, ["components", "schemas", "Problem", "required"]) { value in
      (value as? [String] ?? []) + ["traceId"]
    }
    old = try changed(old, ["components", "schemas", "Order", "required"]) { _ in ["reason"] }
    let file = try scratch.write(old, to: "old.json")
    let text = try await compare(["--old", file, "--new", new], expecting: 1)
    let json = try await compare(["--old", file, "--new", new, "--format", "json"], expecting: 1)
    let schema = try JSONSchema.fixture("api-changes.schema.json")
    #expect(try schema.problems(in: json.output) == [])
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? Object)
    let breaking = try #require(report["changes"] as? [Object]).filter {
      $0["severity"] as? String == "breaking"
    }
    #expect(
      Set(breaking.compactMap { $0["rule"] as? String }) == [
        "api-removed", "response-required-property-removed", "request-property-became-required",
      ])
    #expect(breaking.count == 3)
    #expect(text.output.contains("\"actor\" has to be sent now; a client without it is refused"))
    let accepted = [
      "--accept", "api-removed GET /routes/{name}/old", "--accept",
      "response-required-property-removed", "--accept", "request-property-became-required",
    ]
    let meant = try await compare(["--old", file, "--new", new] + accepted)
    #expect(meant.output.contains("3 accepted"))
    // The other way round, nothing breaks but what is stricter there.
    let back = try await compare(["--old", new, "--new", file])
    #expect(back.output.contains("compatible"))
  }

  @Test func `YAML is read too, and what cannot be used is said`() async throws {
    let scratch = try Scratch()
    let old = try scratch.write(
      """
      openapi: 3.0.3
      info: { title: Orders, version: "1" }
      paths:
        /orders/{id}:
          get:
            responses:
              "200":
                description: An order.
                content:
                  application/json:
                    schema: { $ref: "#/components/schemas/Order" }
      components:
        schemas:
          Order:
            type: object
            required: [id, total]
            properties:
              id: { type: integer }
              total: { type: integer, description: in cents }
      """, to: "old.yaml")
    let text = try String(contentsOfFile: old, encoding: .utf8)
    let new = try scratch.write(
      text.replacing(
        "total: { type: integer, description: in cents }", with: "total: { type: number }"),
      to: "new.yaml")
    #expect(
      try await compare(["--old", old, "--new", new], expecting: 1).output == """
        breaking  response-property-type-changed
          GET /orders/{id}, response 200, application/json: /total
          it was integer and is number now; a client that reads integer meets number
          new document, /components/schemas/Order/properties/total

        1 operation: 1 breaking change

        """)
    let swagger = try scratch.write("swagger: \"2.0\"\npaths: {}\n", to: "swagger.yaml")
    for (arguments, sentence) in [
      (["--old", old, "--new", swagger], "Swagger 2.0 is not read"),
      (["--old", scratch.path + "/none.yaml", "--new", new], "cannot read"),
      (["--old", old, "--new", new, "--accept", "Not a rule"], "--accept: expected a rule"),
      (["--old", old], "--new"),
    ] {
      let outcome = try await compare(arguments, expecting: 2)
      #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    }
  }
}
