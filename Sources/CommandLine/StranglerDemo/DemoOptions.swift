// SPDX-License-Identifier: Apache-2.0

/// How the demonstration runs. The defaults finish in about one minute.
public struct DemoOptions: Sendable {
  /// Simulated users; each has one request in flight at most, as a person does.
  public var users = 250
  /// Requests per second over all users.
  public var requestsPerSecond = 250
  /// How long each stage of the ramp is held.
  public var stage: Duration = .seconds(5)
  /// How long the extracted service stays dead.
  public var outage: Duration = .seconds(4)
  /// Seed of everything that is drawn at random.
  public var seed: UInt64 = 2026
  /// Folder of the monolith's sources, for the analysis.
  public var sources: String

  /// Creates options with the defaults above.
  public init(sources: String) {
    self.sources = sources
  }
}
