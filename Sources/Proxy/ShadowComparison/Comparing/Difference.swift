// SPDX-License-Identifier: Apache-2.0

/// One place where two answers differ, and in which way.
public struct PathKind: Sendable, Hashable, Comparable {
  /// In which way. Each kind has evidence of its own: a timestamp's value is noise, its turning
  /// into a number is not.
  public enum Kind: String, Sendable, CaseIterable {
    /// Same type, different value.
    case value
    /// Different JSON types, or one side is no JSON at all.
    case type
    /// Only one side has it.
    case presence
    /// The same elements in another order.
    case order
    /// The same number written in another way: `12.5` for `12.50`, `1` for `1.0`, `100` for `1e2`.
    case format
  }

  /// Where.
  public var path: ResponsePath
  /// How.
  public var kind: Kind

  /// Creates a path-kind.
  public init(path: ResponsePath, kind: Kind) {
    self.path = path
    self.kind = kind
  }

  /// Orders by path, then kind.
  public static func < (left: PathKind, right: PathKind) -> Bool {
    (left.path, left.kind.rawValue) < (right.path, right.kind.rawValue)
  }
}

/// A difference with an example, redacted and bounded.
public struct Difference: Sendable, Equatable {
  /// Where and how.
  public var pathKind: PathKind
  /// Legacy's value, nil when it has none.
  public var legacy: String?
  /// The extracted side's value, nil when it has none.
  public var extracted: String?

  /// Creates a difference from values that were redacted and bounded before.
  public init(pathKind: PathKind, legacy: String?, extracted: String?) {
    self.pathKind = pathKind
    self.legacy = legacy
    self.extracted = extracted
  }
}

/// What came of comparing two answers.
public struct Comparison: Sendable, Equatable {
  /// The verdict.
  public enum Outcome: String, Sendable, CaseIterable {
    /// No difference.
    case matched
    /// Differences at ignored paths only.
    case ignored
    /// At least one difference that counts.
    case mismatched
    /// The extracted side failed (5xx) where legacy did not.
    case extractedError = "extracted-error"
    /// Legacy failed (5xx); the answers are not compared.
    case legacyError = "legacy-error"
  }

  /// The verdict.
  public var outcome: Outcome
  /// Differences that count, one per path-kind, sorted.
  public var differences: [Difference]
  /// Path-kinds that differ and are ignored, sorted.
  public var ignored: [PathKind]
  /// Different path-kinds beyond the limit, which are not listed.
  public var unlisted: Int

  package init(
    outcome: Outcome, differences: [Difference], ignored: [PathKind], unlisted: Int
  ) {
    self.outcome = outcome
    self.differences = differences
    self.ignored = ignored
    self.unlisted = unlisted
  }
}
