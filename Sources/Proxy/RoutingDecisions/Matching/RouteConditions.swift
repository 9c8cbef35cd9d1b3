// SPDX-License-Identifier: Apache-2.0

import GraphQLRequests
import HTTPExchange

/// Why a route whose path fits does not take a request.
enum ConditionMismatch: Equatable {
  case host
  case method
  /// Index into `RouteMatch.headers`.
  case header(Int)
  /// Index into `RouteMatch.query`.
  case query(Int)
  case graphQL
}

/// The conditions besides the path of all routes, compiled: evaluating them allocates nothing.
struct RouteConditions: Sendable {
  private struct Route {
    var hasHost: Bool
    var takesSubdomains: Bool
    var host: BytePool.Text
    var methods: Range<Int>
    var headers: Range<Int>
    var query: Range<Int>
    /// Index among the conditions on operations; -1 for none.
    var graphQL: Int

    var isEmpty: Bool {
      !hasHost && methods.isEmpty && headers.isEmpty && query.isEmpty && graphQL < 0
    }
  }

  private enum Requirement {
    case equals(BytePool.Text)
    case present
    case absent
  }

  private struct Field {
    var name: BytePool.Text
    var requirement: Requirement
  }

  private var routes: ContiguousArray<Route> = []
  /// By route: the path is all that it asks for, as most do.
  private var isUnconditional: ContiguousArray<Bool> = []
  private var methods: ContiguousArray<BytePool.Text> = []
  private var headers: ContiguousArray<Field> = []
  private var query: ContiguousArray<Field> = []
  private var operations: [GraphQLCondition] = []
  private var texts = BytePool()

  init(_ matches: [RouteMatch]) {
    for match in matches {
      let firstMethod = methods.count
      let firstHeader = headers.count
      let firstParameter = query.count
      for method in match.methods { methods.append(texts.add(method.utf8)) }
      for condition in match.headers {
        headers.append(compile(condition, name: condition.name.lowercased()))
      }
      for condition in match.query {
        query.append(compile(condition, name: condition.name))
      }
      if let condition = match.graphQL { operations.append(condition) }
      let route = Route(
        hasHost: match.host != nil, takesSubdomains: match.host?.takesSubdomains ?? false,
        host: texts.add((match.host?.name ?? "").utf8), methods: firstMethod..<methods.count,
        headers: firstHeader..<headers.count, query: firstParameter..<query.count,
        graphQL: match.graphQL == nil ? -1 : operations.count - 1)
      routes.append(route)
      isUnconditional.append(route.isEmpty)
    }
  }

  private mutating func compile(_ condition: FieldCondition, name: String) -> Field {
    let requirement: Requirement =
      switch condition.requirement {
      case .equals(let value): .equals(texts.add(value.utf8))
      case .present: .present
      case .absent: .absent
      }
    return Field(name: texts.add(name.utf8), requirement: requirement)
  }

  /// A route asks for an operation of GraphQL.
  var askForOperations: Bool { !operations.isEmpty }

  /// Whether a route does.
  func asksForOperation(_ index: Int) -> Bool { routes[index].graphQL >= 0 }

  /// Whether all conditions of a route hold. `operation`: nil when it cannot be told.
  @inline(__always)
  func hold(of index: Int, for view: RequestView, _ operation: GraphQLOperation?) -> Bool {
    isUnconditional[index] || firstMismatch(of: index, for: view, operation) == nil
  }

  /// The first condition of a route that does not hold; nil when all do.
  func firstMismatch(
    of index: Int, for view: RequestView, _ operation: GraphQLOperation?
  ) -> ConditionMismatch? {
    let route = routes[index]
    if route.hasHost, !hostMatches(route, view[view.authority]) { return .host }
    if !route.methods.isEmpty, !methodMatches(route.methods, view[view.method]) { return .method }
    for header in route.headers where !headerMatches(headers[header], view) {
      return .header(header - route.headers.lowerBound)
    }
    for parameter in route.query where !parameterMatches(query[parameter], view[view.query]) {
      return .query(parameter - route.query.lowerBound)
    }
    if route.graphQL >= 0 {
      guard let operation, operations[route.graphQL].holds(of: operation) else { return .graphQL }
    }
    return nil
  }

  private func methodMatches(_ range: Range<Int>, _ method: UnsafeRawBufferPointer) -> Bool {
    for index in range where texts.equals(methods[index], method) { return true }
    return false
  }

  private func hostMatches(_ route: Route, _ authority: UnsafeRawBufferPointer) -> Bool {
    let host = Authority.host(of: authority)
    if !route.takesSubdomains { return texts.equalsLowercased(route.host, host) }
    let dot = host.count - Int(route.host.count) - 1
    guard dot > 0, host[dot] == UInt8(ascii: ".") else { return false }
    return texts.equalsLowercased(
      route.host, UnsafeRawBufferPointer(rebasing: host[(dot + 1)...]))
  }

  private func headerMatches(_ condition: Field, _ view: RequestView) -> Bool {
    var isPresent = false
    for field in view.fields where texts.equalsLowercased(condition.name, view[field.name]) {
      isPresent = true
      if case .equals(let value) = condition.requirement, texts.equals(value, view[field.value]) {
        return true
      }
    }
    return holds(condition.requirement, isPresent: isPresent)
  }

  private func parameterMatches(_ condition: Field, _ query: UnsafeRawBufferPointer) -> Bool {
    var isPresent = false
    var parameters = QueryParameters(query)
    while let parameter = parameters.next() {
      guard QueryParameters.decoded(query, parameter.name, equals: condition.name, of: texts) else {
        continue
      }
      isPresent = true
      if case .equals(let value) = condition.requirement,
        QueryParameters.decoded(query, parameter.value, equals: value, of: texts)
      {
        return true
      }
    }
    return holds(condition.requirement, isPresent: isPresent)
  }

  /// Whether a requirement holds that no single value met.
  private func holds(_ requirement: Requirement, isPresent: Bool) -> Bool {
    switch requirement {
    case .equals: false
    case .present: isPresent
    case .absent: !isPresent
    }
  }
}
