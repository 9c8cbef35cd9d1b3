// SPDX-License-Identifier: Apache-2.0

/// How an analysis divides. The defaults suit any code base; nothing here changes what was read.
public struct AnalysisOptions: Sendable, Equatable {
  /// Number of services that is asked for; nil lets the agreement of the runs decide. Asking for
  /// more than there are separable types gives as many as there are.
  public var services: Int?
  /// Clusterings from which stability is measured. Lowered on graphs so large that the runs would
  /// take seconds; `Quality.runs` tells the number that was used.
  public var runs: Int
  /// Resolution of the clusterings: above 1 for more and smaller services, below for fewer.
  public var gamma: Double
  /// What the clusterings make large.
  public var objective: Objective
  /// How much each source of evidence counts.
  public var weights: SignalWeights

  /// Quality of a division. On the two published systems in `fixtures/graphs` neither wins: the map
  /// equation finds twice as many communities, modularity larger and steadier ones.
  public enum Objective: String, Sendable, Codable, CaseIterable {
    case modularity
    /// Two-level map equation at Markov time `1 / gamma`.
    case mapEquation = "map-equation"
  }

  /// The defaults, or others.
  public init(
    services: Int? = nil, runs: Int = 32, gamma: Double = 1,
    objective: Objective = .modularity, weights: SignalWeights = SignalWeights()
  ) {
    self.services = services
    self.runs = runs
    self.gamma = gamma
    self.objective = objective
    self.weights = weights
  }
}
