// SPDX-License-Identifier: Apache-2.0

public import GraphQLRequests
public import HTTPExchange

extension RoutingTable {
  /// Explains the decision on a request. `decide` and this walk the same trie and evaluate the same
  /// conditions; this one goes on after the first match to say what became of the others.
  ///
  /// - Parameters:
  ///   - view: the request.
  ///   - offersUpgrade: the request lets the upstream switch to another protocol.
  ///   - overridesMethod: it asks for another method than its own.
  ///   - operation: what it has executed, or why that cannot be told; nil when no route asks.
  public func explain(
    _ view: RequestView, offersUpgrade: Bool = false, overridesMethod: Bool = false,
    operation: Result<GraphQLOperation, GraphQLUndecided>? = nil
  ) -> RoutingExplanation {
    let known = try? operation?.get()
    let decision = decide(view, operation: known)
    var recorder = AttemptRecorder(table: self, view: view, operation: known)
    paths.visitCandidates(for: view[view.path]) { recorder.visit($0) }
    let route = routeIndex(numbered: decision.routeIndex)
    let path = view[view.path]
    return RoutingExplanation(
      method: String(decoding: view[view.method], as: UTF8.self),
      path: String(decoding: path, as: UTF8.self),
      normalizedPath: String(
        decoding: PathSegmentBytes.normalized(path), as: UTF8.self),
      query: String(decoding: view[view.query], as: UTF8.self),
      authority: String(decoding: view[view.authority], as: UTF8.self),
      clientAddress: String(decoding: view.clientAddress, as: UTF8.self),
      decision: decision, attempts: recorder.attempts + otherPaths(recorder.attempts),
      route: route.map { configuration.routes[$0] }, userKey: userKey(route, view),
      operation: operation, upstream: upstream(decision.upstream),
      fallbackUpstream: upstream(decision.fallbackUpstream),
      shadow: decision.isShadowed
        ? route.flatMap {
          shadow($0, view, offersUpgrade: offersUpgrade, overridesMethod: overridesMethod)
        } : nil)
  }

  private func shadow(
    _ route: Int, _ view: RequestView, offersUpgrade: Bool, overridesMethod: Bool
  ) -> ShadowSampling.Verdict? {
    let isSafe = MethodKind.identify(view[view.method]).isSafe && !overridesMethod
    let route = configuration.routes[route]
    return route.shadow.map {
      ShadowSampling(route: route.name, $0).verdict(
        on: view, isSafe: isSafe, offersUpgrade: offersUpgrade)
    }
  }

  private func userKey(_ route: Int?, _ view: RequestView) -> RoutingExplanation.UserKey? {
    guard let route, configuration.routes[route].extracted != nil,
      let found = keySources.firstKey(in: splits[route].keys, of: view)
    else { return nil }
    return RoutingExplanation.UserKey(
      text: String(decoding: found.key, as: UTF8.self),
      place: configuration.routes[route].sticky[found.place])
  }

  private func upstream(_ number: Int) -> UpstreamConfiguration? {
    number < 0 ? nil : numbers.upstreams[number]
  }

  private func otherPaths(
    _ tried: [RoutingExplanation.Attempt]
  ) -> [RoutingExplanation.Attempt] {
    let known = Set(tried.map(\.routeIndex))
    return configuration.routes.indices.filter { !known.contains($0) }
      .map { attempt($0, .otherPath) }
  }

  fileprivate func attempt(
    _ index: Int, _ outcome: RoutingExplanation.Outcome
  ) -> RoutingExplanation.Attempt {
    let route = configuration.routes[index]
    return RoutingExplanation.Attempt(
      routeIndex: index, route: route.name, path: route.match.path.description, outcome: outcome)
  }
}

/// Notes what becomes of each candidate.
private struct AttemptRecorder {
  let table: RoutingTable
  let view: RequestView
  let operation: GraphQLOperation?
  var attempts: [RoutingExplanation.Attempt] = []
  private var winner: String?

  init(table: RoutingTable, view: RequestView, operation: GraphQLOperation?) {
    self.table = table
    self.view = view
    self.operation = operation
  }

  mutating func visit(_ candidates: Range<Int32>) -> Bool {
    for position in candidates {
      let index = Int(table.paths.order[Int(position)])
      attempts.append(table.attempt(index, outcome(of: index)))
    }
    return false
  }

  private mutating func outcome(of index: Int) -> RoutingExplanation.Outcome {
    let match = table.configuration.routes[index].match
    switch table.conditions.firstMismatch(of: index, for: view, operation) {
    case .host: return .otherHost
    case .method: return .otherMethod
    case .header(let position): return .header(match.headers[position].name)
    case .query(let position): return .query(match.query[position].name)
    case .graphQL: return .operation
    case nil: break
    }
    if let winner { return .outranked(by: winner) }
    winner = table.configuration.routes[index].name
    return .taken
  }
}
