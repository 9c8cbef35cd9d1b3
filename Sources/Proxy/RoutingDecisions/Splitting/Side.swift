// SPDX-License-Identifier: Apache-2.0

/// Which of a route's two upstreams answers.
public enum Side: UInt8, Sendable, Hashable, CaseIterable {
  /// The monolith.
  case legacy = 0
  /// The service taken out of it.
  case extracted = 1

  /// The word used in metrics, logs and explanations.
  public var name: String {
    switch self {
    case .legacy: "legacy"
    case .extracted: "extracted"
    }
  }
}
