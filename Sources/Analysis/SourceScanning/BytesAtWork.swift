// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Lets threads work on no more bytes at once than a limit, so that memory is bounded by it and not
/// by how many large files stand side by side. What is larger than the limit is worked on alone.
final class BytesAtWork: Sendable {
  private let limit: Int
  private let condition = NSCondition()
  nonisolated(unsafe) private var atWork = 0  // guarded by `condition`

  init(limit: Int) { self.limit = limit }

  /// Waits until there is room. Blocks the thread: for threads of one's own only.
  func enter(_ bytes: Int) {
    condition.lock()
    while atWork > 0, atWork + bytes > limit { condition.wait() }
    atWork += bytes
    condition.unlock()
  }

  func leave(_ bytes: Int) {
    condition.lock()
    atWork -= bytes
    condition.broadcast()
    condition.unlock()
  }
}
