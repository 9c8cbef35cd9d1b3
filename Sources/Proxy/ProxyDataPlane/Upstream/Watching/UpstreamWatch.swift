// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import ResiliencePolicies
import RoutingDecisions
import TLSEngine

/// Looks after the endpoints of an upstream, off the way of requests: asks them whether they are
/// well, and looks up their names.
struct UpstreamWatch {
  /// How long a first look-up may keep the proxy from listening.
  private static let patience = Duration.seconds(5)
  /// Endpoints that are checked at once.
  private static let concurrentChecks = 32
  /// Longest pause between two looks at what is due.
  private static let longestPause: UInt64 = 1000

  private let upstream: SharedUpstream

  init(_ upstream: SharedUpstream) { self.upstream = upstream }

  /// What its endpoints are spoken to with now; nil in clear.
  typealias Security = @Sendable () -> TLSClientContext?

  /// Runs until it is cancelled, or the upstream retired.
  func run(_ security: @escaping Security) async {
    await withTaskGroup(of: Void.self) { group in
      if let rules = upstream.policies.healthCheck {
        group.addTask { await check(rules, security) }
      }
      for name in upstream.names {
        group.addTask { await keepLookingUp(name) }
      }
    }
  }

  private static var now: UInt64 { WorkerContext.clock() / 1_000_000 }
}

// MARK: - Names

extension UpstreamWatch {
  /// Looks up all names of some upstreams once.
  static func lookUpAll(_ upstreams: [SharedUpstream]) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await withTaskGroup(of: Void.self) { lookups in
          for upstream in upstreams {
            for name in upstream.names {
              lookups.addTask { await UpstreamWatch(upstream).lookUp(name) }
            }
          }
        }
      }
      group.addTask { try? await Task.sleep(for: patience) }
      _ = await group.next()
      group.cancelAll()
    }
  }

  private func keepLookingUp(_ name: NetworkAddress) async {
    while (try? await Task.sleep(for: upstream.policies.resolveEvery)) != nil, !upstream.isRetired {
      await lookUp(name)
    }
  }

  private func lookUp(_ name: NetworkAddress) async {
    let found = await NameLookup.addresses(of: name.host)
    upstream.resolved(name, to: found)
  }
}

// MARK: - Checks

extension UpstreamWatch {
  /// Checks each endpoint at its own times; one that hangs keeps no other waiting.
  private func check(_ rules: HealthCheckRules, _ security: @escaping Security) async {
    var random = SystemRandomNumberGenerator()
    var due: [EndpointPlace: UInt64] = [:]
    await withTaskGroup(of: EndpointPlace?.self) { group in
      var underWay: Set<EndpointPlace> = []
      while !Task.isCancelled, !upstream.isRetired {
        let endpoints = upstream.places
        due = due.filter { endpoints.contains($0.key) }
        for endpoint in endpoints where !underWay.contains(endpoint) {
          let time = due[endpoint] ?? Self.now + rules.firstWait(draw: random.next())
          due[endpoint] = time
          guard time <= Self.now, underWay.count < Self.concurrentChecks else { continue }
          underWay.insert(endpoint)
          group.addTask {
            await checkOnce(endpoint, rules, security())
            return endpoint
          }
        }
        let next = due.filter { !underWay.contains($0.key) }.values.min() ?? .max
        let now = Self.now
        let pause = min(next > now ? next - now : 1, Self.longestPause)
        group.addTask {
          try? await Task.sleep(for: .milliseconds(pause))
          return nil
        }
        // Checks that end meanwhile are taken note of; the end of the pause ends the turn.
        while let ended = await group.next(), let endpoint = ended {
          underWay.remove(endpoint)
          due[endpoint] = Self.now + rules.wait(draw: random.next())
        }
      }
      group.cancelAll()
    }
  }

  private func checkOnce(
    _ endpoint: EndpointPlace, _ rules: HealthCheckRules, _ tls: TLSClientContext?
  ) async {
    let start = Self.now
    let probe = HealthProbe(endpoint, rules, speaksHTTP2: upstream.speaksHTTP2, tls)
    let failure = await probe.failure()
    if Task.isCancelled { return }
    upstream.checked(endpoint.address, failure: failure, since: start)
  }
}
