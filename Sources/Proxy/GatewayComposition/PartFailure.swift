// SPDX-License-Identifier: Apache-2.0

/// Why a part of an answer is not there.
package enum PartFailure: Error, Sendable, Hashable {
  /// Its upstream could not be asked or did not answer, for the reason named.
  case upstream(String)
  /// It answered with another status than a success.
  case status(Int)
  /// It did not answer in its time.
  case timeout
  /// Its answer has more bytes than it may have.
  case tooLarge
  /// Its answer is not JSON, or not in a form that can be merged.
  case notJSON
  /// It answered in a coding that nobody asked for.
  case encoded
  /// This proxy keeps as much in memory as it may.
  case memory

  /// A stable kebab-case name.
  package var reason: String {
    switch self {
    case .upstream(let reason): reason
    case .status(let status): "status-\(status)"
    case .timeout: "timeout"
    case .tooLarge: "too-large"
    case .notJSON: "not-json"
    case .encoded: "encoded"
    case .memory: "memory"
    }
  }

  /// What the client asked for was refused or is not there, which is an answer as well.
  package var clientStatus: Int? {
    if case .status(let status) = self, (400..<500).contains(status) { status } else { nil }
  }
}
