// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Both answers to one request as they are kept and shown: redacted and bounded.
public struct ShadowPair: Sendable, Equatable {
  /// Name of the endpoint.
  public var endpoint: String
  /// Method and target, such as `GET /orders/42`, without hidden segments and parameters.
  public var request: String
  /// When they were compared, milliseconds since 1970-01-01T00:00:00Z.
  public var comparedAt: Int64
  /// What legacy answered.
  public var legacy: ShownAnswer
  /// What the extracted side answered.
  public var extracted: ShownAnswer
  /// Where they differ.
  public var differences: [Difference]

  /// Creates a pair.
  public init(
    endpoint: String, request: String, comparedAt: Int64, legacy: ShownAnswer,
    extracted: ShownAnswer, differences: [Difference]
  ) {
    self.endpoint = endpoint
    self.request = request
    self.comparedAt = comparedAt
    self.legacy = legacy
    self.extracted = extracted
    self.differences = differences
  }
}

extension ShadowPair {
  /// Bytes that a text takes beside its own.
  private static let overhead = 32

  /// About how many bytes it takes.
  package var bytes: Int {
    let texts =
      [endpoint, request] + legacy.lines + extracted.lines
      + differences.flatMap { [$0.pathKind.path.description, $0.legacy ?? "", $0.extracted ?? ""] }
    return texts.reduce(0) { $0 + $1.utf8.count + Self.overhead }
  }
}

/// One answer as it is shown.
public struct ShownAnswer: Sendable, Equatable {
  /// Status code, or why there is no answer.
  public var status: String
  /// Compared headers, one `name: value` each.
  public var headers: [String]
  /// The body in lines, JSON with sorted members; what cannot be shown is described in parentheses.
  public var body: [String]
  /// Whether lines are missing at the end of the body.
  public var isCut: Bool

  /// Creates an answer.
  public init(status: String, headers: [String], body: [String], isCut: Bool) {
    self.status = status
    self.headers = headers
    self.body = body
    self.isCut = isCut
  }

  /// Everything in lines, for a comparison side by side.
  public var lines: [String] {
    [status] + headers + [""] + body + (isCut ? ["(cut here)"] : [])
  }
}

/// Makes pairs: nothing that a rule hides, and no more than a limit, leaves it.
public struct PairRecorder: Sendable {
  /// Most bytes of one body that are kept.
  public static let bodyBytes = 16 << 10
  /// Most bytes of a request's line, and of a header's value, that are kept.
  static let lineBytes = 2 << 10

  private let rules: ComparisonRules

  /// Creates a recorder.
  public init(rules: ComparisonRules) { self.rules = rules }

  /// The pair of a comparison.
  public func pair(
    endpoint: String, method: String, target: String, comparedAt: Int64, legacy: SideAnswer,
    extracted: SideAnswer, comparison: Comparison
  ) -> ShadowPair {
    ShadowPair(
      endpoint: endpoint,
      request: BoundedText.excerpt(
        method + " " + Redaction(rules).target(target), bytes: Self.lineBytes),
      comparedAt: comparedAt, legacy: shown(legacy), extracted: shown(extracted),
      differences: comparison.differences)
  }

  private func shown(_ answer: SideAnswer) -> ShownAnswer {
    switch answer {
    case .failure(let failure):
      return ShownAnswer(
        status: "no answer: \(failure.rawValue)", headers: [], body: [], isCut: false)
    case .response(let response):
      let redaction = Redaction(rules)
      let headers = rules.headers.compactMap { name -> String? in
        guard let value = response.header(name) else { return nil }
        let shown = BoundedText.excerpt(redaction.header(name, value), bytes: Self.lineBytes)
        return "\(name.lowercased()): \(shown)"
      }
      let (body, isCut) = shownBody(of: response, redaction)
      return ShownAnswer(
        status: String(response.status), headers: headers, body: body, isCut: isCut)
    }
  }

  private func shownBody(
    of response: ComparedResponse, _ redaction: Redaction
  ) -> (lines: [String], isCut: Bool) {
    guard !response.body.isEmpty else { return ([], false) }
    guard !redaction.hides(.body) else { return ([Redaction.mark], false) }
    let described = (["(\(response.body.digest))"], false)
    guard case .whole(let bytes) = response.body, bytes.count <= rules.parsedBodyBytes else {
      return described
    }
    switch BodyForm(contentType: response.header("content-type")) {
    case .json:
      guard let value = try? JSONParser.parse(bytes) else { fallthrough }
      return redaction.value(value, at: .root).lines(limit: Self.bodyBytes)
    case .text:
      // What is no JSON has no paths by which a part of it could be redacted.
      guard redaction.isEmpty else { return described }
      let text = String(decoding: bytes.prefix(Self.bodyBytes), as: UTF8.self)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      return (lines, bytes.count > Self.bodyBytes)
    case .binary: return described
    }
  }
}
