// SPDX-License-Identifier: Apache-2.0

/// A configuration that cannot be used, with everything that is wrong with it.
public struct InvalidConfiguration: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, in file order; at least one error.
  public let diagnostics: [Diagnostic]

  /// Creates the error.
  public init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }

  /// One diagnostic a line.
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}
