// SPDX-License-Identifier: Apache-2.0

/// Why a proxy could not start.
public struct ProxyServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Code: Sendable, Equatable {
    /// An upstream names a module that was not handed over.
    case unknownModule
    /// The listener could not be bound.
    case bindFailed
    /// The transport cannot listen beside an older process.
    case cannotTakeOver
    /// The access log cannot be written.
    case accessLogFailed
    /// The server does not run yet, or no longer.
    case notRunning
    /// A change that a running proxy cannot take up.
    case needsNewProcess
  }

  /// What kind of trouble it is.
  public let code: Code
  /// What was wrong, where, and what to do.
  public let message: String

  /// The message.
  public var description: String { message }
}
