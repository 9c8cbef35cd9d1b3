// SPDX-License-Identifier: Apache-2.0

/// What the clusterer's result depends on besides the graph. One set serves every graph.
package struct ClusteringParameters: Sendable, Equatable {
  /// Runs with noise; lowered on graphs so large that they would take seconds.
  package var members = 128
  /// Part of a link's flow that its source gives; its target takes the rest.
  package var sourceShare = 0.25
  /// Share of structural equivalence relative to the links.
  package var equivalence = 0.25
  /// Weights are multiplied by a number from `1 - noise` to `1 + noise`.
  package var noise = 0.5
  /// Share of the runs that must on average keep two clusters together for them to be one.
  package var agreement = 0.5
  /// Clusters with fewer items join the one that they exchange most flow with.
  package var leastItems = 3
  /// Clusters with fewer items join a host when they are its satellites (see `SmallClusters`).
  package var satelliteItems = 6
  /// Part of its way out that leads a satellite to its host.
  package var satelliteShare = 0.6
  /// Above 1 for more and smaller clusters, below for fewer.
  package var resolution = 1.0
  /// Weight of a stored division beside that of all runs together (1), in anchored mode: what it
  /// keeps together parts where fewer than one in twenty runs keep it so, and what it keeps apart
  /// joins where more than nineteen in twenty join it.
  package var anchorShare = 0.9

  package init() {}
}

/// How the members of a clustering are computed: `each` is called once with every number below
/// `count`, in any order and on any threads, and all calls have returned when it returns.
package struct Workers: Sendable {
  package typealias Body = @Sendable (Int) -> Void
  package var each: @Sendable (_ count: Int, _ body: Body) -> Void

  package init(each: @escaping @Sendable (_ count: Int, _ body: Body) -> Void) {
    self.each = each
  }

  /// One after the other.
  package static let serial = Workers { count, body in
    for index in 0..<count { body(index) }
  }
}
