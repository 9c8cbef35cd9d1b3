// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Starts child processes one after another.
///
/// Foundation learns of a child's end from a socket whose other end the child alone holds. What is
/// opened while another thread starts a child may be inherited by that one as well: the end of the
/// first is seen only when both have ended, and a pipe to it stays open as long.
package enum ChildLaunch {
  private static let turn = Mutex(())

  /// - Parameter launch: opens the child's pipes and runs it; nothing else.
  package static func alone<Value: Sendable>(_ launch: () throws -> sending Value) rethrows -> Value
  {
    try turn.withLock { _ in try launch() }
  }
}
