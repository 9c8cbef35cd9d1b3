// SPDX-License-Identifier: Apache-2.0

import Logging
import MessageRelay
import MessagingTestSupport
import Synchronization
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct SharedConnectionTests {
  private final class Connection: BrokerConnection {
    let ended = WakeSignal()
    private let state: Mutex<BrokerError?>

    init(over failure: BrokerError? = nil) { state = Mutex(failure) }

    var failure: BrokerError? { state.withLock { $0 } }

    func close() {
      state.withLock { $0 = BrokerError(.connection, "closed") }
      ended.raise()
    }
  }

  /// How many connections were made.
  private final class Count: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }

    func next() -> Int {
      number.withLock { number in
        number += 1
        return number
      }
    }
  }

  private let clock = ManualClock()
  private let record = BrokerRecord(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  private let opened = Count()

  /// A server that ends its first connections as soon as they are made.
  private func shared(ending count: Int) -> SharedConnection<Connection> {
    SharedConnection(clock: clock, record: record) { [opened] _ in
      let isEnded = opened.next() <= count
      return .success(Connection(over: isEnded ? BrokerError(.connection, "ended at once") : nil))
    }
  }

  @Test func `a connection that is over before anybody had it is not asked for again at once`()
    async throws
  {
    let shared = shared(ending: 1)
    for _ in 0..<3 {
      let error = await #expect(throws: BrokerError.self) { _ = try await shared.get() }
      #expect(error?.message == "ended at once")
    }
    #expect(opened.value == 1)
    #expect(record.status.connections == 0 && record.status.outage == "ended at once")
    clock.advance(milliseconds: 10_000)
    #expect(try await shared.get().failure == nil)
    #expect(opened.value == 2)
    #expect(record.status.connections == 1 && record.status.outage == nil)
  }

  @Test func `one that is closed meanwhile is nobody's`() async throws {
    let shared = shared(ending: 0)
    let connection = try await shared.get()
    shared.close()
    #expect(connection.failure != nil)
    await #expect(throws: BrokerError.self) { _ = try await shared.get() }
    #expect(opened.value == 1)
  }
}
