// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

@Suite struct WorkSignalTests {
  @Test func jobProtocolsAndLoops() {
    let model = InlineSources(
      """
      import ServiceLifecycle
      protocol Worker: Service {}
      struct Reminder: Worker { func run() async throws {} }
      struct Mail: AsyncJob {}
      final class Poller {
        func start() { Task { while !Task.isCancelled { await poll() } } }
        func once() { Task { await poll() } }
        func every(_ loop: EventLoop) { loop.scheduleRepeatedTask(delay: 1) { _ in } }
        func poll() async {}
      }
      """
    ).model()
    #expect(
      model.jobs.map { "\(model.name($0.type)) \($0.evidence)" } == [
        "Reminder Service", "Mail AsyncJob", "Poller Task loop", "Poller scheduleRepeatedTask",
      ])
  }

  @Test func serviceOfOneselfIsNoJob() {
    let model = InlineSources("struct Orders: Service {}").model()
    #expect(model.jobs.isEmpty)
  }

  @Test func outboundCalls() {
    let model = InlineSources(
      """
      enum URLs { static let tax = "https://tax.example/rates" }
      struct Gateway {
        let client: HTTPClient
        let base: String
        func pay() async throws {
          var request = HTTPClientRequest(url: "\\(base)/pay")
          _ = try await client.execute(request, timeout: .seconds(1))
        }
        func rates() async throws { _ = try await client.get(url: URLs.tax) }
        func fetch() async throws {
          _ = try await URLSession.shared.data(from: URL(string: "https://example.org/a")!)
        }
      }
      """
    ).model()
    #expect(
      model.outboundCalls.map(\.target) == [
        "\"\\(base)/pay\"", "https://tax.example/rates", "https://example.org/a",
      ])
  }
}
