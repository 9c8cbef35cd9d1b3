// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import Synchronization
package import TransactionalMessaging

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
