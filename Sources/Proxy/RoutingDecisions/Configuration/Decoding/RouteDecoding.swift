// SPDX-License-Identifier: Apache-2.0

internal import GraphQLRequests

extension ConfigurationDecoder {
  /// Decodes the routes. One with a mistake still takes its place, so that the keys of those
  /// behind it, `routes[4]`, say what the file says.
  func decodeRoutes(_ child: MappingReader.Child) -> [RouteConfiguration] {
    items(child, expected: "a list of routes").map(decodeRoute)
  }

  private func decodeRoute(_ child: MappingReader.Child) -> RouteConfiguration {
    var route = RouteConfiguration(name: "", match: RouteMatch(path: .everything), legacy: "")
    let expected = "a route: { name, match: { path }, legacy, ... }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return route }
    route.name = reader.required("name", as: .name) ?? ""
    if let match = reader.child("match") {
      decodeMatch(match, into: &route.match)
    } else {
      reader.missing("match", "{ path: ... }")
    }
    route.legacy = reader.required("legacy", as: .name) ?? ""
    route.extracted = reader.value("extracted", as: .name)
    route.percent = reader.value("percent", as: .percentage) ?? .zero
    if let sticky = reader.child("sticky") { route.sticky = decodeSticky(sticky) }
    route.group = reader.value("group", as: .name)
    route.fallback = reader.value("fallback", as: .fallback) ?? .safeMethods
    if let upgrades = reader.child("upgrades") {
      route.upgrades = items(upgrades, expected: "a list of protocols such as [websocket]")
        .compactMap { ScalarType.token.read($0, findings) }
    }
    route.retriesWrites = reader.value("retry-writes", as: .truth) ?? false
    route.shadow = reader.child("shadow").flatMap(decodeShadow)
    reader.finish()
    return route
  }

  private func decodeMatch(_ child: MappingReader.Child, into match: inout RouteMatch) {
    let expected = "conditions: { path or grpc, host, methods, headers, query, graphql }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return }
    let grpc = reader.child("grpc")
    if let path = reader.child("path") {
      match.path = decodePath(path) ?? match.path
      if let grpc {
        findings.error(
          grpc.key, at: grpc.node.mark, "a gRPC method is a path; leave one of them out")
      }
    } else if let grpc {
      match = decodeGRPC(grpc) ?? match
    } else {
      reader.missing("path", "a path such as /orders/{id} or /orders/**")
    }
    match.host = reader.value("host", as: .host)
    let methods = reader.child("methods")
    if let methods, grpc != nil {
      findings.error(
        methods.key, at: methods.node.mark, "calls of gRPC are all POST; leave the key out")
    } else if let methods {
      match.methods = items(methods, expected: "a list of methods such as [GET, POST]")
        .compactMap { ScalarType.text.read($0, findings) }
      if case .sequence(let nodes) = methods.node.value, nodes.isEmpty {
        findings.error(
          methods.key, at: methods.node.mark,
          "an empty list takes no request; leave the key out to take any method")
      }
    }
    if let headers = reader.child("headers") { match.headers = decodeConditions(headers) }
    if let query = reader.child("query") { match.query = decodeConditions(query) }
    match.graphQL = reader.child("graphql").flatMap(decodeGraphQL)
    reader.finish()
  }

  /// `{ operations: [Page], root-fields: [products], type: query }`; at least one of them.
  private func decodeGraphQL(_ child: MappingReader.Child) -> GraphQLCondition? {
    let expected = "{ operations: [Name], root-fields: [name], type: query }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var condition = GraphQLCondition()
    condition.operations = decodeGraphQLNames(reader.child("operations"))
    condition.rootFields = decodeGraphQLNames(reader.child("root-fields"))
    condition.type = reader.value("type", as: .graphQLKind)
    let isEmpty = !["operations", "root-fields", "type"].contains(where: reader.has)
    reader.finish()
    if isEmpty { findings.error(child.key, at: child.node.mark, "expected \(expected)") }
    return condition
  }

