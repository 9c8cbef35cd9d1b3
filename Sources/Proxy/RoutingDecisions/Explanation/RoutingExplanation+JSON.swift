// SPDX-License-Identifier: Apache-2.0

extension RoutingExplanation {
  /// The explanation as one JSON object.
  public var json: String { JSONText.encode(Document(self)) }

  private struct Document: Encodable {
    let method: String
    let path: String
    let normalizedPath: String
    let query: String
    let authority: String
    let clientAddress: String
    let graphql: String?
    let route: String?
    let side: String?
    let upstream: String?
    let fallbackUpstream: String?
    let percent: Double?
    let group: String?
    let shadow: String?
    let shadowDecision: String?
    let userKey: Key?
    let bucket: Int?
    let attempts: [Item]

    struct Key: Encodable {
      let text: String
      let place: String
    }

    struct Item: Encodable {
      let route: String
      let path: String
      let taken: Bool
      let reason: String
    }

    init(_ explanation: RoutingExplanation) {
      let report = explanation.route.map(RouteReport.init)
      method = explanation.method
      path = explanation.path
      normalizedPath = explanation.normalizedPath
      query = explanation.query
      authority = explanation.authority
      clientAddress = explanation.clientAddress
      graphql = explanation.operationText
      route = report?.name
      side = report == nil ? nil : explanation.decision.side.name
      upstream = explanation.upstream?.name
      fallbackUpstream = explanation.fallbackUpstream?.name
      percent = report?.percent
      group = report?.group
      shadow = report?.shadow
      let isShadowing = explanation.route?.shadow.map { $0.mode != .off } ?? false
      shadowDecision = isShadowing ? explanation.shadowSentence : nil
      userKey = explanation.userKey.map { Key(text: $0.text, place: $0.place.description) }
      bucket = explanation.decision.bucket < 0 ? nil : explanation.decision.bucket
      attempts = explanation.attempts.map {
        Item(
          route: $0.route, path: $0.path, taken: $0.outcome == .taken,
          reason: $0.outcome.sentence)
      }
    }
  }
}
