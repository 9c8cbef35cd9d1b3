// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
package import RoutingDecisions
package import ShadowComparison

/// What people ruled to be noise, as a version for each route.
///
/// What was proved while other differences counted as noise is the answer to another question. A
/// proof therefore knows the version it was gathered under, so that no restart, and no other proxy
/// that goes on with it, takes it for more than it is. A version follows from the approvals and the
/// route alone: whoever saw less of the traffic comes to the same.
package struct NoiseRulings: Sendable, Equatable {
  private struct Ruling: Sendable, Equatable {
    let endpoint: String
    let text: String
  }

  private let rulings: [Ruling]

  package init(_ approvals: [NoiseApproval]) {
    rulings = approvals.map { approval in
      // Who said so, when and why makes no difference.
      let parts = [
        approval.endpoint, "\(approval.pathKind.path)", approval.pathKind.kind.rawValue,
      ]
      return Ruling(
        endpoint: approval.endpoint,
        text: parts.map { "\($0.utf8.count) \($0)" }.joined(separator: " "))
    }.sorted { $0.text < $1.text }
  }

  /// The same, in every process, where the same of the route's answers is noise.
  package func version(of route: RouteMatch) -> String {
    let texts = rulings.filter { route.mayTake(endpoint: $0.endpoint) }.map(\.text)
    return String(
      JournalHash(of: Array(texts.joined(separator: "\n").utf8)).description.prefix(16))
  }
}

extension RouteMatch {
  /// Longest name of an endpoint that says all of its path (`EndpointName`).
  private static let longestName = 500

  /// Whether answers of the route may be reported under an endpoint's name, such as
  /// `GET /orders/{id}`; also where that cannot be told.
  func mayTake(endpoint name: String) -> Bool {
    let parts = name.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[1].hasPrefix("/"), name.utf8.count <= Self.longestName else {
      return true
    }
    if !methods.isEmpty, !methods.contains(String(parts[0])) { return false }
    let names = parts[1].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    let isLong = path.takesEverythingBelow && names.count > path.segments.count
    guard isLong || names.count == path.segments.count else { return false }
    return zip(path.segments, names).allSatisfy { segment, name in
      // A key, something redacted, or a letter in another way of writing.
      if name.contains(where: { "{%".contains($0) }) { return true }
      guard case .literal(let text) = segment else { return true }
      return name == text
    }
  }
}
