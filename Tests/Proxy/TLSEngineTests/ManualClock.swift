// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Seconds that pass when the test says so.
final class ManualClock: Sendable {
  private let time = Atomic<Int64>(1000)

  var seconds: Int64 { time.load(ordering: .relaxed) }

  func advance(seconds: Int64) { time.add(seconds, ordering: .relaxed) }
}