  private func decodeGraphQLNames(_ child: MappingReader.Child?) -> [String] {
    guard let child else { return [] }
    let names = items(child, expected: "a list of names").compactMap {
      ScalarType.graphQLName.read($0, findings)
    }
    if case .sequence(let nodes) = child.node.value, nodes.isEmpty {
      findings.error(
        child.key, at: child.node.mark, "an empty list takes no request; leave the key out")
    }
    return names
  }

  /// `{ service: shop.Orders, method: Get }`; without a method all of the service.
  private func decodeGRPC(_ child: MappingReader.Child) -> RouteMatch? {
    let expected = "{ service: package.Service, method: Name }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let service = reader.required("service", as: .grpcName)
    let method = reader.value("method", as: .grpcName)
    reader.finish()
    return service.flatMap { try? RouteMatch(grpcService: $0, method: method) }
  }

  private func decodePath(_ child: MappingReader.Child) -> PathTemplate? {
    guard let text = ScalarType.text.read(child, findings) else { return nil }
    do {
      return try PathTemplate(parsing: text)
    } catch {
      findings.error(child.key, at: child.node.mark, "\(error), found \(child.node.found)")
      return nil
    }
  }

  /// `name: value` for equality, `name: { present: true }` or `{ present: false }`.
  private func decodeConditions(_ child: MappingReader.Child) -> [FieldCondition] {
    guard let reader = MappingReader(child, expected: "conditions by name", findings) else {
      return []
    }
    return reader.children.compactMap { name, child in
      findings.note(child.key, at: child.node.mark)
      if case .scalar(let text) = child.node.value { return FieldCondition(name, .equals(text)) }
      let expected = "a value, or { present: true }, or { present: false }"
      guard var requirement = MappingReader(child, expected: expected, findings) else {
        return nil
      }
      let isPresent = requirement.required("present", as: .truth)
      requirement.finish()
      return isPresent.map { FieldCondition(name, $0 ? .present : .absent) }
    }
  }

  func decodeSticky(_ child: MappingReader.Child) -> [StickyKey] {
    items(child, expected: "a list such as [ { header: x-user-id }, client-address ]")
      .compactMap(decodeStickyKey)
  }

  private func decodeStickyKey(_ child: MappingReader.Child) -> StickyKey? {
    if case .scalar("client-address") = child.node.value { return .clientAddress }
    let expected = "{ header: name }, { cookie: name } or client-address"
    guard case .mapping(let entries) = child.node.value, entries.count == 1 else {
      findings.error(
        child.key, at: child.node.mark, "expected \(expected), found \(child.node.found)")
      return nil
    }
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let header = reader.value("header", as: .token)
    let cookie = reader.value("cookie", as: .token)
    if let issued = reader.child("issued-cookie") {
      findings.error(
        issued.key, at: issued.node.mark,
        "cookies are not issued by this version; use { cookie: name } with one your service sets")
    }
    reader.finish()
    return header.map(StickyKey.header) ?? cookie.map(StickyKey.cookie)
  }
}

extension ScalarType where Value == RouteConfiguration.Fallback {
  static let fallback = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == HostPattern {
  static let host = ScalarType(
    expected: "a host without port, such as shop.example or \"*.shop.example\"",
    parse: { HostPattern(parsing: $0) })
}

extension ScalarType where Value == Bool {
  static let truth = ScalarType(expected: "true or false") { ["true": true, "false": false][$0] }
}

extension ScalarType where Value == String {
  static let grpcName = ScalarType(expected: "a name such as shop.Orders") { text in
    let isName = text.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 46
        || $0 == 95
    }
    return isName && !text.isEmpty && text.first != "." && text.last != "." ? text : nil
  }
  static let graphQLName = ScalarType(expected: "a name such as products") { text in
    let isName = text.utf8.allSatisfy { PathSegmentBytes.isAlphanumeric($0) || $0 == 0x5F }
    let startsWithDigit = text.utf8.first.map { (0x30...0x39).contains($0) } ?? true
    return isName && !startsWithDigit ? text : nil
  }
  static let token = ScalarType(expected: "a name without spaces and separators") {
    HTTPToken.isValid($0) ? $0 : nil
  }
}

extension ScalarType where Value == GraphQLOperation.Kind {
  static let graphQLKind = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}
