// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import Foundation
  import KafkaTesting
  import Logging
  import MessageBrokerKafka
  import MessagingTestSupport
  import Testing
  import TransactionalMessaging

  extension KafkaClusterTests {
    /// Several members of one group.
    @Suite struct GroupTests {
      /// Raises a signal when partitions are to be given back.
      private struct LeavingHandler: LogHandler {
        let isLeaving: WakeSignal
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
          get { metadata[key] }
          set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
          if "\(event.message)".contains("partitions are given back") { isLeaving.raise() }
        }
      }

      /// Whoever has a partition next begins behind what the other's handlers were at.
      @Test func partitionsAreHandedOverBetweenMessages() async throws {
        let isLeaving = WakeSignal()
        let world = try BrokerWorld(
          partitions: 1, logger: Logger(label: "test") { _ in LeavingHandler(isLeaving: isLeaving) }
        ) { $0.session = 6_000 }
        let other = try world.another()
        defer {
          world.broker.close()
          other.close()
        }
        let all = Deliveries()
        for number in 0..<10 { try await world.broker.publish(BrokerWorld.message(number)) }
        let handler: @Sendable (BrokerMessage) async -> Disposition = { message in
          if all.add(message) == 5 { await isLeaving.wait(after: 0) }
          return .acknowledge
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          tasks.addTask {
            await all.wait(for: 5)
            try await other.consume(group: "one", concurrency: 4, handler: handler)
          }
          try await consuming(world.broker, handler: handler) {
            await all.wait(for: 10)
            for number in 10..<20 {
              try await world.broker.publish(BrokerWorld.message(number))
            }
            await all.wait(for: 20)
          }
          tasks.cancelAll()
        }
        // The mock cluster takes no positions while a group changes, other than Kafka: what the
        // handler was at may come once more.
        let numbers = all.numbers
        let again = numbers.enumerated().filter { numbers[..<$0.offset].contains($0.element) }
        #expect(again.allSatisfy { $0.element == "4" } && again.count <= 1)
        let first = numbers.enumerated().filter { !numbers[..<$0.offset].contains($0.element) }
        #expect(first.map(\.element) == (0..<first.count).map(String.init))
      }

      @Test func membersShareTheKeysAndKeepTheirOrder() async throws {
        let world = try BrokerWorld()
        let other = try world.another()
        defer {
          world.broker.close()
          other.close()
        }
        let count = 160
        let all = Deliveries()
        let (first, second) = (Deliveries(), Deliveries())
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for (broker, seen) in [(world.broker, first), (other, second)] {
            tasks.addTask {
              try await broker.consume(group: "one", concurrency: 4) { message in
                seen.add(message)
                all.add(message)
                return .acknowledge
              }
            }
          }
          // Until both have some of the partitions.
          while [world.broker, other].contains(where: { $0.status.connections == 0 }) {
            await Task.yield()
          }
          for number in 0..<count {
            try await world.broker.publish(BrokerWorld.message(number, key: "k\(number % 16)"))
          }
          await all.wait { Set($0.map { $0.headers["number"] }).count == count }
          tasks.cancelAll()
        }
        #expect(!first.all.isEmpty && !second.all.isEmpty)
        for (_, messages) in Dictionary(grouping: all.all, by: \.key) {
          // What came twice because partitions moved counts where it came first.
          var distinct: [Int] = []
          for number in messages.compactMap({ Int($0.headers["number"] ?? "") })
          where !distinct.contains(number) {
            distinct.append(number)
          }
          #expect(distinct == distinct.sorted())
        }
      }

      @Test func whatAProcessHeldThatDiesComesToAnother() async throws {
        let world = try BrokerWorld(partitions: 1)
        defer { world.broker.close() }
        for number in 0..<6 { try await world.broker.publish(BrokerWorld.message(number)) }
        let child = try KilledProcess(
          "kafka-crash-child", world.cluster.addresses.joined(separator: ","), "3")
        #expect(await child.read(1))
        #expect(await child.killed() == .uncaughtSignal)
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          await seen.wait(for: 3)
        }
        #expect(seen.numbers == ["3", "4", "5"])
      }
    }
  }
#endif
