// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// What one target does otherwise than strangler.
extension ExportPlan {
  mutating func noteNginx() {
    noteTotal()
    note(
      .handling, "timeouts.response-head",
      "it holds between any two bytes of an answer too, and in place of timeouts.tunnel")
    if configuration.tls == nil {
      note(.handling, "listen", "HTTP/2 without TLS is not spoken with clients")
    }
    guard let field = firstFieldCondition else { return }
    note(
      .routing, "match.headers",
      "a request that has a field such as \(field) several times is judged by the first (before "
        + "nginx 1.23) or by all of them joined, and an empty field counts as absent")
  }

  mutating func noteHAProxy() {
    noteTotal()
    let upgrades = Set(routes.map { Set($0.route.upgrades.map { $0.lowercased() }) })
    if upgrades.count > 1 {
      note(.handling, "upgrades", "what one route permits to switch to all routes permit")
    }
  }

  mutating func noteEnvoy() {
    note(
      .handling, "timeouts.response-head",
      "it holds between any two bytes of an exchange, and in place of timeouts.tunnel")
    note(
      .handling, "upgrades", "who offers another protocol than a permitted one is answered 403")
    for case .query(let parameter) in routes.flatMap(\.conditions)
    where QueryExpression(parameter, looksAhead: false).missesStrayPercents {
      note(
        .routing, "match.query.\(parameter.name)",
        "a percent sign that encodes nothing does not count as one")
    }
    guard let field = firstFieldCondition else { return }
    note(
      .routing, "match.headers",
      "a request that has a field such as \(field) several times is judged by all of them joined")
  }

  mutating func noteGatewayAPI() {
    note(
      .routing, "match.path",
      "paths that strangler refuses with 400, since servers read them in several ways, go where "
        + "the implementation reads them to")
    note(
      .handling, "timeouts", "connecting, first byte and idle times are the implementation's")
    note(
      .routing, "routes",
      "an implementation tries exact paths, then longer prefixes, then more conditions, whatever "
        + "the order of the file; strangler goes by the path segment by segment, then by the number "
        + "of conditions")
  }

  private mutating func noteTotal() {
    if configuration.timeouts.total != nil {
      note(.handling, "timeouts.total", "a whole exchange may take any time")
    }
  }

  private var firstFieldCondition: String? {
    for case .header(let field) in routes.flatMap(\.conditions) { return field.name }
    return nil
  }
}
