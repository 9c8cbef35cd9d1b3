// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import MessageBrokerKafka
import TransactionalMessaging

/// A consumer in a process that a test kills.
///
/// `kafka-crash-child ADDRESSES COUNT` is a member of the group `one`, consumes that many messages,
/// says so when the group knows, and holds the next one for ever.
@main
struct KafkaCrashChild {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let count = Int(arguments[2]) else {
      FileHandle.standardError.write(Data("usage: ADDRESSES COUNT\n".utf8))
      exit(64)
    }
    #if Kafka
      var configuration = KafkaBrokerConfiguration(
        KafkaServer(arguments[1].split(separator: ",").map(String.init)),
        groups: [.init("one", topics: [BrokerMessage.topic(forAggregateType: "order")])])
      configuration.session = 4_000
      configuration.fetching = 10
      let broker = try KafkaBroker(
        configuration, logger: Logger(label: "child") { _ in SwiftLogNoOpLogHandler() })
      try await broker.consume(group: "one", concurrency: 1) { _ in
        guard broker.status.delivered > count else { return .acknowledge }
        while broker.status.acknowledged < count { await Task.yield() }
        FileHandle.standardOutput.write(Data("held\n".utf8))
        await WakeSignal().wait(after: 0)
        return .acknowledge
      }
    #else
      FileHandle.standardError.write(Data("built without Kafka, \(count)\n".utf8))
      exit(64)
    #endif
  }
}
