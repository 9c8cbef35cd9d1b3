// SPDX-License-Identifier: Apache-2.0

/// How routes are moved to their extracted side, step by step, and what takes them back.
public struct CutoverPlan: Sendable, Equatable, Codable {
  /// Unique name, used by the journal, the admin API and metrics.
  public var name: String
  /// Names of the routes that move together.
  public var routes: [String]
  /// Probability that the whole cutover is ever rolled back although the extracted side is not
  /// worse, above 0; 0.01 unless said otherwise.
  public var alpha: Double
  /// The steps, with growing percentages.
  public var stages: [CutoverStage]
  /// What is measured in every stage.
  public var gates: CutoverGates
  /// When nothing is promoted. Rolling back is never frozen.
  public var freezes: [FreezeWindow]

  /// Creates a plan.
  public init(
    name: String, routes: [String], alpha: Double = 0.01, stages: [CutoverStage],
    gates: CutoverGates = .init(), freezes: [FreezeWindow] = []
  ) {
    self.name = name
    self.routes = routes
    self.alpha = alpha
    self.stages = stages
    self.gates = gates
    self.freezes = freezes
  }

  /// Somebody could write such a plan by mistake, and its start has to be told that it is none: all
  /// users go over before anything is compared with legacy, or hardly any service is bad enough not
  /// to go on.
  public var skipsGates: Bool {
    let begins = stages.first.map { $0.percent.hundredths >= CutoverStage.littleLegacy }
    return begins ?? false || stages.contains { $0.skipsGates }
  }

  /// What shadows find decides about it.
  public var judgesComparisons: Bool { gates.mismatches != nil }

  /// What one gate of one route may spend of `alpha`.
  public var gateAlpha: Double { alpha / Double(max(1, routes.count) * gates.count) }
}

/// One step of a cutover.
public struct CutoverStage: Sendable, Equatable, Codable {
  /// What the extracted side is measured by.
  public enum Evidence: String, Sendable, Equatable, CaseIterable, Codable {
    /// Legacy at the same time, for shares below 95 %.
    case concurrent
    /// Legacy at the same time, though it answers 5 % or less: slower to see a difference.
    case holdBack = "hold-back"
    /// A declared ceiling. It cannot tell an incident that both sides share from a bad service.
    case absolute
  }

  /// From this share on a plan has to say what it measures by: legacy answers so little that every
  /// bad request there is rare news.
  public static let littleLegacy = 9_500

  /// Share of users on the extracted side; 0 watches shadow comparisons.
  public var percent: Percentage
  /// Least time it lasts, seconds without traffic included.
  public var soak: Duration
  /// Fewest requests of the extracted side (comparisons at 0 %), all routes together.
  public var minimum: Int
  /// Somebody has to approve before it begins.
  public var needsApproval: Bool
  /// What the extracted side is measured by.
  public var evidence: Evidence
  /// Share of bad requests by which the extracted side must be proved not to be worse before the
  /// next stage (Delta); nil takes 0.5 % for shares up to 25 % and 0.2 % above.
  public var tolerance: Double?

  /// Creates a stage.
  public init(
    percent: Percentage, soak: Duration, minimum: Int = 0, needsApproval: Bool = false,
    evidence: Evidence = .concurrent, tolerance: Double? = nil
  ) {
    self.percent = percent
    self.soak = soak
    self.minimum = minimum
    self.needsApproval = needsApproval
    self.evidence = evidence
    self.tolerance = tolerance
  }

  /// From this tolerance on a stage proves next to nothing.
  private static let largeTolerance = 0.1

  /// Hardly any service is bad enough not to pass it.
  public var skipsGates: Bool { tolerance.map { $0 >= Self.largeTolerance } ?? false }

  /// `tolerance`, or what stands for it.
  public var effectiveTolerance: Double {
    tolerance ?? (percent.hundredths <= 2_500 ? 0.005 : 0.002)
  }
}

extension Sequence<CutoverPlan> {
  /// The plan that moves each route, by the route's name; a route has one at most.
  package var nameByRoute: [String: String] {
    Dictionary(flatMap { plan in plan.routes.map { ($0, plan.name) } }) { first, _ in first }
  }
}
