// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import ShadowComparison
import Synchronization

extension ProxyConfiguration {
  /// Everything to legacy, with a shadow.
  static func shadowed(
    legacy: Int, extracted: Int, _ shadow: ShadowConfiguration, isSandbox: Bool = false,
    breaker: PolicySetting<BreakerRules> = .standard, limits: ProxyLimits = .init()
  ) throws -> ProxyConfiguration {
    try ProxyConfiguration(
      listen: NetworkAddress(host: "127.0.0.1", port: 0), timeouts: .testing, limits: limits,
      upstreams: [
        UpstreamConfiguration(
          name: "legacy", target: .network([NetworkAddress(host: "127.0.0.1", port: legacy)])),
        UpstreamConfiguration(
          name: "orders", target: .network([NetworkAddress(host: "127.0.0.1", port: extracted)]),
          policies: UpstreamPolicies(breaker: breaker), isSandbox: isSandbox),
      ],
      routes: [
        RouteConfiguration(
          name: "orders", match: RouteMatch(path: PathTemplate(parsing: "/**")), legacy: "legacy",
          extracted: "orders", shadow: shadow)
      ])
  }
}

extension RunningProxy {
  /// What became of the one route's shadows.
  var shadow: ShadowSnapshot? { server.shadows.snapshot().first }

  /// Waits until the shadow's numbers are as wished; the test's time limit ends what never happens.
  @discardableResult
  func waits(until isReached: (ShadowTally) -> Bool) async throws -> ShadowTally {
    while true {
      if let tally = shadow?.tally, isReached(tally) { return tally }
      try await letOthersRun()
    }
  }

  /// Waits until nothing is under way or waits any more.
  func shadowsEnd() async throws {
    try await waits { $0.inFlight == 0 && $0.waiting == 0 }
  }
}

extension ShadowTally {
  /// Requests of which it is known what became of them.
  var ended: UInt64 { sent + drops.values.reduce(0, +) }
}

/// Evidence in memory.
final class TestLedger: ShadowLedger {
  private let evidence = Mutex(ShadowEvidence(limits: EvidenceLimits(reaskShare: 1)))
  let findings = Mutex<[ShadowFinding]>([])
  /// Decides about asking again where everything is settled.
  private let draw: Double

  /// - Parameter draw: 0.1 asks about noise as about all else, until it is settled.
  init(approvals: [NoiseApproval] = [], draw: Double = 0.1) {
    self.draw = draw
    evidence.withLock { _ = $0.replaceApprovals(approvals) }
  }

  func file(_ finding: ShadowFinding) -> FiledComparison {
    findings.withLock { $0.append(finding) }
    return evidence.withLock {
      let decision = $0.record(
        finding.comparison, endpoint: finding.endpoint, times: finding.times,
        canAskAgain: finding.isSafe, hasBudget: finding.hasBudget, draw: draw)
      return FiledComparison(
        decision, as: $0.outcome(of: finding.comparison, endpoint: finding.endpoint))
    }
  }

  func file(
    _ triples: [PathKind: OddOneOut], endpoint: String, of service: ShadowedService
  ) -> FiledTriples? {
    evidence.withLock { $0.recordTriples(triples, endpoint: endpoint) }
  }

  var report: ShadowReport { evidence.withLock { $0.report() } }
}

/// What an origin was asked.
final class Received: Sendable {
  private let messages = Mutex<[WireMessage]>([])

  var all: [WireMessage] { messages.withLock(\.self) }

  func answering(_ answer: @escaping @Sendable (WireMessage) -> String) -> Origin.Behaviour {
    Origin.answering { message in
      self.messages.withLock { $0.append(message) }
      return answer(message)
    }
  }

  func saying(_ text: String) -> Origin.Behaviour {
    answering { _ in "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)" }
  }
}
