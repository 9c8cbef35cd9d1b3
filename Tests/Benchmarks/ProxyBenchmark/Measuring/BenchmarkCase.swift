// SPDX-License-Identifier: Apache-2.0

/// One row of the demands: what is sent, and by how many workers it is passed on.
struct BenchmarkCase: Codable, Sendable {
  let client: ClientProtocol
  let bodyBytes: Int
  let workers: Int

  /// Keep-alive clients of every case.
  static let clients = 64

  static let small = BenchmarkCase(client: .http1, bodyBytes: 200, workers: 1)

  static let all: [BenchmarkCase] = [
    small,
    BenchmarkCase(client: .http1, bodyBytes: 65_536, workers: 1),
    BenchmarkCase(client: .http1, bodyBytes: 200, workers: 2),
    BenchmarkCase(client: .http1, bodyBytes: 65_536, workers: 2),
  ]

  var title: String {
    let size = bodyBytes < 1024 ? "\(bodyBytes) B" : "\(bodyBytes / 1024) KiB"
    return "\(client.rawValue), \(size) body, \(workers) worker\(workers == 1 ? "" : "s")"
  }
}

/// How long to measure.
struct Effort: Sendable {
  let cases: [BenchmarkCase]
  /// Rounds that are wanted, undisturbed, and rounds that are run at most.
  let rounds: Int
  let mostRounds: Int
  /// Seconds of one contender's turn in a round.
  let turn: Double
  let latencyTurn: Double
  let idleClients: Int
  let countedRequests: UInt64
  /// How long a crowd of clients is served.
  let crowdSeconds: Double
  /// Seconds for the whole run; whatever has no time left is left out and named.
  let budget: Double

  static let full = Effort(
    cases: BenchmarkCase.all, rounds: 5, mostRounds: 8, turn: 0.8, latencyTurn: 1.5,
    idleClients: 1000, countedRequests: 4000, crowdSeconds: 60,
    budget: 420)

  static let quick = Effort(
    cases: Array(BenchmarkCase.all.prefix(2)), rounds: 3, mostRounds: 4, turn: 0.5,
    latencyTurn: 0.7, idleClients: 1000, countedRequests: 1000, crowdSeconds: 10, budget: 90)
}
