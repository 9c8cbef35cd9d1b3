// SPDX-License-Identifier: Apache-2.0

/// A consumer group of a broker: what consumers of its name share.
public struct BrokerGroup: Sendable, Equatable {
  /// Name of the group.
  public var name: String
  /// Topics that it reads, such as `outbox.event.order`.
  public var topics: Set<String>

  /// Declares a group.
  public init(_ name: String, topics: Set<String>) {
    self.name = name
    self.topics = topics
  }
}

extension [BrokerGroup] {
  /// - Throws: `ConsumeFailure` for a group that was not declared.
  package func group(_ name: String) throws -> BrokerGroup {
    guard let group = first(where: { $0.name == name }) else {
      throw ConsumeFailure.unknownGroup(name, known: map(\.name).sorted())
    }
    return group
  }
}
