// SPDX-License-Identifier: Apache-2.0

/// How much each source of evidence counts. The defaults are fixed once for all code bases.
///
/// Each signal is first normalised (see `FlowSignal`) and then scaled to its share, so a code base
/// with ten times more references than tables does not drown the tables.
public struct SignalWeights: Sendable, Equatable {
  /// Share of references between types; the other shares are relative to it.
  public var references = 1.0
  /// Share of structural equivalence: types that use, or are used by, the same types.
  public var equivalence = 0.25
  /// Share of tables: types that read, write or map the same ones.
  public var tables = 0.5
  /// Share of HTTP routes under the same resource.
  public var routes = 0.15
  /// Share of folders, layer names such as `Controllers` left out.
  public var folders = 0.2
  /// Share of words in type names.
  public var names = 0.2
  /// Share of common changes: types whose files change in the same commits.
  public var changes = 0.2
  /// Part of a reference's flow that its source gives; its target takes the rest. Below one half,
  /// being used says more than using, which damps types that use everything.
  public var sourceShare = 0.25

  /// The defaults.
  public init() {}

  /// Only references and structural equivalence, for graphs that carry nothing else.
  public static var structureOnly: SignalWeights {
    var weights = SignalWeights()
    (weights.tables, weights.routes, weights.folders, weights.names) = (0, 0, 0, 0)
    weights.changes = 0
    return weights
  }

  /// The sources of evidence, in the order in which reports name them.
  package enum Signal: String, Sendable, CaseIterable {
    case references, equivalence, tables, routes, folders, names, changes
  }

  /// Share of one source.
  package subscript(signal: Signal) -> Double {
    get { self[keyPath: Self.path(signal)] }
    set { self[keyPath: Self.path(signal)] = newValue }
  }

  private static func path(_ signal: Signal) -> WritableKeyPath<Self, Double> {
    switch signal {
    case .references: \.references
    case .equivalence: \.equivalence
    case .tables: \.tables
    case .routes: \.routes
    case .folders: \.folders
    case .names: \.names
    case .changes: \.changes
    }
  }

  /// Weight of one reference: what it would cost to replace it by a call over the network.
  static func weight(of kind: Reference.Kind) -> Double {
    switch kind {
    case .inheritance: 4
    case .conformance, .storedProperty: 3
    case .construction: 2.5
    case .call: 2
    case .signature: 1.5
    case .typeUse, .global: 1
    }
  }

  /// Weight of one use of a table. Migrations touch every table and say nothing about areas.
  static func weight(of access: TableUse.Access) -> Double {
    switch access {
    case .maps, .writes: 1
    case .reads: 0.5
    case .defines: 0
    }
  }
}
