// SPDX-License-Identifier: Apache-2.0

package import ShadowComparison

extension RecordedExchange {
  /// A side of a comparison that was kept as evidence.
  package enum Side: Sendable {
    case legacy, extracted
  }

  /// The exchange that evidence of a comparison tells of; its answer is missing where it was not
  /// kept whole. Evidence has no headers and no body of requests.
  package init(_ pair: ShadowPair, _ side: Side) {
    let answer = side == .legacy ? pair.legacy : pair.extracted
    let words = pair.request.split(separator: " ", maxSplits: 1).map(String.init)
    self.init(
      startedAt: "", method: words.first ?? "",
      url: "http://evidence" + (words.count > 1 ? words[1] : "/"),
      response: Self.response(answer))
  }

  private static func response(_ answer: ShownAnswer) -> ComparedResponse? {
    guard let status = Int(answer.status) else { return nil }
    let headers = answer.headers.compactMap { line -> ComparedResponse.Header? in
      guard let colon = line.firstRange(of: ": ") else { return nil }
      return .init(
        name: String(line[..<colon.lowerBound]), value: String(line[colon.upperBound...]))
    }
    let body = Array(answer.body.joined(separator: "\n").utf8)
    return ComparedResponse(
      status: status, headers: headers,
      body: answer.isCut ? .digest(BodyDigest(body)) : .whole(body))
  }
}
