// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions

/// Routes as nginx reads them: maps whose expressions are tried in order find the route, further
/// maps its upstream, and one location passes everything on.
///
/// What routes ask of fields and parameters is answered by a map each, with 1 or 0. The answers
/// stand in one text with method, host and path, and that text finds the route.
struct NginxExport {
  private let plan: ExportPlan
  private let names: [String: String]
  /// What is asked besides method, host and path.
  private let flags: [RouteCondition]
  /// Paths that are looked at as they came.
  private let receivedPaths: [PathTemplate]

  init(_ plan: inout ExportPlan) {
    plan.noteNginx()
    self.plan = plan
    flags = plan.routes.flatMap(\.conditions).reduce(into: []) { flags, condition in
      if Self.isFlag(condition), !flags.contains(condition) { flags.append(condition) }
    }
    receivedPaths = plan.routes.map(\.route.match.path).reduce(into: []) { paths, path in
      if PathExpression(path).needsReceivedPath, !paths.contains(path) { paths.append(path) }
    }
    names = Dictionary(
      uniqueKeysWithValues: plan.upstreams.map { ($0.name, "strangler_" + $0.name) })
  }

  private static func isFlag(_ condition: RouteCondition) -> Bool {
    switch condition {
    case .header, .query: true
    case .host, .methods: false
    }
  }

  var text: [String] {
    plan.upstreams.flatMap(upstream) + refusals + flags.enumerated().flatMap(flag)
      + receivedPaths.enumerated().flatMap(receivedPath) + routeMap + splits + targetMap
      + upgradeMap
      + server
  }

  // MARK: - Upstreams

  private func upstream(_ upstream: UpstreamConfiguration) -> [String] {
    guard let endpoints = plan.endpoints(of: upstream) else { return [] }
    let balance = upstream.policies.balance == .leastRequests ? ["  least_conn;"] : []
    return ["upstream \(names[upstream.name] ?? "") {"] + balance
      + endpoints.map { "  server \($0);" } + ["  keepalive 32;", "}", ""]
  }

  /// The value that leads to an upstream.
  private func target(_ name: String) -> String {
    plan.endpoints(ofUpstream: name) == nil ? "unreachable" : "http://\(names[name] ?? "")"
  }

  // MARK: - Finding the route

  private var refusals: [String] {
    [
      "map $request_uri $strangler_ambiguous {", "  default 0;",
      "  \"~^[^?]*(?:\(RequestExpression.ambiguousPath))\" 1;", "}",
      "map $http_host $strangler_no_host {", "  default 1;", "  \"\" 0;",
      "  \"~^\(RequestExpression.host)$\" 0;", "}", "",
    ]
  }

  private func flag(_ index: Int, _ condition: RouteCondition) -> [String] {
    CommentText.lines(condition.text) + map(condition, "$strangler_flag_\(index)")
  }

  private func map(_ condition: RouteCondition, _ variable: String) -> [String] {
    switch condition {
    case .header(let field):
      let name = field.name.map { $0 == "-" ? "_" : $0 }
      let head = "map $http_\(String(name)) \(variable) {"
      switch field.requirement {
      case .present: return [head, "  default 1;", "  \"\" 0;", "}"]
      case .absent: return [head, "  default 0;", "  \"\" 1;", "}"]
      case .equals(let value):
        let expression = ExpressionText.literal(value)
        return [head, "  default 0;", "  \"~^\(expression)$\" 1;", "}"]
      }
    case .query(let parameter):
      let expression = QueryExpression(parameter, looksAhead: true).text
      let isAbsent = parameter.requirement == .absent
      return [
        "map $args \(variable) {", "  default \(isAbsent ? 1 : 0);",
        "  \"~\(expression)\" \(isAbsent ? 0 : 1);", "}",
      ]
    case .host, .methods: return []
    }
  }

  private func receivedPath(_ index: Int, _ path: PathTemplate) -> [String] {
    let expression = PathExpression(path).received
    return CommentText.lines("path \(path)") + [
      "map $request_uri $strangler_path_\(index) {", "  default 0;",
      "  \"~^\(expression)(?:[?]|$)\" 1;", "}",
    ]
  }

  private var routeMap: [String] {
    let answers =
      flags.indices.map { "$strangler_flag_\($0)" }
      + receivedPaths.indices.map { "$strangler_path_\($0)" }
    return [
      "", "# Method, what was found out above, host and path; the first that fits counts.",
      "map \"$request_method \(answers.joined()) $host $uri\" $strangler_route {",
      "  default \"\";",
    ]
      + plan.routes.enumerated().flatMap { number, planned in
        CommentText.lines("\(planned.route.name): \(planned.route.match.path)").map { "  " + $0 }
          + ["  \"~^\(expression(planned))$\" \(number);"]
      } + ["}", ""]
  }

  private func expression(_ planned: ExportPlan.Route) -> String {
    var method = "[^ ]+"
    var host = "[^ ]*"
    var answers = flags.map { planned.conditions.contains($0) }
    let path = planned.route.match.path
    answers += receivedPaths.map { $0 == path }
    for condition in planned.conditions {
      switch condition {
      case .methods(let methods):
        method = "(?:" + methods.map(ExpressionText.literal).joined(separator: "|") + ")"
      case .host(let pattern): host = HostExpression(pattern).text
      case .header, .query: break
      }
    }
    let uri = receivedPaths.contains(path) ? ".*" : PathExpression(path).normalized
    return "\(method) \(answers.map { $0 ? "1" : "." }.joined()) \(host) \(uri)"
  }

  // MARK: - From the route to its upstream

