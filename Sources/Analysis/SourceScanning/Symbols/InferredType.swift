// SPDX-License-Identifier: Apache-2.0

/// What inference knows about the type of an expression.
indirect enum InferredType: Sendable {
  case unknown
  case nominal(NominalID, [InferredType])
  /// A type that the tree does not declare, by name.
  case external(String, [InferredType])
  /// A generic parameter; its bounds are looked up in the scope that declares it.
  case generic(String, ScopeID)
  case associated(NominalID)
  case composition([InferredType])
  case metatype(InferredType)
  case function([InferredType], result: InferredType)
  case tuple([Element])
  /// An HTTP router or a group of one.
  case router(RouteOrigin)
  /// A database query that yields rows of a record type.
  case query(NominalID)

  struct Element: Sendable {
    var label: String?
    var type: InferredType
  }

  static let void = InferredType.tuple([])
  static let bool = InferredType.external("Bool", [])
  static let string = InferredType.external("String", [])
  static func optional(_ wrapped: InferredType) -> InferredType { .external("Optional", [wrapped]) }
  static func array(_ element: InferredType) -> InferredType { .external("Array", [element]) }
  static func dictionary(_ key: InferredType, _ value: InferredType) -> InferredType {
    .external("Dictionary", [key, value])
  }

  var isUnknown: Bool {
    if case .unknown = self { true } else { false }
  }
  var isOptional: Bool {
    if case .external("Optional", _) = self { true } else { false }
  }
  var isMetatype: Bool {
    if case .metatype = self { true } else { false }
  }
  /// Without one layer of `Optional`.
  var unwrapped: InferredType {
    if case .external("Optional", let arguments) = self, let wrapped = arguments.first {
      return wrapped
    }
    return self
  }
  var functionResult: InferredType? {
    if case .function(_, let result) = self { result } else { nil }
  }

  /// Replaces generic parameters by position.
  func substituting(_ parameters: [String], with arguments: [InferredType]) -> InferredType {
    guard !parameters.isEmpty, !arguments.isEmpty else { return self }
    return substituting { name in
      guard let index = parameters.firstIndex(of: name), index < arguments.count else { return nil }
      return arguments[index]
    }
  }

  func substituting(_ argument: (String) -> InferredType?) -> InferredType {
    switch self {
    case .generic(let name, _): argument(name) ?? self
    case .nominal(let id, let inner): .nominal(id, inner.map { $0.substituting(argument) })
    case .external(let name, let inner): .external(name, inner.map { $0.substituting(argument) })
    case .composition(let parts): .composition(parts.map { $0.substituting(argument) })
    case .metatype(let instance): .metatype(instance.substituting(argument))
    case .function(let parameters, let result):
      .function(
        parameters.map { $0.substituting(argument) }, result: result.substituting(argument))
    case .tuple(let elements):
      .tuple(elements.map { Element(label: $0.label, type: $0.type.substituting(argument)) })
    case .unknown, .associated, .router, .query: self
    }
  }
}

/// Where the path of a router value starts and what was appended since.
struct RouteOrigin: Sendable, Hashable {
  /// A function parameter or a property that carries a router in or out; its paths are known only
  /// after every call has been seen.
  struct Carrier: Sendable, Hashable {
    var member: MemberID
    /// Index of the parameter; `nil` for the value that the member returns.
    var parameter: Int?
  }
  var carrier: Carrier?
  var path: String
}
