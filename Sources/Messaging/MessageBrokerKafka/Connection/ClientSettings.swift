// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// librdkafka's settings of a client, by name
/// (https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md).
package enum ClientSettings {
  /// Longest sleep between two attempts to connect, and until a topic that was made is known.
  private static let (reconnecting, looking) = (2_000, 5_000)
  /// librdkafka's least and most for most times.
  private static let times: ClosedRange<Int64> = 10...300_000

  /// Who publishes. A message is stored by all replicas that are in sync before it counts, and what
  /// is sent again because an answer was lost is stored once, in its place.
  package static func publishing(
    _ configuration: KafkaBrokerConfiguration
  ) throws(BrokerError) -> [String: String] {
    var settings = try common(configuration)
    let answering = time(configuration.server.answering)
    settings["acks"] = "all"
    settings["enable.idempotence"] = "true"
    // As Java's clients and so Debezium's connector choose the partition of a key.
    settings["partitioner"] = "murmur2_random"
    settings["message.timeout.ms"] = "\(answering)"
    settings["request.timeout.ms"] = "\(answering)"
    settings["linger.ms"] = "0"
    settings["message.max.bytes"] = "\(configuration.largestMessage)"
    settings["batch.size"] = "\(configuration.largestMessage)"
    // Those whose publishers have left count too, until they are settled.
    settings["queue.buffering.max.messages"] = "\(max(1, configuration.inFlight) * 2)"
    settings["topic.metadata.propagation.max.ms"] = "\(max(1, answering / 4))"
    // Nobody chose the partitions and copies of a topic that a server makes by itself.
    settings["allow.auto.create.topics"] = "false"
    return settings
  }

  /// A member of a consumer group, which begins with the oldest message where the group is new.
  package static func consuming(
    _ group: String, _ configuration: KafkaBrokerConfiguration
  ) throws(BrokerError) -> [String: String] {
    var settings = try common(configuration)
    let session = min(max(configuration.session, 100), 3_600_000)
    let fetching = min(max(configuration.fetching, 1), 60_000)
    settings["group.id"] = group
    settings["enable.auto.commit"] = "false"
    settings["enable.auto.offset.store"] = "false"
    settings["auto.offset.reset"] = "earliest"
    settings["isolation.level"] = "read_committed"
    settings["partition.assignment.strategy"] = "range,roundrobin"
    settings["session.timeout.ms"] = "\(session)"
    settings["heartbeat.interval.ms"] = "\(max(1, session / 4))"
    settings["max.poll.interval.ms"] = "\(max(session, 300_000))"
    settings["fetch.wait.max.ms"] = "\(fetching)"
    settings["fetch.error.backoff.ms"] = "100"
    settings["queued.max.messages.kbytes"] = "16384"
    settings["socket.timeout.ms"] = "\(max(fetching + 1_000, time(configuration.server.answering)))"
    return settings
  }

  private static func common(
    _ configuration: KafkaBrokerConfiguration
  ) throws(BrokerError) -> [String: String] {
    let server = configuration.server
    let endpoints = try server.endpoints()
    var settings = [
      "bootstrap.servers": endpoints.brokers.joined(separator: ","),
      "client.id": configuration.name,
      "socket.keepalive.enable": "true",
      "reconnect.backoff.max.ms": "\(reconnecting)",
      "topic.metadata.refresh.interval.ms": "\(looking)",
    ]
    switch (endpoints.isSecure, server.login) {
    case (false, nil): settings["security.protocol"] = "plaintext"
    case (true, nil): settings["security.protocol"] = "ssl"
    case (false, .some): settings["security.protocol"] = "sasl_plaintext"
    case (true, .some): settings["security.protocol"] = "sasl_ssl"
    }
    if endpoints.isSecure {
      settings["ssl.endpoint.identification.algorithm"] = "https"
      settings["ssl.ca.location"] = server.authorities
    }
    if let login = server.login {
      settings["sasl.mechanisms"] = login.mechanism.rawValue
      settings["sasl.username"] = login.user
      settings["sasl.password"] = login.password
    }
    return settings
  }

  private static func time(_ milliseconds: Int64) -> Int64 {
    min(max(milliseconds, times.lowerBound), times.upperBound)
  }
}