  private var splits: [String] {
    plan.routes.enumerated().flatMap { number, planned -> [String] in
      guard case .split(let extracted, let legacy, let share, let keys, let group) = planned.answer
      else { return [] }
      return keyMaps(number, keys) + [
        "split_clients \"\(group) $strangler_key_\(number)_0\" $strangler_share_\(number) {",
        "  \(Percentage(hundredths: share).map(\.description) ?? "0")% \(target(extracted));",
        "  * \(target(legacy));", "}",
        "map $strangler_key_\(number)_0 $strangler_side_\(number) {",
        "  default $strangler_share_\(number);", "  \"\" \(target(legacy));", "}", "",
      ]
    }
  }

  /// The first key there is; without one a user stays with legacy.
  private func keyMaps(_ number: Int, _ keys: [StickyKey]) -> [String] {
    let maps = keys.enumerated().flatMap { index, key -> [String] in
      let place = Self.variable(key)
      return [
        "map \(place) $strangler_key_\(number)_\(index) {", "  default \(place);",
        "  \"\" $strangler_key_\(number)_\(index + 1);", "}",
      ]
    }
    let last = "$strangler_key_\(number)_\(keys.count)"
    return CommentText.lines("\(plan.routes[number].route.name): whose share it is") + maps
      + ["map \"\" \(last) {", "  default \"\";", "}"]
  }

  private static func variable(_ key: StickyKey) -> String {
    switch key {
    case .header(let name):
      "$http_" + String(name.lowercased().map { $0 == "-" ? "_" : $0 })
    case .cookie(let name): "$cookie_\(name)"
    case .clientAddress: "$remote_addr"
    }
  }

  private var targetMap: [String] {
    ["map $strangler_route $strangler_target {", "  default \"\";"]
      + plan.routes.enumerated().map { number, planned in
        switch planned.answer {
        case .upstream(let name): "  \(number) \(target(name));"
        case .split: "  \(number) $strangler_side_\(number);"
        }
      } + ["}"]
  }

  /// Only what a route permits is passed on, so that nothing else is switched to.
  private var upgradeMap: [String] {
    let permitted = plan.routes.enumerated().flatMap { number, planned in
      planned.route.upgrades.map { name in
        "  \"~*^\(number) \(ExpressionText.literal(name))$\" $http_upgrade;"
      }
    }
    return ["map \"$strangler_route $http_upgrade\" $strangler_upgrade {", "  default \"\";"]
      + permitted
      + [
        "}", "map $strangler_upgrade $strangler_connection {", "  default upgrade;", "  \"\" \"\";",
        "}", "map $remote_addr $strangler_for {", "  default $remote_addr;",
        "  \"~:\" '\"[$remote_addr]\"';", "}", "",
      ]
  }

  // MARK: - The server

  private var server: [String] {
    let limits = plan.configuration.limits
    let timeouts = plan.configuration.timeouts
    let buffer = max(limits.requestLine, limits.field)
    let settings =
      listener + [
        "merge_slashes off;", "client_max_body_size \(limits.requestBody);",
        "large_client_header_buffers \(max(1, limits.head / buffer)) \(buffer);",
        "client_header_timeout \(ExportTime.milliseconds(timeouts.requestHead))ms;",
        "client_body_timeout \(ExportTime.milliseconds(timeouts.idle))ms;",
        "keepalive_timeout \(ExportTime.milliseconds(timeouts.keepAlive))ms;",
        "keepalive_requests 1000000000;", "if ($strangler_ambiguous) { return 400; }",
        "if ($strangler_no_host) { return 400; }", "if ($strangler_target = \"\") { return 404; }",
        "if ($strangler_target = unreachable) { return 503; }", "location / {",
      ]
    return ["server {"] + settings.map { "  " + $0 } + location.map { "    " + $0 } + ["  }", "}"]
  }

  private var listener: [String] {
    let address = plan.listenAddress
    guard let tls = plan.listenerTLS, let certificate = tls.certificates.first else {
      return ["listen \(address);"]
    }
    let versions = tls.minimumVersion == .v1_3 ? "TLSv1.3" : "TLSv1.2 TLSv1.3"
    let clients = tls.clientCA.map {
      ["ssl_client_certificate \"\($0)\";", "ssl_verify_client on;"]
    }
    return [
      "listen \(address) ssl http2;",
      "ssl_certificate \"\(certificate.certificate)\";",
      "ssl_certificate_key \"\(certificate.key)\";", "ssl_protocols \(versions);",
    ] + (clients ?? [])
  }

  private var location: [String] {
    let timeouts = plan.configuration.timeouts
    let head = plan.configuration.limits.head
    let removed = plan.configuration.internalHeaders.filter {
      ExportFormat.nginx.canName(header: $0)
    }
    return [
      "proxy_pass $strangler_target;", "proxy_redirect off;", "proxy_http_version 1.1;",
      "proxy_set_header Host $http_host;", "proxy_set_header Upgrade $strangler_upgrade;",
      "proxy_set_header Connection $strangler_connection;",
      "proxy_set_header X-Forwarded-For $remote_addr;",
      "proxy_set_header X-Forwarded-Proto $scheme;",
      "proxy_set_header X-Forwarded-Host $http_host;",
      "proxy_set_header Forwarded 'for=$strangler_for;host=\"$http_host\";proto=$scheme';",
      "proxy_set_header X-Real-IP \"\";",
    ] + removed.map { "proxy_set_header \($0) \"\";" } + [
      "proxy_connect_timeout \(ExportTime.milliseconds(timeouts.connect))ms;",
      "proxy_read_timeout \(ExportTime.milliseconds(timeouts.responseHead))ms;",
      "proxy_send_timeout \(ExportTime.milliseconds(timeouts.idle))ms;",
      "proxy_request_buffering off;", "proxy_buffering off;", "proxy_buffer_size \(head);",
      "proxy_buffers 8 \(head);",
    ]
  }
}
