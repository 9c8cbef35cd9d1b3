// SPDX-License-Identifier: Apache-2.0

public import GraphQLRequests

/// One route: which requests it takes, and which side answers how many of its users.
public struct RouteConfiguration: Sendable, Equatable {
  /// When a request that the extracted side failed may be asked of legacy.
  public enum Fallback: String, Sendable, Equatable, CaseIterable {
    /// GET, HEAD and OPTIONS only: a write never changes sides.
    case safeMethods = "safe-methods"
    /// Never.
    case off
  }

  /// Unique name, used by the admin API, metrics and explanations.
  public var name: String
  /// Which requests it takes.
  public var match: RouteMatch
  /// Name of the upstream that answers for legacy.
  public var legacy: String
  /// Name of the upstream that answers for the extracted service; nil leaves all to legacy.
  public var extracted: String?
  /// Share of users whom the extracted side answers.
  public var percent: Percentage
  /// Where the user's key is looked for, in order; the first that is there counts.
  public var sticky: [StickyKey]
  /// Routes of one group put each user on the same side at the same percentage; nil groups the
  /// route with itself. Renaming the group, or a route without one, deals the users anew.
  public var group: String?
  /// Whether legacy may answer for a failed extracted side.
  public var fallback: Fallback
  /// Protocols that a client may switch to by `Upgrade`, any case; after the upstream's 101 bytes
  /// pass both ways unread. WebSocket unless said otherwise, since a proxy put in front must not
  /// break what worked; empty for none. Offers of others are dropped, and the request goes on as
  /// plain HTTP.
  public var upgrades: [String]
  /// POST and PATCH requests that carry an `Idempotency-Key` may be sent again, on the same side;
  /// only for services that honour the key.
  public var retriesWrites: Bool
  /// What of its traffic is sent to the extracted side as well; nil shadows nothing.
  public var shadow: ShadowConfiguration?

  /// Creates a route.
  public init(
    name: String, match: RouteMatch, legacy: String, extracted: String? = nil,
    percent: Percentage = .zero, sticky: [StickyKey] = [.clientAddress], group: String? = nil,
    fallback: Fallback = .safeMethods, upgrades: [String] = ["websocket"],
    retriesWrites: Bool = false, shadow: ShadowConfiguration? = nil
  ) {
    self.name = name
    self.match = match
    self.legacy = legacy
    self.extracted = extracted
    self.percent = percent
    self.sticky = sticky
    self.group = group
    self.fallback = fallback
    self.upgrades = upgrades
    self.retriesWrites = retriesWrites
    self.shadow = shadow
  }
}

/// The conditions of a route; all must hold.
public struct RouteMatch: Sendable, Equatable {
  /// Path template, such as `/orders/42`, `/orders/{id}` or `/orders/**`.
  public var path: PathTemplate
  /// Host without port, such as `shop.example` or `*.shop.example`; nil takes any.
  public var host: HostPattern?
  /// Methods, exactly as sent; empty takes any.
  public var methods: [String]
  /// Header fields by name.
  public var headers: [FieldCondition]
  /// Query parameters by name.
  public var query: [FieldCondition]
  /// Which GraphQL operation the request has executed; nil takes any, and what is no GraphQL.
  public var graphQL: GraphQLCondition?

  /// Creates conditions.
  public init(
    path: PathTemplate, host: HostPattern? = nil, methods: [String] = [],
    headers: [FieldCondition] = [], query: [FieldCondition] = [],
    graphQL: GraphQLCondition? = nil
  ) {
    self.path = path
    self.host = host
    self.methods = methods
    self.headers = headers
    self.query = query
    self.graphQL = graphQL
  }

  /// Takes calls of gRPC: all of a service such as `shop.Orders`, or those of one method.
  ///
  /// - Throws: `PathTemplate`'s error for names that cannot stand in a path.
  public init(grpcService service: String, method: String? = nil) throws {
    self.init(
      path: try PathTemplate(parsing: "/\(service)/\(method ?? "{method}")"), methods: ["POST"])
  }

  /// Number of conditions besides the path; more of them win over fewer on the same path.
  public var conditionCount: Int {
    (host == nil ? 0 : 1) + (methods.isEmpty ? 0 : 1) + headers.count + query.count
      + (graphQL == nil ? 0 : 1)
  }
}

/// A condition on a header field or a query parameter.
public struct FieldCondition: Sendable, Hashable {
  /// What the value must be.
  public enum Requirement: Sendable, Hashable {
    /// One of the values given equals this one, byte for byte.
    case equals(String)
    /// It is there, whatever its value.
    case present
    /// It is not there.
    case absent
  }

  /// Name of the field (any case) or parameter (exact).
  public var name: String
  /// What its value must be.
  public var requirement: Requirement

  /// Creates a condition.
  public init(_ name: String, _ requirement: Requirement) {
    self.name = name
    self.requirement = requirement
  }
}

/// A condition on the operation of a GraphQL request: its sort, and its name or its root fields.
///
/// A request whose operation cannot be told meets none: it goes on to the route for the same path
/// without this condition.
public struct GraphQLCondition: Sendable, Hashable {
  /// Names of operations, of which the request's is one.
  public var operations: [String]
  /// Fields, to which all at the operation's root belong; `__typename`, which everybody answers,
  /// may stand beside them.
  public var rootFields: [String]
  /// What sort of operation it is; nil takes any.
  public var type: GraphQLOperation.Kind?

  /// Creates a condition; with neither names nor fields it asks for the sort alone.
  public init(
    operations: [String] = [], rootFields: [String] = [], type: GraphQLOperation.Kind? = nil
  ) {
    self.operations = operations
    self.rootFields = rootFields
    self.type = type
  }

  /// Whether an operation meets it.
  func holds(of operation: GraphQLOperation) -> Bool {
    if let type, operation.kind != type { return false }
    if operations.isEmpty, rootFields.isEmpty { return true }
    if let name = operation.name, operations.contains(name) { return true }
    guard let fields = operation.rootFields?.filter({ $0 != "__typename" }), !fields.isEmpty else {
      return false
    }
    return fields.allSatisfy(rootFields.contains)
  }
}
