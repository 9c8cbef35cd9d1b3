// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// One thing that a route asks of a request besides its path.
enum RouteCondition: Hashable {
  case host(HostPattern)
  case methods([String])
  /// The name in lower case.
  case header(FieldCondition)
  case query(FieldCondition)

  /// What a target makes of it.
  enum Standing: Equatable {
    case asked
    /// It cannot be asked and counts as met, for a reason.
    case always(String)
    /// It cannot be asked and counts as not met, for a reason.
    case never(String)
  }

  static func all(of match: RouteMatch) -> [RouteCondition] {
    var found: [RouteCondition] = []
    if let host = match.host { found.append(.host(host)) }
    if !match.methods.isEmpty { found.append(.methods(match.methods)) }
    found += match.headers.map {
      .header(FieldCondition($0.name.lowercased(), $0.requirement))
    }
    return found + match.query.map { .query($0) }
  }

  /// The key in the configuration's file.
  var setting: String {
    switch self {
    case .host: "match.host"
    case .methods: "match.methods"
    case .header(let field): "match.headers.\(field.name)"
    case .query(let parameter): "match.query.\(parameter.name)"
    }
  }

  /// What it asks, for people.
  var text: String {
    switch self {
    case .host(let pattern): "host \(pattern)"
    case .methods(let methods): methods.joined(separator: " or ")
    case .header(let field): "header \(field.name) \(Self.text(field.requirement))"
    case .query(let parameter): "query \(parameter.name) \(Self.text(parameter.requirement))"
    }
  }

  private static func text(_ requirement: FieldCondition.Requirement) -> String {
    switch requirement {
    case .equals(let value): "= \(value)"
    case .present: "is there"
    case .absent: "is not there"
    }
  }

  /// Fields that no request has, as far as the target can tell, are absent.
  func standing(in configuration: ProxyConfiguration, _ format: ExportFormat) -> Standing {
    if format == .gatewayAPI { return gatewayAPIStanding(configuration) }
    guard case .header(let field) = self else { return .asked }
    if configuration.isInternal(header: field.name) {
      return missing(field, "internal fields are removed from all requests")
    }
    if !format.canName(header: field.name) {
      return missing(field, "\(format.product) has no name for the field")
    }
    return .asked
  }

  private func missing(_ field: FieldCondition, _ reason: String) -> Standing {
    field.requirement == .absent ? .always(reason) : .never(reason)
  }

  private func gatewayAPIStanding(_ configuration: ProxyConfiguration) -> Standing {
    switch self {
    case .host(let pattern):
      return pattern.name.contains(":")
        ? .never("Gateway API takes no address for a host") : .asked
    case .methods(let methods):
      let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
      return methods.allSatisfy(known.contains)
        ? .asked : .never("Gateway API knows no such method")
    case .header(let field):
      if configuration.isInternal(header: field.name) {
        return missing(field, "internal fields are removed from all requests")
      }
      return Self.standing(field, "field")
    case .query(let parameter): return Self.standing(parameter, "parameter")
    }
  }

  private static func standing(_ condition: FieldCondition, _ noun: String) -> Standing {
    switch condition.requirement {
    case .absent: .never("Gateway API cannot ask for a \(noun) to be absent")
    case .equals(""): .never("Gateway API cannot ask for an empty \(noun)")
    case .equals, .present: .asked
    }
  }
}
