// SPDX-License-Identifier: Apache-2.0
import Foundation
import SchemaValidation
import Testing

/// `strangler contracts record` and `verify` with the real shop and the real orders service.
@Suite("HTTP contracts", .timeLimit(.minutes(3)))
struct HTTPContractsTests {
  private static let har = Repository.root.appending(path: "fixtures/traffic/shop-visit.har")
    .path(percentEncoded: false)

  private func run(
    _ arguments: [String], expecting code: Int32 = 0
  ) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["contracts"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  private func record(_ folder: String, _ arguments: [String] = []) async throws -> Outcome {
    try await run(
      ["record", "--har", Self.har, "--path", "/orders/**", "--output", folder] + arguments)
  }

  /// Where answers break examples of an endpoint, as a verification in JSON lists it.
  private func broken(_ json: String) throws -> [String: Set<String>] {
    struct Verification: Decodable {
      struct Example: Decodable {
        struct Mismatch: Decodable {
          let pointer: String?
          let kind: String
        }
        let endpoint: String
        let mismatches: [Mismatch]?
      }
      let examples: [Example]
    }
    let verification = try JSONDecoder().decode(Verification.self, from: Data(json.utf8))
    return verification.examples.reduce(into: [:]) { all, example in
      for mismatch in example.mismatches ?? [] {
        let place = (mismatch.pointer ?? "").split(separator: "/")
          .map { Int($0) == nil ? String($0) : "*" }.joined(separator: "/")
        all[example.endpoint, default: []].insert("\(place) \(mismatch.kind)")
      }
    }
  }

  @Test func `the reason that the extracted service lost is found`() async throws {
    try await BothSides.running { sides in
      let folder = sides.path("contracts")
      let recorded = try await record(folder)
      #expect(recorded.output.contains("\(folder): 12 added, 79 of a kind that was there\n"))
      #expect(recorded.output.contains("3 may change data"))
      let own = try await run(["verify", folder, "--service", sides.legacy])
      #expect(
        own.output
          == "12 examples: 9 kept, 0 broken, 3 not sent: they may change data (--allow-unsafe)\n")
      let other = try await run(["verify", folder, "--service", sides.extracted], expecting: 1)
      #expect(
        other.output == """
          GET /orders/{id} 200: broken (get-orders-id-200-2.json)
            /cancelledReason: missing, expected a string such as "changed-mind"
          12 examples: 8 kept, 1 broken, 3 not sent: they may change data (--allow-unsafe)

          """)
      let json = try await run(
        ["verify", folder, "--service", sides.extracted, "--format", "json"], expecting: 1)
      let schema = try JSONSchema.fixture("contract-verification.schema.json")
      #expect(try schema.problems(in: json.output) == [])
    }
  }

  @Test func `pinned totals find the rounding, and no other difference`() async throws {
    try await BothSides.running { sides in
      let folder = sides.path("contracts")
      let pins = ["--pin", "total", "--pin", "items[].total"]
      _ = try await record(folder, pins + ["--optional", "cancelledReason"])
      _ = try await run(["verify", folder, "--service", sides.legacy])
      let json = try await run(
        ["verify", folder, "--service", sides.extracted, "--format", "json"], expecting: 1)
      #expect(
        try broken(json.output) == [
          "GET /orders/{id}": ["total value"], "GET /orders": ["items/*/total value"],
        ])
    }
  }

  @Test func `evidence of a comparison makes examples of what differed`() async throws {
    try await BothSides.running { sides in
      let replay = try await sides.replay(["--path", "/orders/{id}", "--repeat", "4"])
      #expect(replay.exitCode == 1, "\(replay.errors)")
      let folder = sides.path("contracts")
      let evidence = ["record", "--evidence", sides.path("shadow.sqlite"), "--output", folder]
      let recorded = try await run(evidence + ["--format", "json"])
      let schema = try JSONSchema.fixture("contract-recording.schema.json")
      #expect(try schema.problems(in: recorded.output) == [])
      _ = try await run(["verify", folder, "--service", sides.legacy])
      let other = try await run(["verify", folder, "--service", sides.extracted], expecting: 1)
      #expect(other.output.contains("/cancelledReason: missing"))
      let again = try await run(evidence + ["--run", "1"])
      #expect(again.output.contains(": 0 added, "))
      // The extracted side's answers are what its own clients get.
      let own = sides.path("own")
      _ = try await run(evidence.dropLast() + [own, "--side", "extracted"])
      _ = try await run(["verify", own, "--service", sides.extracted])
      let unknown = try await run(evidence + ["--run", "9"], expecting: 2)
      #expect(unknown.errors.contains("there is no run 9"))
    }
  }

  @Test func `examples follow their schema, and can be changed by hand`() async throws {
    try await BothSides.running { sides in
      let folder = sides.path("contracts")
      _ = try await record(
        folder, ["--pin", "status", "--ignore", "country", "--optional", "discount"])
      let schema = try JSONSchema.fixture("http-contract.schema.json")
      let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(files.count > 12)
      for file in files {
        let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
        #expect(try schema.problems(in: text) == [], "\(file)")
      }
      let name = "contracts/get-orders-id-404.json"
      let text = try String(contentsOfFile: sides.path(name), encoding: .utf8)
      let pinned = text.replacing(#""pin": ["#, with: #""pin": ["error.code","#)
      #expect(pinned != text)
      let one = ["verify", folder, "--service", sides.legacy, "--endpoint", "GET /orders/{id}"]
      _ = try sides.write(pinned, to: name)
      _ = try await run(one)
      _ = try sides.write(pinned.replacing("order-not-found", with: "no-order"), to: name)
      #expect(
        try await run(one, expecting: 1).output.contains(
          #"/error/code: expected "no-order", found "order-not-found""#))
      _ = try sides.write(text.replacing(#""pin""#, with: #""pinned""#), to: name)
      #expect(try await run(one, expecting: 2).errors.contains("/match/pinned: not known here"))
    }
  }

  @Test func `what may change data is sent when it is wanted`() async throws {
    try await BothSides.running { sides in
      let folder = sides.path("contracts")
      _ = try await record(folder)
      let writes = ["verify", folder, "--endpoint", "POST /orders", "--service", sides.extracted]
      let refused = try await run(writes, expecting: 2)
      #expect(refused.errors.contains("all of the examples may change data"))
      let sent = try await run(writes + ["--allow-unsafe"])
      #expect(sent.output == "2 examples: 2 kept, 0 broken\n")
    }
  }

  @Test func `what cannot be used ends with 2 and a sentence`() async throws {
    let scratch = try Scratch()
    let folder = scratch.path + "/contracts"
    let nobody = "http://127.0.0.1:1"
    _ = try await record(folder)
    let bad = try scratch.write(#"{"schema": "x"}"#, to: "bad/a.json")
    let empty = try scratch.write(#"{"log":{"entries":[]}}"#, to: "empty.har")
    for (arguments, sentence) in [
      (["verify", folder, "--service", nobody], "answered none of the requests"),
      (["verify", scratch.path + "/none", "--service", nobody], "there is no folder"),
      (["verify", scratch.path + "/bad", "--service", nobody], "\(bad): /schema: expected"),
      (["verify", folder, "--service", "nowhere"], "--service: expected an address"),
      (["verify", folder, "--service", nobody, "--endpoint", "GET /x"], "no example of GET /x"),
      (
        ["verify", folder, "--service", nobody, "--deadline", "0"], "--deadline: expected 1 to 300"
      ),
      (
        ["record", "--har", empty, "--output", folder], "no exchange of \(empty) became an example"
      ),
      (["record", "--output", folder], "--har: missing"),
      (["record", "--har", Self.har, "--run", "1", "--output", folder], "--run: only beside"),
      (["record", "--har", Self.har, "--pin", "", "--output", folder], "--pin: expected a path"),
      (
        ["record", "--har", Self.har, "--path", "/none", "--output", folder],
        "172 that no route or path takes"
      ),
    ] {
      let outcome = try await run(arguments, expecting: 2)
      #expect(outcome.errors.contains(sentence), "\(arguments): \(outcome.errors)")
    }
  }
}
