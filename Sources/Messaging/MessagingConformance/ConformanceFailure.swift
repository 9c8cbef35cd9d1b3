// SPDX-License-Identifier: Apache-2.0

/// A check of a conformance suite that did not hold.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  /// What was seen, and what was expected.
  public var description: String

  /// Creates the error.
  public init(description: String) { self.description = description }
}

/// - Throws: `ConformanceFailure` when the condition does not hold.
package func require(
  _ condition: Bool, _ message: @autoclosure () -> String
) throws(ConformanceFailure) {
  if !condition { throw ConformanceFailure(description: message()) }
}
