// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments
package import ShadowComparison

/// Makes examples of recorded exchanges: one of each kind, without secrets.
package struct ContractRecorder: Sendable {
  /// What came of an exchange.
  package enum Outcome: Sendable, Equatable {
    case added
    /// There is an example of its kind already.
    case known
    case left(Reason)
  }

  /// Why an exchange is no example.
  package enum Reason: String, Sendable, CaseIterable {
    case unanswered = "without an answer"
    case failed = "answered by a failure (5xx)"
    case conditional = "answered by 1xx or 304"
    case cut = "whose answer was not recorded whole, or is no JSON"
    case hidden = "that cannot be sent without what is redacted in address or body"
    case unreadable = "with a body that is neither JSON nor a form, and may hold anything"
    case full = "beyond the limit of examples"
  }

  /// Most examples of a folder.
  package static let limit = 1_000

  private let rules: MatchingRules
  private let secrets: ExampleRedaction
  private var places: [ExampleKey: Int] = [:]
  /// Known ones first, then those that were added.
  private var all: [ContractExample] = []
  private let knownCount: Int
  package private(set) var outcomes: [Outcome: Int] = [:]

  /// - Parameters:
  ///   - rules: what every example is matched by.
  ///   - redact: what is hidden besides what always is.
  ///   - known: examples that are there already; they stay as they are.
  package init(
    rules: MatchingRules = MatchingRules(), redact: [PathPattern] = [],
    known: [ContractExample] = []
  ) {
    self.rules = rules
    secrets = ExampleRedaction(redact)
    all = known
    knownCount = known.count
    for (index, example) in known.enumerated() { places[ExampleKey(example)] = index }
  }

  /// What was added, in recorded order.
  package var examples: [ContractExample] { Array(all.dropFirst(knownCount)) }

  /// Takes an exchange; `target` is its path and query behind the address of the service.
  package mutating func take(_ exchange: RecordedExchange, target: String) {
    outcomes[file(exchange, target), default: 0] += 1
  }

  private mutating func file(_ exchange: RecordedExchange, _ target: String) -> Outcome {
    let example: ContractExample
    switch made(of: exchange, target) {
    case .failure(let reason): return .left(reason)
    case .success(let made): example = made
    }
    let key = ExampleKey(example)
    if let place = places[key] {
      if place >= knownCount { all[place].loosen(by: example) }
      return .known
    }
    guard all.count < Self.limit else { return .left(.full) }
    places[key] = all.count
    all.append(example)
    return .added
  }

  private func made(
    of exchange: RecordedExchange, _ target: String
  ) -> Result<ContractExample, Reason> {
    guard let response = exchange.response, response.status > 0 else {
      return .failure(.unanswered)
    }
    guard response.status < 500 else { return .failure(.failed) }
    guard response.status >= 200, response.status != 304 else { return .failure(.conditional) }
    guard secrets.target(target) == target else { return .failure(.hidden) }
    var redacted: [String] = []
    let request: ContractExample.Request
    switch self.request(of: exchange, target, &redacted) {
    case .failure(let reason): return .failure(reason)
    case .success(let made): request = made
    }
    guard let answer = self.answer(response, request, &redacted) else { return .failure(.cut) }
    return .success(
      ContractExample(request: request, answer: answer, rules: rules, redacted: redacted))
  }

  private func request(
    of exchange: RecordedExchange, _ target: String, _ redacted: inout [String]
  ) -> Result<ContractExample.Request, Reason> {
    var request = ContractExample.Request(
      method: exchange.method, target: target, headers: [], body: .none)
    for header in exchange.headers where ExampleRedaction.isOfRequest(header.name) {
      if secrets.hides(header) {
        redacted.append("header " + header.name.lowercased())
      } else {
        request.headers.append(header)
      }
    }
    redacted = Set(redacted).sorted()
    if exchange.body.isEmpty { return .success(request) }
    let type = ComparedResponse(status: 0, headers: exchange.headers).header("content-type")
    switch BodyForm(contentType: type) {
    case .json:
      guard let value = try? JSONParser.parse(exchange.body) else { return .failure(.unreadable) }
      guard secrets.value(value) == value else { return .failure(.hidden) }
      request.body = .json(value)
    default:
      guard MediaType(type)?.text == "application/x-www-form-urlencoded" else {
        return .failure(.unreadable)
      }
      let form = String(decoding: exchange.body, as: UTF8.self)
      guard secrets.target("/?" + form) == "/?" + form else { return .failure(.hidden) }
      request.body = .text(form)
    }
    return .success(request)
  }

  /// Nil where the recording lacks the body.
  private func answer(
    _ response: ComparedResponse, _ request: ContractExample.Request, _ redacted: inout [String]
  ) -> ContractExample.Answer? {
    var answer = ContractExample.Answer(status: response.status, headers: [], body: .none)
    for (name, _) in AnswerHeaders.forms {
      guard let value = response.header(name) else { continue }
      let shown = secrets.header(name, value)
      if shown != value { redacted.append("answer's header " + name) }
      answer.headers.append(.init(name: name, value: shown))
    }
    guard case .whole(let bytes) = response.body else { return nil }
    let form = BodyForm(contentType: response.header("content-type"))
    guard !bytes.isEmpty else {
      let isLeftOut =
        form == .json && request.method != "HEAD" && response.status != 204
        && response.header("content-length").map { $0 != "0" } ?? true
      return isLeftOut ? nil : answer
    }
    if form == .json {
      guard let value = try? JSONParser.parse(bytes) else { return nil }
      let shown = secrets.value(value)
      if shown != value { redacted.append("members of the answer") }
      answer.body = .json(shown)
    } else if rules.values.match(.body), form == .text {
      answer.body = .text(String(decoding: bytes, as: UTF8.self))
    } else {
      answer.body = .other
    }
    return answer
  }
}

extension ContractRecorder.Outcome: Hashable {}
extension ContractRecorder.Reason: Error {}
