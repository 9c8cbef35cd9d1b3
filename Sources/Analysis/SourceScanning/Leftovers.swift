// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Values that nobody needs any more. To release a table of all names takes longer than to find
/// what one changed file means, so it is done on a thread of its own, when nobody waits for it.
final class Leftovers: Sendable {
  private let values = Mutex<[any Sendable]>([])

  func keep(_ value: any Sendable) { values.withLock { $0.append(value) } }

  /// To be called when nobody else holds them any more.
  func release() {
    let thread = Thread { [self] in values.withLock { $0 = [] } }
    thread.start()
  }
}
