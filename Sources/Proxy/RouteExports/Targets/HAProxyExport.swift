// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions

/// Routes as HAProxy reads them: a line for each thing that routes ask, then a line for each route
/// in order; the first whose conditions all hold takes the request.
struct HAProxyExport {
  private static let nobody = "strangler-no-route"
  private static let unreachable = "strangler-unreachable"

  private let plan: ExportPlan
  private let questions: [RouteCondition]
  private let paths: [PathTemplate]

  init(_ plan: inout ExportPlan) {
    plan.noteHAProxy()
    self.plan = plan
    questions = plan.routes.flatMap(\.conditions).reduce(into: []) { found, condition in
      if !found.contains(condition) { found.append(condition) }
    }
    paths = plan.routes.map(\.route.match.path).reduce(into: []) { found, path in
      if !found.contains(path) { found.append(path) }
    }
  }

  var text: [String] { defaults + frontend + plan.upstreams.flatMap(backend) + answers }

  private var defaults: [String] {
    let timeouts = plan.configuration.timeouts
    func line(_ name: String, _ duration: Duration) -> String {
      "  timeout \(name) \(ExportTime.milliseconds(duration))ms"
    }
    return [
      "defaults", "  mode http", "  option http-keep-alive", line("connect", timeouts.connect),
      line("client", timeouts.idle), line("server", timeouts.responseHead),
      line("tunnel", timeouts.tunnel), line("http-request", timeouts.requestHead),
      line("http-keep-alive", timeouts.keepAlive), "",
    ]
  }

  // MARK: - Finding the route

  private var frontend: [String] {
    let refusals = [
      "http-request deny deny_status 400 if { path -m reg '\(RequestExpression.ambiguousPath)' }",
      "http-request deny deny_status 400 if { req.fhdr_cnt(host) gt 0 } "
        + "!{ req.fhdr(host) -m reg '^\(RequestExpression.host)$' }",
    ]
    let body =
      ["bind \(plan.listenAddress)"] + refusals + removals + paths.enumerated().flatMap(path)
      + questions.enumerated().flatMap(question) + plan.routes.enumerated().flatMap(keys)
      + plan.routes.enumerated().flatMap(route)
      + ["default_backend \(Self.nobody)"]
    return ["frontend strangler"] + body.map { "  " + $0 } + [""]
  }

  /// Internal fields, and offers of protocols that no route permits.
  private var removals: [String] {
    let fields = plan.configuration.internalHeaders
      .filter { ExportFormat.haproxy.canName(header: $0) }
      .map { "http-request del-header \($0)" }
    let protocols = plan.routes.flatMap { $0.route.upgrades.map { $0.lowercased() } }
    let permitted = Set(protocols).sorted().map {
      " !{ req.fhdr(upgrade) -i -m reg '^\(ExpressionText.literal($0))$' }"
    }
    return fields
      + ["http-request del-header upgrade if { req.fhdr_cnt(upgrade) gt 0 }" + permitted.joined()]
  }

  private func path(_ index: Int, _ template: PathTemplate) -> [String] {
    let expression = PathExpression(template)
    let test =
      expression.needsReceivedPath
      ? "path -m reg '^\(expression.received)$'"
      : "path,url_dec -m reg '^\(expression.normalized)$'"
    return CommentText.lines("path \(template)") + ["acl path_\(index) \(test)"]
  }

  private func question(_ index: Int, _ condition: RouteCondition) -> [String] {
    CommentText.lines(condition.text) + ["acl asks_\(index) \(test(condition))"]
  }

  private func test(_ condition: RouteCondition) -> String {
    switch condition {
    case .host(let pattern):
      return "req.fhdr(host),host_only -m reg '^\(HostExpression(pattern).text)$'"
    case .methods(let methods):
      return "method -m reg '^(?:\(methods.map(ExpressionText.literal).joined(separator: "|")))$'"
    case .header(let field):
      switch field.requirement {
      case .present: return "req.fhdr_cnt(\(field.name)) gt 0"
      case .absent: return "req.fhdr_cnt(\(field.name)) eq 0"
      case .equals(let value):
        return "req.fhdr(\(field.name)) -m reg '^\(ExpressionText.literal(value))$'"
      }
    case .query(let parameter):
      return "query -m reg '\(QueryExpression(parameter, looksAhead: true).text)'"
    }
  }

