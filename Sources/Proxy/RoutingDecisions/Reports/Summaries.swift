// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import GraphQLRequests

extension RouteMatch {
  /// All conditions in one line, such as `GET,POST /orders/** host=shop.example`.
  public var summary: String {
    var parts: [String] = []
    if !methods.isEmpty { parts.append(methods.joined(separator: ",")) }
    parts.append(path.description)
    if let host { parts.append("host=\(host)") }
    parts += headers.map { "header \($0.summary)" }
    parts += query.map { "query \($0.summary)" }
    if let graphQL { parts.append("graphql \(graphQL.summary)") }
    return parts.joined(separator: " ")
  }
}

extension FieldCondition {
  /// `x-beta=1`, `x-beta present` or `x-beta absent`.
  var summary: String {
    switch requirement {
    case .equals(let value): "\(name)=\(value)"
    case .present: "\(name) present"
    case .absent: "\(name) absent"
    }
  }
}

extension UpstreamConfiguration {
  /// `orders (127.0.0.1:9002)` or `shop (module shop)`.
  public var summary: String {
    switch target {
    case .network(let endpoints):
      "\(name) (\(endpoints.map(\.description).joined(separator: ", ")))"
    case .registry(let service): "\(name) (who registers as \(service))"
    case .module(let module): "\(name) (module \(module))"
    case .composition(let plan): "\(name) (\(plan.summary))"
    }
  }
}

extension CompositionPlan {
  /// `composed of customer from customers, orders from orders if it answers`.
  var summary: String {
    "composed of "
      + parts.map { "\($0.name) from \($0.upstream)\($0.isRequired ? "" : " if it answers")" }
      .joined(separator: ", ")
  }
}

extension GraphQLCondition {
  /// `query products,product or operation Page`.
  var summary: String {
    var names: [String] = []
    if !rootFields.isEmpty { names.append(rootFields.joined(separator: ",")) }
    if !operations.isEmpty { names.append("operation " + operations.joined(separator: ",")) }
    return [type?.rawValue, names.isEmpty ? nil : names.joined(separator: " or ")]
      .compactMap(\.self).joined(separator: " ")
  }
}
