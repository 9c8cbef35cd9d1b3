// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// A path as requests tell it from others: what its parameters are called means nothing.
struct APIPath: Hashable {
  /// `/orders/{}/lines`.
  let form: String
  /// Names of the parameters, in their order.
  let names: [String]

  init(_ path: String) {
    var form = ""
    var names: [String] = []
    var rest = path[...]
    while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
      form += rest[..<start] + "{}"
      names.append(String(rest[rest.index(after: start)..<end]))
      rest = rest[rest.index(after: end)...]
    }
    self.form = form + rest
    self.names = names
  }
}

/// A way to call an API, as the document describes it.
struct APIOperation: Sendable {
  static let methods = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
  ]

  /// Method and path, by which the other document has it too.
  struct Key: Hashable {
    let method: String
    let path: String
  }

  /// Such as `GET /orders/{id}`.
  let name: String
  let node: APINode
  let parameters: [APIParameter]
  let requestBody: APINode?
  let responses: [(status: String, node: APINode)]
  /// Ways in; none, or an empty one, lets everybody in.
  let security: [[String: Set<String>]]
  let isDeprecated: Bool
}

/// A parameter of a path, query, header or cookie.
struct APIParameter: Sendable {
  let name: String
  let place: String
  /// By which the other document has it: a parameter of a path by its number.
  let key: String
  let node: APINode
  let isRequired: Bool
  let isDeprecated: Bool
  /// How it is written; both of OpenAPI's defaults taken in.
  let style: String
  let schema: APINode?
}

extension APIDocument {
  /// All operations.
  var operations: [APIOperation.Key: APIOperation] {
    var operations: [APIOperation.Key: APIOperation] = [:]
    for (path, item) in root.member("paths")?.members ?? [] where path.hasPrefix("/") {
      let item = resolved(item)
      let form = APIPath(path)
      for method in APIOperation.methods {
        guard let node = item.member(method) else { continue }
        let key = APIOperation.Key(method: method, path: form.form)
        operations[key] = operation(method, path, form, item, node)
      }
    }
    return operations
  }

  private func operation(
    _ method: String, _ path: String, _ form: APIPath, _ item: APINode, _ node: APINode
  ) -> APIOperation {
    var parameters: [String: APIParameter] = [:]
    for list in [item, node].map({ $0.member("parameters")?.elements ?? [] }) {
      // What an operation says stands above what its path says.
      for element in list {
        guard let parameter = parameter(resolved(element), form) else { continue }
        parameters[parameter.key] = parameter
      }
    }
    return APIOperation(
      name: method.uppercased() + " " + path, node: node,
      parameters: parameters.values.sorted { $0.key < $1.key },
      requestBody: node.member("requestBody").map(resolved),
      responses: (node.member("responses")?.members ?? [])
        .filter { !$0.name.hasPrefix("x-") }
        .map { ($0.name == "default" ? $0.name : $0.name.uppercased(), resolved($0.node)) },
      security: Self.security(node.member("security") ?? root.member("security")),
      isDeprecated: node.flag("deprecated") ?? false)
  }

  private func parameter(_ node: APINode, _ path: APIPath) -> APIParameter? {
    guard let name = node.text("name"), let place = node.text("in") else { return nil }
    let key: String
    switch place {
    case "path":
      guard let number = path.names.firstIndex(of: name) else { return nil }
      key = "path \(number)"
    case "header":
      // What OpenAPI says elsewhere.
      let name = name.lowercased()
      if ["accept", "content-type", "authorization"].contains(name) { return nil }
      key = "header \(name)"
    default: key = "\(place) \(name)"
    }
    let style =
      node.text("style") ?? (["query", "cookie"].contains(place) ? "form" : "simple")
    let explodes = node.flag("explode") ?? (style == "form")
    let content = node.member("content")?.members.first
    return APIParameter(
      name: name, place: place, key: key, node: node,
      isRequired: place == "path" || node.flag("required") ?? false,
      isDeprecated: node.flag("deprecated") ?? false,
      style: content.map { "as " + $0.name } ?? style + (explodes ? ", exploded" : ""),
      schema: content?.node.member("schema") ?? node.member("schema"))
  }

  private static func security(_ node: APINode?) -> [[String: Set<String>]] {
    (node?.elements ?? []).map { way in
      way.members.reduce(into: [:]) { all, scheme in
        all[scheme.name] = Set(
          scheme.node.elements.compactMap {
            if case .string(let scope) = $0.value { scope } else { nil }
          })
      }
    }
  }

  /// A way to show who one is, as the components describe it.
  func securityScheme(_ name: String) -> APINode? {
    root.member("components")?.member("securitySchemes")?.member(name).map(resolved)
  }
}
