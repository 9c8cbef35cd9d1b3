// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `strangler outbox contracts` as CI and people run it.
@Suite("Contracts commands", .timeLimit(.minutes(1)))
struct ContractsTests {
  private static let first = """
    {"type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}}}
    """
  private static let second = """
    {"type": "object", "required": ["total"],
     "properties": {"total": {"type": "number"}, "note": {"type": "string"}}}
    """

  private func run(_ arguments: [String], expecting code: Int32 = 0) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["outbox", "contracts"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  @Test func `check compares versions`() async throws {
    let scratch = try Scratch()
    let folder = scratch.path + "/contracts"
    try scratch.write(Self.first, to: "contracts/order/placed/1.json")
    #expect(
      try await run(["check", folder]).output == "1 contract, 0 comparisons: compatible\n")
    try scratch.write(Self.second, to: "contracts/order/placed/2.json")
    let failed = try await run(["check", folder], expecting: 1)
    #expect(
      failed.output.hasPrefix(
        """
        order/placed/1.json#/properties/total/type: broken
          forward: a consumer with version 1 refuses what a producer with version 2 may write, at \
        /total: expected an integer, got 0.3
          such as {"total":0.3}
        2 contracts, 1 comparison: 1 finding

        """))
    #expect(
      try await run(["check", folder, "--mode", "backward"]).output
        == "2 contracts, 1 comparison: compatible\n")
    let json = try await run(["check", folder, "--format", "json"], expecting: 1).output
    let report = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    #expect(report?["compatible"] as? Bool == false)
    try scratch.write(
      Self.second.replacing(
        "{\"type\": \"object\"", with: "{\"x-breaks\": \"t\", \"type\": \"object\""),
      to: "contracts/order/placed/2.json")
    #expect(try await run(["check", folder]).output.contains("accepted, broken"))
  }

  @Test func `check holds to what was published`() async throws {
    let scratch = try Scratch()
    try scratch.write(Self.first, to: "old/order/placed/1.json")
    try scratch.write(Self.second, to: "new/order/placed/1.json")
    let arguments = ["check", scratch.path + "/new", "--against", scratch.path + "/old"]
    #expect(
      try await run(arguments, expecting: 1).output.contains("version 1 as it was published"))
    _ = try await run(arguments + ["--mode", "backward"])
    try scratch.write(Self.first, to: "old/order/paid/1.json")
    #expect(
      try await run(arguments + ["--mode", "backward"], expecting: 1).output
        .contains("order/paid/1.json: removed"))
  }

  @Test func `what cannot be read is said`() async throws {
    let scratch = try Scratch()
    let missing = try await run(["check", scratch.path + "/none"], expecting: 2)
    #expect(missing.errors.contains("there is no folder"))
    _ = try await run(["check", scratch.path], expecting: 2)
    try scratch.write("{", to: "contracts/order/placed/1.json")
    let folder = scratch.path + "/contracts"
    let check = try await run(["check", folder], expecting: 1)
    #expect(check.output.hasPrefix("order/placed/1.json: unusable\n  line 1, column 2: "))
    let document = try await run(["asyncapi", folder], expecting: 2)
    #expect(document.errors.contains("order/placed/1.json: line 1, column 2"))
  }

  @Test func `validate lists all that is wrong with a payload`() async throws {
    let scratch = try Scratch()
    try scratch.write(Self.first, to: "contracts/order/placed/1.json")
    let good = try scratch.write(#"{"total": 5}"#, to: "good.json")
    let bad = try scratch.write(#"{"total": "5", "tax": 1}"#, to: "bad.json")
    let arguments = ["--event", "order/placed/1", "--contracts", scratch.path + "/contracts"]
    #expect(
      try await run(["validate", good] + arguments).output == "\(good): keeps its contract\n")
    let failed = try await run(["validate", good, bad] + arguments, expecting: 1)
    #expect(
      failed.output.hasSuffix(
        """
        \(bad): breaks its contract order/placed/1.json
          /total: expected integer, got "5"

        """))
    let json = try await run(["validate", bad, "--format", "json"] + arguments, expecting: 1)
    #expect(json.output.contains(#""pointer": "/total""#))
    _ = try await run(["validate", good, "--event", "placed"], expecting: 2)
  }

  @Test func `asyncapi describes the events of the orders service`() async throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "fixtures/orders-service/contracts").path(percentEncoded: false)
    _ = try await run(["check", folder, "--transitive"])
    let document = try await run(["asyncapi", folder, "--title", "Orders"])
    #expect(document.output.hasPrefix("{\n  \"asyncapi\": \"3.0.0\",\n"))
    #expect(document.output.contains(#""address": "outbox.event.order""#))
    #expect(try await run(["asyncapi", folder, "--title", "Orders"]).output == document.output)
  }
}
