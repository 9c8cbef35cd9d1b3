// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
package import ShadowComparison

/// What people ruled to be noise, as one version for the journal, and whose answers each change of
/// it concerned.
///
/// What was proved while other differences counted as noise is the answer to another question. A
/// proof therefore knows the version it was gathered under, so that no restart, and no other proxy
/// that goes on with it, takes it for more than it is.
package struct NoiseRulings: Sendable, Equatable {
  /// Changes that are remembered; what was before them may have concerned any route.
  private static let mostChanges = 1_000

  private struct Change: Sendable, Equatable {
    let former: String
    /// nil where that is not known.
    let routes: Set<String>?
  }

  /// The same where the same is noise, whoever said so, in every process.
  package private(set) var version: String
  private var changes: [Change] = []

  package init(_ approvals: [NoiseApproval]) { version = Self.version(of: approvals) }

  /// Takes up what counts from now on.
  ///
  /// - Parameter routes: those whose answers the change concerns; nil where that is not known.
  package mutating func change(to approvals: [NoiseApproval], concerning routes: Set<String>?) {
    let next = Self.version(of: approvals)
    guard next != version else { return }
    changes.append(Change(former: version, routes: routes))
    changes = changes.suffix(Self.mostChanges)
    version = next
  }

  /// Routes about whose answers something else was ruled since a version was in force; nil where
  /// that was not seen here and may be any of them.
  package func routes(since former: String) -> Set<String>? {
    if former == version { return [] }
    guard let first = changes.lastIndex(where: { $0.former == former }) else { return nil }
    return changes[first...].reduce(into: Set<String>?.some([])) { routes, change in
      guard let concerned = change.routes else { return routes = nil }
      routes?.formUnion(concerned)
    }
  }

  private static func version(of approvals: [NoiseApproval]) -> String {
    let texts = approvals.map { approval in
      [approval.endpoint, "\(approval.pathKind.path)", approval.pathKind.kind.rawValue]
        .map { "\($0.utf8.count) \($0)" }.joined(separator: " ")
    }
    let whole = texts.sorted().joined(separator: "\n")
    return String(JournalHash(of: Array(whole.utf8)).description.prefix(16))
  }
}
