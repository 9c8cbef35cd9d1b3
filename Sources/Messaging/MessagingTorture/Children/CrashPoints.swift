// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
internal import TortureModel

/// Kills this process when it passes a point, as the rig ordered.
final class CrashPoints: Sendable {
  private let voice: ChildVoice
  private let armed = Mutex<(point: CrashPoint, passages: Int)?>(nil)

  init(_ voice: ChildVoice) { self.voice = voice }

  func arm(_ point: CrashPoint, passage: Int) {
    armed.withLock { $0 = (point, max(1, passage)) }
  }

  /// Returns, or does not.
  func pass(_ point: CrashPoint) {
    if isDue(point) { die(at: point) }
  }

  /// Whether the process shall die at this passage, for who wants to be in the middle of something
  /// by then.
  func isDue(_ point: CrashPoint) -> Bool {
    armed.withLock { armed in
      guard let now = armed, now.point == point else { return false }
      armed = now.passages > 1 ? (point: point, passages: now.passages - 1) : nil
      return now.passages <= 1
    }
  }

  /// The signal has its effect before `kill` returns.
  func die(at point: CrashPoint) {
    voice.tell(.crashing(point))
    kill(getpid(), SIGKILL)
  }
}
