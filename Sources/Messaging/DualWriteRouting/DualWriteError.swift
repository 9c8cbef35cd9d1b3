// SPDX-License-Identifier: Apache-2.0

/// What went wrong with routed work; errors of the work itself are thrown as they are.
public struct DualWriteError: Error, Sendable, CustomStringConvertible {
  /// What a caller can tell apart.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// Stable name, such as `paused`.
    public let description: String

    /// Neither side took the write: a change of sides is under way. Nothing was written; try again.
    public static let paused = Code(description: "paused")
    /// What a store says of the mapping cannot be read.
    public static let unreadable = Code(description: "unreadable")
  }

  /// Which error.
  public let code: Code
  /// What was wrong, and what to do.
  public let message: String

  /// Whether the same work may go well a moment later.
  public var isRetryable: Bool { code == .paused }

  /// Code and message.
  public var description: String { "\(code): \(message)" }
}
