// SPDX-License-Identifier: Apache-2.0

/// What a comparison looks at, leaves out and hides.
public struct ComparisonRules: Sendable, Equatable {
  /// Matches array elements by a member instead of by position.
  public struct UnorderedArray: Sendable, Hashable {
    /// The array, written with its brackets: `items[]`.
    public var array: PathPattern
    /// Member that identifies an element; nil compares whole elements as a set.
    public var key: String?

    /// Creates a rule.
    public init(_ array: PathPattern, key: String? = nil) {
      self.array = array
      self.key = key
    }
  }

  /// Numbers that may differ a little.
  public struct Tolerance: Sendable, Hashable {
    /// Where.
    public var path: PathPattern
    /// Largest absolute difference that counts as equal.
    public var difference: Double

    /// Creates a rule.
    public init(_ path: PathPattern, difference: Double) {
      self.path = path
      self.difference = difference
    }
  }

  /// Headers that are compared, in any case; all others are not looked at.
  public var headers: [String]
  /// Differences here make the outcome `ignored` instead of `mismatched`.
  public var ignore: [PathPattern]
  /// Values here are compared and never kept or shown: members of JSON by path or by their bare
  /// name, headers as `header:name`, parameters of the query as `query:name` or by their bare name,
  /// segments of a request's path as `path:/reset/{token}`. Case means nothing, and what lies
  /// within is hidden too. With any such rule a body that is not JSON is kept as length and hash
  /// only.
  public var redact: [PathPattern]
  /// Arrays whose order means nothing.
  public var unordered: [UnorderedArray]
  /// Numbers that may differ a little; how they are written means nothing either.
  public var tolerances: [Tolerance]
  /// Whether a number counts as different that is only written in another way, such as `12.5` for
  /// `12.50`.
  public var numberFormat: Bool
  /// Most bytes of an example value.
  public var exampleBytes: Int
  /// Most different paths that one comparison lists; the rest is counted.
  public var differences: Int
  /// Bodies above this many bytes are compared as bytes, not by path.
  public var parsedBodyBytes: Int

  /// Creates rules.
  public init(
    headers: [String] = ["content-type", "location"], ignore: [PathPattern] = [],
    redact: [PathPattern] = [], unordered: [UnorderedArray] = [], tolerances: [Tolerance] = [],
    numberFormat: Bool = true,
    exampleBytes: Int = 120, differences: Int = 100, parsedBodyBytes: Int = 4 << 20
  ) {
    self.headers = headers
    self.ignore = ignore
    self.redact = redact
    self.unordered = unordered
    self.tolerances = tolerances
    self.numberFormat = numberFormat
    self.exampleBytes = exampleBytes
    self.differences = differences
    self.parsedBodyBytes = parsedBodyBytes
  }
}