  /// The answer to the question, the other way round where something has to be missing.
  private func use(_ condition: RouteCondition) -> String {
    let name = questions.firstIndex(of: condition).map { "asks_\($0)" } ?? ""
    if case .query(let parameter) = condition, parameter.requirement == .absent {
      return "!" + name
    }
    return name
  }

  private func route(_ number: Int, _ planned: ExportPlan.Route) -> [String] {
    let path = paths.firstIndex(of: planned.route.match.path).map { "path_\($0)" } ?? ""
    let conditions = ([path] + planned.conditions.map(use)).joined(separator: " ")
    let comment = CommentText.lines(planned.route.name)
    switch planned.answer {
    case .upstream(let name):
      return comment + ["use_backend \(backendName(name)) if \(conditions)"]
    case .split(let extracted, let legacy, let share, _, let group):
      let bucket = "var(\(keyName(number))),xxh32(\(Self.seed(group))),mod(\(UserBuckets.count))"
      return comment + [
        "use_backend \(backendName(extracted)) if \(conditions) { \(bucket) lt \(share) }",
        "use_backend \(backendName(legacy)) if \(conditions)",
      ]
    }
  }

  /// The first key there is; without one a user stays with legacy.
  private func keys(_ number: Int, _ planned: ExportPlan.Route) -> [String] {
    guard case .split(_, _, _, let keys, _) = planned.answer else { return [] }
    let name = keyName(number)
    return CommentText.lines("\(planned.route.name): whose share it is")
      + keys.map { key in
        let place =
          switch key {
          case .header(let name): "req.fhdr(\(name.lowercased()),1)"
          case .cookie(let name): "req.cook(\(name))"
          case .clientAddress: "src"
          }
        return "http-request set-var(\(name)) \(place) if !{ var(\(name)) -m len 1: }"
      }
  }

  private func keyName(_ number: Int) -> String { "txn.strangler_key_\(number)" }

  /// Routes of a group deal their users alike (FNV-1a of its name).
  private static func seed(_ group: String) -> UInt32 {
    group.utf8.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }

  // MARK: - Backends

  private func backendName(_ upstream: String) -> String {
    plan.endpoints(ofUpstream: upstream) == nil ? Self.unreachable : "strangler_" + upstream
  }

  private func backend(_ upstream: UpstreamConfiguration) -> [String] {
    guard let endpoints = plan.endpoints(of: upstream) else { return [] }
    let balance = upstream.policies.balance == .leastRequests ? "leastconn" : "roundrobin"
    let end = ";host=\"%[req.hdr(host)]\";proto=http'"
    return [
      "backend \(backendName(upstream.name))", "  balance \(balance)",
      "  http-request del-header x-forwarded- -m beg", "  http-request del-header x-real-ip",
      "  http-request set-header x-forwarded-for %[src]",
      "  http-request set-header x-forwarded-proto http",
      "  http-request set-header x-forwarded-host %[req.hdr(host)]",
      "  http-request set-header forwarded 'for=%[src]\(end) if { src 0.0.0.0/0 }",
      "  http-request set-header forwarded 'for=\"[%[src]]\"\(end) if !{ src 0.0.0.0/0 }",
    ]
      + endpoints.enumerated().map { index, endpoint in
        "  server \(index + 1) \(endpoint)\(options(upstream, endpoint))"
      } + [""]
  }

  private func options(_ upstream: UpstreamConfiguration, _ endpoint: NetworkAddress) -> String {
    let options = upstream.wireProtocol == .http2 ? " proto h2" : ""
    guard let tls = upstream.tls else { return options }
    let name = tls.serverName ?? endpoint.host
    let asked = ExportPlan.isAddress(name) ? "" : " sni str(\(name)) verifyhost \(name)"
    let verified =
      tls.verify ? " verify required ca-file '\(tls.ca ?? "@system-ca")'" : " verify none"
    return options + " ssl ssl-min-ver TLSv\(tls.minimumVersion.rawValue)" + asked + verified
  }

  private var answers: [String] {
    [
      "backend \(Self.nobody)", "  http-request return status 404", "",
      "backend \(Self.unreachable)", "  http-request return status 503",
    ]
  }
}
