// SPDX-License-Identifier: Apache-2.0

/// What a relay needs: somebody who takes messages.
public protocol MessagePublisher: Sendable {
  /// Hands a message over and returns when the other side has taken responsibility for it.
  ///
  /// - Throws: `PublishFailure`. After a failure the message may have arrived all the same.
  func publish(_ message: BrokerMessage) async throws(PublishFailure)
}

/// A publisher for which many messages at once cost less than each by itself.
public protocol BatchPublisher: MessagePublisher {
  /// Hands messages over and returns when each of them is settled.
  ///
  /// When the task is cancelled, what is not settled yet fails at once, and what was not sent yet
  /// is not sent any more.
  ///
  /// - Parameters:
  ///   - messages: no two of them of one key.
  ///   - settle: called once for each, with its place in `messages` and nil, or why it was not
  ///     published; from any thread, in any order; must not block.
  func publish(
    _ messages: [BrokerMessage], settle: @escaping @Sendable (Int, PublishFailure?) -> Void
  ) async
}

/// Carries messages from relays to consumer groups.
///
/// Every broker passes `BrokerConformance` of `MessagingConformance`, within what its `features`
/// say.
public protocol MessageBroker: MessagePublisher {
  /// What the broker promises.
  var features: BrokerFeatures { get }

  /// Delivers the messages of a consumer group until the task is cancelled or shut down.
  ///
  /// The handler runs concurrently for different keys, up to `concurrency`, and one message at a
  /// time within a key. A message counts as consumed when the handler says `.acknowledge`.
  ///
  /// The handler runs where it is called from. A package without the upcoming feature
  /// `NonisolatedNonsendingByDefault` writes `nonisolated(nonsending)` before its type.
  ///
  /// - Throws: `ConsumeFailure`.
  func consume(
    group: String, concurrency: Int,
    handler: @escaping @Sendable (BrokerMessage) async -> Disposition
  ) async throws
}

/// What a broker promises, so that tests and users know what to rely on.
public struct BrokerFeatures: Sendable, Equatable {
  /// Order that consumers of one group see.
  public enum Order: Sendable {
    /// Messages of one key keep the order in which they were published.
    case perKey
    /// None.
    case none
  }

  /// Order within a group.
  public var order: Order
  /// Accepted messages survive the end of the process.
  public var persistent: Bool
  /// `publish` returns only after every group has consumed the message.
  public var publishAwaitsConsumers: Bool
  /// Messages with the same `id` header are dropped for a while.
  public var deduplicates: Bool
  /// Each message is settled by itself. Without it a message that is not consumed is remembered
  /// only by its consumer: when that ends, later ones of other keys come again that were consumed.
  public var settlesSingly: Bool

  /// Creates a description.
  public init(
    order: Order, persistent: Bool, publishAwaitsConsumers: Bool, deduplicates: Bool,
    settlesSingly: Bool = true
  ) {
    self.order = order
    self.persistent = persistent
    self.publishAwaitsConsumers = publishAwaitsConsumers
    self.deduplicates = deduplicates
    self.settlesSingly = settlesSingly
  }
}

/// What a consumer decides about one delivery.
public enum Disposition: Sendable, Equatable {
  /// Consumed: never deliver it to this group again.
  case acknowledge
  /// Not consumed: deliver it again after this many milliseconds, before later ones of its key.
  case redeliver(afterMilliseconds: Int64)
  /// It will never be consumed, such as a message that is no event; says why. Never deliver it
  /// again to this group, and keep it where an operator finds it: a broker with storage has dead
  /// letters, one without refuses it to its publisher.
  case reject(String)
}

/// Why a message was not published.
public enum PublishFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The broker takes nothing at the moment; not the message's fault, so no attempt is counted.
  case unavailable(String)
  /// The broker refused or did not confirm this message.
  case rejected(String)

  /// One sentence.
  public var description: String {
    switch self {
    case .unavailable(let reason): "the broker is unavailable: \(reason)"
    case .rejected(let reason): "the broker did not accept the message: \(reason)"
    }
  }
}

/// Why a group cannot be consumed.
public enum ConsumeFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The broker does not know the group.
  case unknownGroup(String, known: [String])

  /// One sentence with what to do.
  public var description: String {
    switch self {
    case .unknownGroup(let group, let known):
      """
      consumer group "\(group)" is not declared, known: \(known.joined(separator: ", ")); \
      declare it when the broker is created
      """
    }
  }
}
