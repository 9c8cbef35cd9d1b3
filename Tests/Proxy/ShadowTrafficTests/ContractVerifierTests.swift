// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import Hummingbird
import JSONDocuments
import NIOCore
import NIOPosix
import ShadowComparison
import ShadowTraffic
import Testing

/// Examples asked of a real server on loopback.
@Suite(.timeLimit(.minutes(1)))
struct ContractVerifierTests {
  private func example(
    _ request: String, _ answer: ContractExample.Body = .json(.object(["n": .integer(1)])),
    headers: [String: String] = [:], body: ContractExample.Body = .none, status: Int = 200
  ) -> ContractVerifier.Entry {
    let words = request.split(separator: " ").map(String.init)
    return (
      file: request,
      example: ContractExample(
        request: .init(
          method: words[0], target: words[1],
          headers: headers.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) },
          body: body),
        answer: .init(status: status, headers: [], body: answer))
    )
  }

  private func verify(
    _ entries: [ContractVerifier.Entry], _ side: TestSide,
    headers: [ComparedResponse.Header] = [], allowsUnsafe: Bool = false
  ) async throws -> [ContractVerification.Outcome] {
    let verifier = ContractVerifier(
      service: side.base, headers: headers, allowsUnsafe: allowsUnsafe,
      deadline: .seconds(10))
    return try await verifier.verify(entries) { _ in }.checked.map(\.outcome)
  }

  @Test func `answers are held to examples, in their order`() async throws {
    try await TestSide.serving { asked, _ in
      TestSide.json(asked.target.hasSuffix("7") ? #"{"n":"7"}"# : #"{"n":2,"more":true}"#)
    } _: { side in
      let entries = (0..<12).map { example("GET /a/\($0)") }
      let outcomes = try await verify(entries, side)
      #expect(outcomes.enumerated().allSatisfy { $0.offset == 7 || $0.element == .kept })
      #expect(
        outcomes[7]
          == .broken(
            [
              ContractMismatch(
                .body("/n"), .type, expected: "a whole number such as 1", found: "\"7\"")
            ], unlisted: 0))
      #expect(side.journal.all.count == 12)
      #expect(
        side.journal.all.allSatisfy { $0.headers["x-strangler-shadow"] == "contract" })
    }
  }

  @Test func `what may change data is sent when it is allowed, in order`() async throws {
    try await TestSide.serving { _, number in
      TestSide.json(#"{"n":\#(number)}"#)
    } _: { side in
      let entries = [
        example("POST /a", headers: ["x-key": "old"], body: .json(.object(["b": .integer(1)]))),
        example("GET /a"), example("GET /a?_method=delete"), example("PUT /a", body: .text("a=1")),
      ]
      #expect(try await verify(entries, side) == [.unsent, .kept, .unsent, .unsent])
      #expect(side.journal.all.map(\.method) == ["GET"])
      let outcomes = try await verify(
        entries, side, headers: [.init(name: "X-Key", value: "new")], allowsUnsafe: true)
      #expect(outcomes == [.kept, .kept, .kept, .kept])
      let asked = side.journal.all.dropFirst()
      #expect(asked.map { "\($0.method) \($0.target)" } == entries.map(\.file))
      #expect(asked.map(\.body) == [#"{"b":1}"#, "", "", "a=1"])
      #expect(asked.allSatisfy { $0.headers["x-key"] == "new" })
      #expect(asked.first?.headers["content-type"] == "application/json")
    }
  }

  @Test func `redirects are answers`() async throws {
    try await TestSide.serving { _, _ in
      Response(status: .found, headers: [.location: "/elsewhere"])
    } _: { side in
      let outcomes = try await verify([example("GET /a", .none, status: 302)], side)
      #expect(outcomes == [.kept])
      #expect(side.journal.all.map(\.target) == ["/a"])
    }
  }

  @Test func `what gives no whole answer is told with the reason`() async throws {
    let large = ByteBuffer(repeating: UInt8(ascii: "x"), count: ContractVerifier.bodyBytes + 1)
    try await TestSide.serving { asked, _ in
      if asked.target == "/packed" {
        return Response(
          status: .ok, headers: [.contentType: "application/json", .contentEncoding: "br"],
          body: ResponseBody(byteBuffer: ByteBuffer(string: "x")))
      }
      return Response(status: .ok, body: ResponseBody(byteBuffer: large))
    } _: { side in
      let outcomes = try await verify(
        [example("GET /large"), example("GET /packed")], side)
      #expect(
        outcomes == [
          .unanswered("the body is larger than 8 MiB"),
          .unanswered("the body is packed in a way that is not read (Content-Encoding)"),
        ])
    }
  }

  @Test func `nobody there, and nobody who says anything, is no answer`() async throws {
    let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = silent.localAddress?.port ?? 0
    for (address, reason) in [
      ("http://127.0.0.1:1", "no connection to http://127.0.0.1:1"),
      ("http://127.0.0.1:\(port)", "no whole answer within 1 s"),
    ] {
      let verifier = ContractVerifier(
        service: try #require(BaseAddress(parsing: address)), headers: [], allowsUnsafe: false,
        deadline: .seconds(1))
      let verification = try await verifier.verify([example("GET /a")]) { _ in }
      #expect(verification.verdict == .unanswered)
      #expect(verification.checked.map(\.outcome) == [.unanswered(reason)])
    }
    try await silent.close()
  }
}
