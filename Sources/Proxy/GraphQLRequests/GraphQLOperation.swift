// SPDX-License-Identifier: Apache-2.0

/// The operation that a GraphQL request has executed, as far as the request alone tells.
public struct GraphQLOperation: Sendable, Equatable {
  /// What sort of operation it is.
  public enum Kind: String, Sendable, Equatable, CaseIterable {
    /// Reads.
    case query
    /// Changes something, then reads.
    case mutation
    /// Reads again and again.
    case subscription
  }

  /// What sort it is; nil when the document is not in the request, as with a persisted query.
  public var kind: Kind?
  /// The operation's name; nil when it has none.
  public var name: String?
  /// Names of the fields at its root, sorted, with those of fragments and without aliases; nil when
  /// the document is not in the request.
  public var rootFields: [String]?

  /// Creates an operation.
  public init(kind: Kind?, name: String?, rootFields: [String]?) {
    self.kind = kind
    self.name = name
    self.rootFields = rootFields
  }
}

/// Why it cannot be told which operation a request has executed.
public enum GraphQLUndecided: String, Error, Sendable, Equatable, CaseIterable {
  /// Neither a query nor the name of a persisted one, or a form that is not known.
  case notGraphQL = "not-graphql"
  /// More bytes than are looked at.
  case tooLarge = "too-large"
  /// The body did not come with the head, and its sender waits for leave to send it.
  case bodyWithheld = "body-withheld"
  /// Several requests in one.
  case batched
  /// No valid document.
  case malformed
  /// Nested more deeply, or of more tokens, than is looked at.
  case tooDeep = "too-deep"
  /// Several operations, and no name that says which.
  case ambiguous
  /// There is no operation of the name given.
  case unknownOperation = "unknown-operation"
  /// A fragment is spread that is not there.
  case unknownFragment = "unknown-fragment"
}
