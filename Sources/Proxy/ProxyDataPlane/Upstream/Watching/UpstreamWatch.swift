// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import ResiliencePolicies
import RoutingDecisions
import TLSEngine

/// Looks after the endpoints of an upstream, off the way of requests: asks them whether they are
/// well, and looks up their names.
struct UpstreamWatch {
  /// How long a first look-up may keep the proxy from listening.
  static let patience = Duration.seconds(5)
  /// Endpoints that are checked at once.
  private static let concurrentChecks = 32
  /// Longest pause between two looks at what is due.
  private static let longestPause: UInt64 = 1000

  private let upstream: SharedUpstream
  private let resolver: NameResolver

  init(_ upstream: SharedUpstream, _ resolver: NameResolver) {
    self.upstream = upstream
    self.resolver = resolver
  }

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
  /// Looks up all names of some upstreams once. What is not known in time is taken note of when it
  /// comes.
  static func lookUpAll(
    _ upstreams: [SharedUpstream], _ resolver: NameResolver, patience: Duration = patience
  ) async {
    let names = upstreams.flatMap { upstream in upstream.names.map { (upstream, $0) } }
    let (answers, answer) = AsyncStream.makeStream(of: Void.self)
    for (upstream, name) in names {
      resolver.lookUp(name.host) { addresses in
        upstream.resolved(name, to: addresses)
        answer.yield()
      }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        var left = names.count
        for await _ in answers {
          left -= 1
          if left == 0 { break }
        }
      }
      group.addTask { try? await Task.sleep(for: patience) }
      _ = await group.next()
      group.cancelAll()
    }
    // Nobody waits for these names again: they are looked up from time to time like all.
    for upstream in upstreams { upstream.wasWaitedFor() }
  }

  private func keepLookingUp(_ name: NetworkAddress) async {
    while (try? await Task.sleep(for: upstream.policies.resolveEvery)) != nil, !upstream.isRetired {
      await lookUp(name)
    }
  }

  /// Returns once the answer is there, or the task is cancelled.
  private func lookUp(_ name: NetworkAddress) async {
    let (answers, answer) = AsyncStream.makeStream(of: Void.self)
    resolver.lookUp(name.host) { [upstream] addresses in
      upstream.resolved(name, to: addresses)
      answer.finish()
    }
    for await _ in answers {}
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
