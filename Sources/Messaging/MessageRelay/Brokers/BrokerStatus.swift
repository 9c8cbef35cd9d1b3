// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization

/// What a broker has done since it was created.
public struct BrokerStatus: Sendable, Equatable {
  /// Messages that the server confirmed.
  public var published = 0
  /// Of those, how many it knew that it had before.
  public var duplicates = 0
  /// Messages that came.
  public var delivered = 0
  /// Of those, how many had been delivered before.
  public var redelivered = 0
  /// Messages that were acknowledged to the server.
  public var acknowledged = 0
  /// Messages of other topics than the group's.
  public var skipped = 0
  /// Messages that went to the dead letters.
  public var deadLettered = 0
  /// Connections that were opened.
  public var connections = 0
  /// Times that a connection or what it needs could not be had.
  public var outages = 0
  /// The last reason for that; nil while all is well.
  public var outage: String?
}

/// Counts what a broker does, and tells of outages.
package final class BrokerRecord: Sendable {
  package let logger: Logger
  private let state = Mutex(BrokerStatus())

  package init(logger: Logger) { self.logger = logger }

  package var status: BrokerStatus { state.withLock { $0 } }

  package func count(_ change: (inout BrokerStatus) -> Void) { state.withLock { change(&$0) } }

  /// A connection was opened.
  package func connected() {
    count { status in
      status.connections += 1
      status.outage = nil
    }
  }

  /// All is well again.
  package func recovered() { count { $0.outage = nil } }

  /// A reason is logged once, until another comes or all was well.
  package func note(outage reason: String) {
    let isNew = state.withLock { status in
      status.outages += 1
      defer { status.outage = reason }
      return status.outage != reason
    }
    if isNew { logger.warning("the broker cannot be used", metadata: ["reason": "\(reason)"]) }
  }
}
