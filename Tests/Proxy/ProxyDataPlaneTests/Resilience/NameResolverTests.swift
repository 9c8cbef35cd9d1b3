// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import RoutingDecisions
import Synchronization
import Testing

@testable import ProxyDataPlane

@Suite("Looking up names", .timeLimit(.minutes(1)))
struct NameResolverTests {
  /// A resolver whose servers do not answer for `hung.test` until they are told to.
  private final class Servers: Sendable {
    private let answers = DispatchSemaphore(value: 0)
    let asked = Mutex<[String: Int]>([:])

    func find(_ host: String) -> [String] {
      asked.withLock { $0[host, default: 0] += 1 }
      if host == "hung.test" {
        answers.wait()
        return ["127.0.0.9"]
      }
      return ["127.0.0.1"]
    }

    func answer() { answers.signal() }
  }

  private static func upstream(_ host: String) -> SharedUpstream {
    SharedUpstream(
      UpstreamConfiguration(
        name: host, target: .network([NetworkAddress(host: host, port: 80)])),
      breaker: nil, ejection: nil, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test("A name that hangs is waited for no longer than said, keeps no other back, and comes late")
  func hung() async throws {
    let servers = Servers()
    let resolver = NameResolver(threads: 2) { servers.find($0) }
    let (hung, well) = (Self.upstream("hung.test"), Self.upstream("well.test"))
    await UpstreamWatch.lookUpAll([hung, well], resolver, patience: .milliseconds(20))
    #expect(hung.places.isEmpty && hung.wasLookedUp)
    while well.places.isEmpty { try await letOthersRun() }
    // A reload does not wait for it again, and it is asked for once.
    await UpstreamWatch.lookUpAll([hung], resolver, patience: .milliseconds(1))
    servers.answer()
    while hung.places.isEmpty { try await letOthersRun() }
    #expect(hung.places.map(\.address.host) == ["127.0.0.9"])
    #expect(servers.asked.withLock(\.self) == ["hung.test": 1, "well.test": 1])
  }

  @Test("What is known at once is not waited for")
  func atOnce() async {
    let servers = Servers()
    let resolver = NameResolver(threads: 1) { servers.find($0) }
    let upstreams = ["a.test", "b.test", "c.test"].map(Self.upstream)
    await UpstreamWatch.lookUpAll(upstreams, resolver, patience: .seconds(50))
    #expect(upstreams.flatMap { $0.places.map(\.address.host) }.count == 3)
  }
}
