// SPDX-License-Identifier: Apache-2.0

public import GraphQLRequests

/// Why a request goes where it goes.
public struct RoutingExplanation: Sendable, Equatable {
  /// What became of one route.
  public enum Outcome: Sendable, Equatable {
    /// It takes the request.
    case taken
    /// It would, but the route named is more specific or stands before it.
    case outranked(by: String)
    /// Its path takes other paths.
    case otherPath
    /// The request is for another host.
    case otherHost
    /// The request has another method.
    case otherMethod
    /// The header field named does not meet the condition.
    case header(String)
    /// The query parameter named does not meet the condition.
    case query(String)
    /// It has another GraphQL operation executed, or one that cannot be told.
    case operation
  }

  /// One route and what became of it.
  public struct Attempt: Sendable, Equatable {
    /// Index of the route.
    public let routeIndex: Int
    /// Name of the route.
    public let route: String
    /// The route's path template.
    public let path: String
    /// What became of it.
    public let outcome: Outcome
  }

  /// The user's key as found in the request.
  public struct UserKey: Sendable, Equatable {
    /// The key.
    public let text: String
    /// The place that held it.
    public let place: StickyKey
  }

  /// The request's method.
  public let method: String
  /// The path as received; this is what is forwarded.
  public let path: String
  /// The path as compared with the routes: encoded unreserved characters plain.
  public let normalizedPath: String
  /// The query without `?`.
  public let query: String
  /// The host and port asked for.
  public let authority: String
  /// The client's address.
  public let clientAddress: String
  /// The decision, made by the code that decides live traffic.
  public let decision: RoutingDecision
  /// Every route: first those whose path fits, in the order they are tried, then the others.
  public let attempts: [Attempt]
  /// The route that takes the request; nil when none does.
  public let route: RouteConfiguration?
  /// The user's key; nil when the request has none, or no route.
  public let userKey: UserKey?
  /// The GraphQL operation that it has executed, or why that cannot be told; nil when no route for
  /// its path asks.
  public let operation: Result<GraphQLOperation, GraphQLUndecided>?
  /// The upstream that is asked.
  public let upstream: UpstreamConfiguration?
  /// The upstream that may answer if the first fails and the method is safe.
  public let fallbackUpstream: UpstreamConfiguration?
  /// What the route's shadow makes of the request; nil when it has none, and when the extracted
  /// side answers itself.
  package let shadow: ShadowSampling.Verdict?
}
