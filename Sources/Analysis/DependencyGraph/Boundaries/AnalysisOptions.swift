// SPDX-License-Identifier: Apache-2.0

/// How an analysis divides. The defaults suit any code base; nothing here changes what was read.
public struct AnalysisOptions: Sendable, Equatable {
  /// Number of services that is asked for; nil lets the agreement of the runs decide. Asking for
  /// more than there are separable types gives as many as there are.
  public var services: Int?
  /// Runs with noise that the borders rest on. Lowered on graphs so large that the runs would take
  /// seconds; `Quality.runs` tells the number that was used.
  public var runs: Int
  /// Resolution of the runs: above 1 for more and smaller services, below for fewer.
  public var gamma: Double
  /// How much each source of evidence counts.
  public var weights: SignalWeights
  /// Divides code that serves nothing too, as asking for a number of services does. The verdict is
  /// the same: no split.
  public var dividesLibraries: Bool

  /// The defaults, or others.
  public init(
    services: Int? = nil, runs: Int = 32, gamma: Double = 1,
    weights: SignalWeights = SignalWeights(), dividesLibraries: Bool = false
  ) {
    self.services = services
    self.runs = runs
    self.gamma = gamma
    self.weights = weights
    self.dividesLibraries = dividesLibraries
  }

  /// What the clusterer is told.
  var parameters: ClusteringParameters {
    var parameters = ClusteringParameters()
    parameters.members = runs
    parameters.resolution = gamma
    parameters.leastItems = ServiceDivision.leastUnits
    return parameters
  }
}
