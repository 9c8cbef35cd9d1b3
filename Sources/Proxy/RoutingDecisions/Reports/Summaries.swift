// SPDX-License-Identifier: Apache-2.0

extension RouteMatch {
  /// All conditions in one line, such as `GET,POST /orders/** host=shop.example`.
  public var summary: String {
    var parts: [String] = []
    if !methods.isEmpty { parts.append(methods.joined(separator: ",")) }
    parts.append(path.description)
    if let host { parts.append("host=\(host)") }
    parts += headers.map { "header \($0.summary)" }
    parts += query.map { "query \($0.summary)" }
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
    case .module(let module): "\(name) (module \(module))"
    }
  }
}
