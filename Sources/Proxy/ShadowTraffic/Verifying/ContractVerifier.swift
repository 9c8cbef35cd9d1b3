// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
package import HTTPContracts
internal import JSONDocuments
package import ShadowComparison

/// Asks a service what examples ask, and holds its answers to theirs.
///
/// What may change data is not sent unless that is wanted, and then one by one in the order of the
/// examples. Redirects are not followed, nothing is tried again, and every answer is bounded in
/// time and in size.
package struct ContractVerifier: Sendable {
  /// Largest body of an answer that is looked at, in bytes.
  package static let bodyBytes = 8 << 20
  /// Requests under way at once, where none may change data.
  private static let concurrency = 4

  /// An example and what it is called.
  package typealias Entry = (file: String, example: ContractExample)

  private let service: BaseAddress
  private let headers: [ComparedResponse.Header]
  private let allowsUnsafe: Bool
  private let deadline: Duration

  /// - Parameters:
  ///   - headers: fields that every request gets, in place of recorded ones.
  ///   - deadline: how long one whole answer may take.
  package init(
    service: BaseAddress, headers: [ComparedResponse.Header], allowsUnsafe: Bool,
    deadline: Duration
  ) {
    self.service = service
    self.headers = headers
    self.allowsUnsafe = allowsUnsafe
    self.deadline = deadline
  }

  /// Asks everything.
  /// - Parameter progress: called with the number of examples that are over.
  package func verify(
    _ entries: [Entry], progress: @escaping @Sendable (Int) -> Void
  ) async throws -> ContractVerification {
    let isOrdered = allowsUnsafe && entries.contains { !$0.example.request.isSafe }
    let concurrency = isOrdered ? 1 : Self.concurrency
    let client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup,
      configuration: .comparing(connections: concurrency))
    let side = SideClient(
      client: client, base: service,
      limits: AnswerLimits(
        deadline: deadline, compareBytes: Self.bodyBytes, bodyBytes: Self.bodyBytes),
      mark: "contract")
    let outcomes = await withTaskGroup(of: (Int, ContractVerification.Outcome).self) { group in
      var outcomes: [Int: ContractVerification.Outcome] = [:]
      for (number, entry) in entries.enumerated() {
        if number >= concurrency, let ended = await group.next() {
          outcomes[ended.0] = ended.1
          progress(outcomes.count)
        }
        let example = entry.example
        group.addTask { (number, await outcome(of: example, side)) }
      }
      for await ended in group {
        outcomes[ended.0] = ended.1
        progress(outcomes.count)
      }
      return outcomes
    }
    try await client.shutdown()
    return ContractVerification(
      service: service.description,
      checked: entries.enumerated().map { number, entry in
        ContractVerification.Checked(
          file: entry.file, example: entry.example, outcome: outcomes[number] ?? .unsent)
      })
  }

  private func outcome(
    of example: ContractExample, _ side: SideClient
  ) async -> ContractVerification.Outcome {
    guard allowsUnsafe || example.request.isSafe else { return .unsent }
    switch await side.ask(request(of: example)) {
    case .dropped(let reason): return .unanswered(text(reason))
    case .answer(.failure(let failure), _): return .unanswered(text(failure))
    case .answer(.response(let response), _):
      guard case .whole = response.body else { return .unanswered(text(.bodyTooLarge)) }
      let (mismatches, unlisted) = ContractMatcher.mismatches(example, response)
      return mismatches.isEmpty ? .kept : .broken(mismatches, unlisted: unlisted)
    }
  }

  private func request(of example: ContractExample) -> ReplayRequest {
    let replaced = Set(headers.map { $0.name.lowercased() })
    var fields =
      example.request.headers.filter { !replaced.contains($0.name.lowercased()) } + headers
    let body: [UInt8]
    switch example.request.body {
    case .none, .other: body = []
    case .text(let text): body = Array(text.utf8)
    case .json(let value):
      body = Array(value.compactJSON.utf8)
      if !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
        fields.append(.init(name: "content-type", value: "application/json"))
      }
    }
    return ReplayRequest(
      method: example.request.method, target: example.request.target, headers: fields, body: body,
      isSafe: example.request.isSafe)
  }

  // MARK: - Why there is no answer

  private func text(_ failure: AnswerFailure) -> String {
    switch failure {
    case .unreachable: "no connection to \(service)"
    case .deadline: "no whole answer within \(deadline.components.seconds) s"
    case .cutOff: "the connection ended before the answer did, or what came is not HTTP"
    case .undecodable: "the body is not what its Content-Encoding says"
    }
  }

  private func text(_ reason: DropReason) -> String {
    switch reason {
    case .encoded: "the body is packed in a way that is not read (Content-Encoding)"
    default: "the body is larger than \(Self.bodyBytes >> 20) MiB"
    }
  }
}
