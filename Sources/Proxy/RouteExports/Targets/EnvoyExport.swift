// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions

/// Routes as a static bootstrap of Envoy: one virtual host with all of them in order, for a path
/// that is more specific goes before a host that is.
///
/// Paths are looked at and forwarded as they came; Envoy's own normalising would change them.
struct EnvoyExport {
  private let plan: ExportPlan

  init(_ plan: inout ExportPlan) {
    plan.noteEnvoy()
    self.plan = plan
  }

  var text: [String] {
    YAMLText.lines(
      .fields([
        // What a long expression may take; Envoy's own limit suits short ones.
        "layered_runtime": .fields([
          "layers": .list([
            .fields([
              "name": .text("strangler"),
              "static_layer": .fields([
                "re2.max_program_size.error_level": .number(1_000_000),
                "re2.max_program_size.warn_level": .number(1_000_000),
              ]),
            ])
          ])
        ]),
        "static_resources": .fields([
          "listeners": .list([listener]),
          "clusters": .list(plan.upstreams.map { EnvoyCluster(plan, $0).node }),
        ]),
      ]))
  }

  static func typed(_ name: String, _ fields: [(key: String, value: YAMLNode)]) -> YAMLNode {
    .mapping([("@type", .text("type.googleapis.com/envoy.extensions.\(name)"))] + fields)
  }

  static func address(_ address: NetworkAddress) -> YAMLNode {
    .flow([
      "socket_address": .flow([
        "address": .text(address.host), "port_value": .number(address.port),
      ])
    ])
  }

  // MARK: - The listener

  private var listener: YAMLNode {
    .fields([
      "name": .text("strangler"), "address": Self.address(plan.listenAddress),
      "filter_chains": .list([
        .fields([
          "filters": .list([
            .fields([
              "name": .text("envoy.filters.network.http_connection_manager"),
              "typed_config": connectionManager,
            ])
          ]),
          "transport_socket": plan.listenerTLS.flatMap(EnvoyTLS.listener),
        ])
      ]),
    ])
  }

  private var connectionManager: YAMLNode {
    let (limits, timeouts) = (plan.configuration.limits, plan.configuration.timeouts)
    let protocols = Set(plan.routes.flatMap { $0.route.upgrades.map { $0.lowercased() } }).sorted()
    let name = "filters.network.http_connection_manager.v3.HttpConnectionManager"
    return Self.typed(
      name,
      [
        ("stat_prefix", .text("strangler")), ("use_remote_address", .truth(true)),
        // Nobody may give orders to Envoy by fields that only internal clients may send.
        ("internal_address_config", .mapping([("unix_sockets", .truth(false))])),
        ("generate_request_id", .truth(false)), ("normalize_path", .truth(false)),
        ("merge_slashes", .truth(false)),
        ("path_with_escaped_slashes_action", .text("KEEP_UNCHANGED")),
        ("server_header_transformation", .text("PASS_THROUGH")),
        ("stream_idle_timeout", .text(ExportTime.seconds(timeouts.responseHead))),
        ("request_headers_timeout", .text(ExportTime.seconds(timeouts.requestHead))),
        ("max_request_headers_kb", .number(max(1, min(8192, limits.head >> 10)))),
        (
          "common_http_protocol_options",
          .mapping([
            ("idle_timeout", .text(ExportTime.seconds(timeouts.keepAlive))),
            ("max_headers_count", .number(limits.fields)),
          ])
        ),
        (
          "http_protocol_options",
          .mapping([("accept_http_10", .truth(true)), ("allow_custom_methods", .truth(true))])
        ),
        (
          "upgrade_configs",
          .list(
            protocols.map {
              .flow(["upgrade_type": .text($0), "enabled": .truth(false)])
            })
        ),
        (
          "http_filters",
          .list([
            .fields([
              "name": .text("envoy.filters.http.router"),
              "typed_config": Self.typed(
                "filters.http.router.v3.Router", [("suppress_envoy_headers", .truth(true))]),
            ])
          ])
        ),
        ("route_config", .mapping([("virtual_hosts", .list([virtualHost]))])),
      ])
  }

  // MARK: - Routes

