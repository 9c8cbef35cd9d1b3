// SPDX-License-Identifier: Apache-2.0

/// How long to measure.
struct Effort: Sendable {
  var cases: [BenchmarkCase]
  /// Rounds that are wanted, undisturbed, and rounds that are run at most.
  private(set) var rounds: Int
  private(set) var mostRounds: Int
  /// Seconds of one contender's turn in a round. A machine with neighbours changes its speed by
  /// half from one second to the next: many short turns say more than a few long ones.
  let turn: Double
  let latencyTurn: Double
  let idleClients: Int
  let countedRequests: UInt64
  /// How long a crowd of clients is served.
  let crowdSeconds: Double
  /// Rounds for each way in which a shadow can be bad, and the seconds that they may take.
  private(set) var shadowRounds: Int
  let shadowSeconds: Double
  /// Seconds of a turn in them: some thousand requests, so that the percentile says something, and
  /// no more, so that many turns are spared by the machine's neighbours.
  let shadowTurn: Double
  /// Seconds for the whole run; whatever has no time left is left out and named.
  let budget: Double

  /// Half as many again may be disturbed.
  mutating func setRounds(_ count: Int) {
    rounds = count
    mostRounds = count + count / 2
    shadowRounds = count
  }

  /// Twelve cases, five contenders: about twenty minutes.
  static let full = Effort(
    cases: BenchmarkCase.all, rounds: 21, mostRounds: 32, turn: 0.25, latencyTurn: 0.6,
    idleClients: 1000, countedRequests: 4000, crowdSeconds: 60, shadowRounds: 31, shadowSeconds: 90,
    shadowTurn: 0.5,
    budget: 1200)

  /// Seven cases without Envoy: less than two minutes.
  static let quick = Effort(
    cases: BenchmarkCase.quick, rounds: 7, mostRounds: 9, turn: 0.15, latencyTurn: 0.3,
    idleClients: 400, countedRequests: 1000, crowdSeconds: 10, shadowRounds: 2, shadowSeconds: 6,
    shadowTurn: 0.3,
    budget: 100)

  /// Nothing but what callgrind counts, of so many requests that it hardly matters in which part of
  /// a run a connection is closed.
  static let gate = Effort(
    cases: [], rounds: 0, mostRounds: 0, turn: 0, latencyTurn: 0, idleClients: 0,
    countedRequests: 4000, crowdSeconds: 0, shadowRounds: 0, shadowSeconds: 0,
    shadowTurn: 0, budget: 600)
}
