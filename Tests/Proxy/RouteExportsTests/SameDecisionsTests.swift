// SPDX-License-Identifier: Apache-2.0

import RouteExports
import RoutingDecisions
import Testing

/// Real servers with exported files answer as the routing table decides.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SameDecisionsTests {
  enum Sample: String, CaseIterable {
    case readme, complete, random1, random2, random3

    var seed: UInt64 {
      switch self {
      case .readme: 11
      case .complete: 12
      case .random1: 1
      case .random2: 2
      case .random3: 3
      }
    }

    func configuration() throws -> ProxyConfiguration {
      switch self {
      case .readme: try SampleConfigurations.readme()
      case .complete: try SampleConfigurations.complete()
      case .random1, .random2, .random3: try SampleConfigurations.random(seed: seed)
      }
    }
  }

  @Test(arguments: Sample.allCases)
  func `10,000 requests go where the routing table sends them`(sample: Sample) async throws {
    let served = try ServedConfiguration(sample.configuration())
    defer { served.end() }
    let expected = try ExpectedAnswers(served.configuration, seed: sample.seed)
    for format in [ExportFormat.nginx, .haproxy, .envoy] {
      try await compare(served, expected, format, "\(format), seed \(sample.seed)")
    }
  }

  private func compare(
    _ served: ServedConfiguration, _ expected: ExpectedAnswers, _ format: ExportFormat,
    _ name: String
  ) async throws {
    let export = RouteExport(try RoutingTable(served.configuration), as: format)
    let proxy = try await ExportedProxy.start(export, port: served.port)
    let answers: [ProxyClient.Answer]
    do {
      answers = try await ProxyClient.ask(expected.requests.map(\.head), port: served.port)
    } catch {
      Issue.record("\(name): \(error), \(proxy.log.suffix(2000))")
      return await proxy.end()
    }
    await proxy.end()
    let compared = answers.indices.filter { expected.isExpressible($0, format) }
    let differing = compared.filter { !expected.agrees($0, answers[$0]) }
    let told = differing.prefix(5).map {
      "\(expected.requests[$0]) is \(answers[$0]), not \(expected.answers[$0])"
    }
    #expect(
      differing.isEmpty,
      "\(name): \(differing.count) of \(compared.count): \(told.joined(separator: "\n"))")
    #expect(compared.count > 9_000, "\(name)")
    #expect(expected.missed(among: compared) == [], "\(name)")
    try expected.checkShares(answers)
  }
}

extension ExpectedAnswers {
  /// Routes and refusals that none of the requests was about.
  func missed(among compared: [Int]) -> [String] {
    let met = Set(compared.map { answers[$0] })
    var hit = Set(
      met.compactMap { answer in
        switch answer {
        case .upstream(let route, _), .eitherSide(let route): return route
        case .status: return nil
        }
      })
    // A route whose module is in strangler's process answers 503.
    if met.contains(.status(503)) { hit.formUnion(routesToModules) }
    var wanted = Set(routeNames)
    if !takesEverything {
      wanted.insert("404")
      if met.contains(.status(404)) { hit.insert("404") }
    }
    wanted.insert("400")
    if met.contains(.status(400)) { hit.insert("400") }
    return wanted.subtracting(hit).sorted()
  }

  /// Each user stays on a side, and about as many as the share says are on the extracted one.
  func checkShares(_ answered: [ProxyClient.Answer]) throws {
    var sides: [String: [String: Set<String>]] = [:]
    for (index, answer) in answers.enumerated() {
      guard case .eitherSide(let route) = answer, let upstream = answered[index].upstream else {
        continue
      }
      let user = try #require(requests[index].values(of: "x-user-id").first)
      sides[route, default: [:]][user, default: []].insert(upstream)
    }
    for (name, users) in sides {
      let route = try #require(self.route(named: name))
      #expect(users.values.allSatisfy { $0.count == 1 }, "\(name): a user is on both sides")
      let moved = users.values.count { $0.contains(route.extracted ?? "") }
      let share = Double(moved) / Double(users.count) * 100
      let wanted = Double(route.percent.hundredths) / 100
      #expect(users.count > 500)
      #expect(abs(share - wanted) < 3, "\(name): \(share) % instead of \(wanted) %")
    }
  }
}