  private var virtualHost: YAMLNode {
    let removed =
      plan.configuration.internalHeaders + [
        "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-port",
      ]
    let refused = ".*(?:\(RequestExpression.ambiguousPath)).*"
    return .fields([
      "name": .text("strangler"), "domains": .list([.text("*")]),
      "request_headers_to_remove": .list(removed.map { .text($0.lowercased()) }),
      "request_headers_to_add": .list([
        Self.addition("x-forwarded-for", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
        Self.addition("x-forwarded-host", "%REQ(:AUTHORITY)%"),
      ]),
      "routes": .list(
        [
          .commented(
            CommentText.lines("Paths that servers read in several ways."),
            Self.answer(400, .mapping([("safe_regex", Self.regex(refused))]))),
          Self.answer(
            400,
            .fields([
              "prefix": .text("/"),
              "headers": .list([
                Self.matcher(":authority", Self.regex(RequestExpression.host), isInverted: true)
              ]),
            ])),
        ] + plan.routes.map(route)
          + [Self.answer(404, .mapping([("prefix", .text("/"))]))]),
    ])
  }

  private static func addition(_ name: String, _ value: String) -> YAMLNode {
    .fields([
      "header": .flow(["key": .text(name), "value": .text(value)]),
      "append_action": .text("OVERWRITE_IF_EXISTS_OR_ADD"),
    ])
  }

  private static func answer(_ status: Int, _ match: YAMLNode) -> YAMLNode {
    .fields([
      "match": match, "direct_response": .mapping([("status", .number(status))]),
    ])
  }

  static func regex(_ expression: String) -> YAMLNode {
    .mapping([("regex", .text(expression))])
  }

  private func route(_ planned: ExportPlan.Route) -> YAMLNode {
    let path = PathExpression(planned.route.match.path).received
    let conditions = planned.conditions.map(matcher)
    let about =
      ["\(planned.route.name): \(planned.route.match.path)"] + planned.conditions.map(\.text)
    return .commented(
      about.flatMap(CommentText.lines),
      .fields([
        "name": .text(planned.route.name),
        "match": .fields([
          "safe_regex": Self.regex(path),
          "headers": conditions.isEmpty ? nil : .list(conditions),
        ]),
        "route": action(planned),
      ]))
  }

  private func matcher(_ condition: RouteCondition) -> YAMLNode {
    switch condition {
    case .host(let pattern):
      let expression = "(?i)\(HostExpression(pattern).text)(?::[0-9]*)?"
      return Self.matcher(":authority", Self.regex(expression))
    case .methods(let methods):
      return Self.matcher(
        ":method", Self.regex(methods.map(ExpressionText.literal).joined(separator: "|")))
    case .header(let field):
      switch field.requirement {
      case .present:
        return .mapping([("name", .text(field.name)), ("present_match", .truth(true))])
      case .absent:
        return .mapping([("name", .text(field.name)), ("present_match", .truth(false))])
      case .equals(let value):
        return .mapping([
          ("name", .text(field.name)),
          ("string_match", .mapping([("exact", .text(value))])),
        ])
      }
    case .query(let parameter):
      let expression = QueryExpression(parameter, looksAhead: false).wholePath
      return Self.matcher(
        ":path", Self.regex(expression), isInverted: parameter.requirement == .absent)
    }
  }

  private static func matcher(
    _ name: String, _ regex: YAMLNode, isInverted: Bool = false
  ) -> YAMLNode {
    .fields([
      "name": .text(name), "string_match": .mapping([("safe_regex", regex)]),
      "invert_match": isInverted ? .truth(true) : nil,
    ])
  }

  private func action(_ planned: ExportPlan.Route) -> YAMLNode {
    let timeouts = plan.configuration.timeouts
    let upgrades = planned.route.upgrades.map { name -> YAMLNode in
      .flow(["upgrade_type": .text(name.lowercased()), "enabled": .truth(true)])
    }
    var fields: [(key: String, value: YAMLNode)] = [
      ("timeout", .text(timeouts.total.map(ExportTime.seconds) ?? "0s"))
    ]
    if !upgrades.isEmpty { fields.append(("upgrade_configs", .list(upgrades))) }
    switch planned.answer {
    case .upstream(let name): fields.append(("cluster", .text(name)))
    case .split(let extracted, let legacy, let share, let keys, _):
      fields += [
        ("hash_policy", .list(keys.map(hashPolicy))),
        (
          "weighted_clusters",
          .fields([
            "use_hash_policy": .truth(true),
            "clusters": .list([
              .flow(["name": .text(extracted), "weight": .number(share)]),
              .flow(["name": .text(legacy), "weight": .number(UserBuckets.count - share)]),
            ]),
          ])
        ),
      ]
    }
    return .mapping(fields)
  }

  /// The first key there is counts.
  private func hashPolicy(_ key: StickyKey) -> YAMLNode {
    let source: (key: String, value: YAMLNode) =
      switch key {
      case .header(let name): ("header", .mapping([("header_name", .text(name.lowercased()))]))
      case .cookie(let name): ("cookie", .mapping([("name", .text(name))]))
      case .clientAddress: ("connection_properties", .mapping([("source_ip", .truth(true))]))
      }
    return .mapping([source, ("terminal", .truth(true))])
  }
}
