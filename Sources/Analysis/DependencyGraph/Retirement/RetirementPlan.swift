// SPDX-License-Identifier: Apache-2.0

/// What of a monolith may go once a service has taken over, with what speaks for it and against it.
/// Nothing is changed by it.
package struct RetirementPlan: Sendable, Equatable {
  /// What becomes of a type, a file or a table.
  package enum Fate: String, Sendable, CaseIterable {
    /// Nothing that stays needs it: it may go now.
    case dead
    /// Only routes need it that are not the service's alone yet.
    case waiting
    /// Of a file: some of it may go.
    case partly
    /// What stays needs it.
    case used
  }

  package struct Route: Sendable, Equatable {
    package var method: String
    package var path: String
    package var handler: String
    package var location: Location
    package var standing: RouteStanding
    /// Why its code is still needed; empty where it is not.
    package var objections: [String]
    /// What speaks for it.
    package var evidence: String
  }

  /// A place that needs something.
  package struct Use: Sendable, Equatable {
    package var from: String
    package var symbol: String
    package var kind: String
    package var location: Location
    /// Only the name of a member tells.
    package var isGuess: Bool
  }

  package struct TypeEntry: Sendable, Equatable {
    package var name: String
    package var location: Location
    package var fate: Fate
    /// False for what only the service needed.
    package var isOfService: Bool
    /// Of one that is used: every place outside of the service that needs it.
    package var uses: [Use]
    /// Of one that is used by types of the service alone, those that are used themselves, or what
    /// it stands behind.
    package var needs: [String]
    /// Of one that waits: the routes that need it.
    package var routes: [String]
  }

  package struct File: Sendable, Equatable {
    package var path: String
    package var lines: Int
    package var fate: Fate
    package var types: [TypeEntry]
    /// Places that need an extension in it, whatever becomes of its types.
    package var uses: [Use]
    package var doubts: [String]
  }

  package struct Table: Sendable, Equatable {
    package var name: String
    package var fate: Fate
    /// Statements that stay.
    package var uses: [Location]
  }

  package var service: String
  package var routes: [Route]
  /// In order of path.
  package var files: [File]
  /// Lines that name what goes, and go with it.
  package var edits: [Use]
  package var tables: [Table]
  /// Types of the service that run jobs in the monolith.
  package var jobs: [String]
  /// Files of tests that need something that goes.
  package var tests: [String]
  /// What nobody can know from here.
  package var doubts: [String]

  package func lines(_ fate: Fate) -> Int {
    files.filter { $0.fate == fate }.reduce(0) { $0 + $1.lines }
  }

  package func types(_ fate: Fate) -> [TypeEntry] {
    files.flatMap(\.types).filter { $0.fate == fate }
  }

  /// Routes that are not the service's alone yet.
  package var openRoutes: [Route] { routes.filter { !$0.objections.isEmpty } }

  /// Types of the service that what stays needs.
  package var usedTypes: [TypeEntry] { types(.used).filter(\.isOfService) }

  /// Whether all of the service's code may go.
  package var isReady: Bool { openRoutes.isEmpty && usedTypes.isEmpty }

  /// Whether none of it is left.
  package var isOver: Bool {
    routes.isEmpty && !files.flatMap(\.types).contains(where: \.isOfService)
  }
}
