// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// Kills this process when it passes a point, as the rig ordered.
final class CrashPoints: Sendable {
  /// Longest that something may be on its way when the process dies.
  private static let flight = Duration.microseconds(700)

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

  /// Returns, and the process dies a moment later, in the middle of what it does then.
  ///
  /// - Returns: whether it will.
  @discardableResult
  func passSoon(_ point: CrashPoint) -> Bool {
    guard isDue(point) else { return false }
    Task {
      try? await Task.sleep(for: Self.flight)
      die(at: point)
    }
    return true
  }

  private func isDue(_ point: CrashPoint) -> Bool {
    armed.withLock { armed in
      guard let now = armed, now.point == point else { return false }
      armed = now.passages > 1 ? (point: point, passages: now.passages - 1) : nil
      return now.passages <= 1
    }
  }

  func die(at point: CrashPoint) {
    voice.tell(.crashing(point))
    die()
  }

  /// The signal has its effect before `kill` returns.
  private func die() { kill(getpid(), SIGKILL) }

  /// What the effects of an event do that is poison until an operator has seen to it.
  ///
  /// - Throws: `TorturePoison`; where the event is deadly it does not come to that.
  func fail(at event: OutboxEvent) throws {
    if TortureSettings.isDeadly(event.id) { die() }
    throw TorturePoison()
  }
}
