// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import CutoverSimulation
import NIOCore
import NIOHTTP1
import Synchronization

/// Requests of many users at a fixed rate, whether the ones before were answered or not.
final class TrialLoad: Sendable {
  /// Users, two for each bucket: a user who fails is seldom the one who failed before.
  static let manyUsers = 20_000
  /// A request that is not answered by then is given up, as people do.
  private static let patience = TimeAmount.seconds(20)
  /// Most requests that wait for an answer; further ones are left out and counted.
  static let limit = 1_000

  private struct State {
    var random: SimulatedRandom
    var isSilent = false
    var isStopped = false
    var waiting = 0
    var sent = 0
    var late = 0
  }

  private let state: Mutex<State>
  private let client: HTTPClient
  private let url: String
  private let users: Int

  init(_ client: HTTPClient, url: String, seed: UInt64, users: Int) {
    self.client = client
    self.url = url
    self.users = users
    state = Mutex(State(random: SimulatedRandom(seed: seed)))
  }

  var counts: (sent: Int, late: Int) { state.withLock { ($0.sent, $0.late) } }

  /// Nobody asks for anything any more.
  func fallSilent() { state.withLock { $0.isSilent = true } }

  /// Nothing is sent any more.
  func stop() { state.withLock { $0.isStopped = true } }

  /// Sends until it is stopped, and waits for the answers.
  func run(requestsPerSecond: Int) async {
    let clock = ContinuousClock()
    let interval = Duration.seconds(1) / requestsPerSecond
    await withDiscardingTaskGroup { group in
      var due = clock.now
      while !state.withLock(\.isStopped), !Task.isCancelled {
        try? await clock.sleep(until: due, tolerance: .milliseconds(1))
        while due <= clock.now {
          due += interval
          if let user = next() { group.addTask { await self.send(user) } }
        }
      }
    }
  }

  private func next() -> Int? {
    state.withLock { state in
      if state.isSilent || state.isStopped { return nil }
      if state.waiting >= Self.limit {
        state.late += 1
        return nil
      }
      state.waiting += 1
      state.sent += 1
      return state.random.below(users)
    }
  }

  private func send(_ user: Int) async {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "x-user-id", value: "user-\(user)")
    if let response = try? await client.execute(request, timeout: Self.patience) {
      _ = try? await response.body.collect(upTo: 1 << 16)
    }
    state.withLock { $0.waiting -= 1 }
  }
}
