// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Records of one worker on their way to somebody who may have to wait.
///
/// The worker never waits: when the queue is full, because a disk or a collector does not keep up,
/// the record is lost and counted.
final class ObservationQueue: Sendable {
  /// Most bytes that wait.
  static let limit = 1 << 20

  private struct State {
    var bytes: [UInt8] = []
    var count = 0
  }

  private let state = Mutex(State())

  /// Puts a record behind the others; false when there is no room for it.
  func offer(_ record: [UInt8]) -> Bool {
    state.withLock { state in
      if state.bytes.count + record.count > Self.limit { return false }
      state.bytes += record
      state.count += 1
      return true
    }
  }

  /// Everything that waits, and how many records it is.
  func take() -> (bytes: [UInt8], count: Int) {
    state.withLock { state in
      defer { state = State() }
      return (state.bytes, state.count)
    }
  }
}

/// What became of records that were to leave the process; written by any thread.
public final class ObservationCounters: Sendable {
  private let lines = Atomic<UInt64>(0)
  private let spans = Atomic<UInt64>(0)
  private let sent = Atomic<UInt64>(0)

  init() {}

  /// Lines of the access log that were lost since the start.
  public var lostLines: UInt64 { lines.load(ordering: .relaxed) }
  /// Spans that were lost since the start.
  public var lostSpans: UInt64 { spans.load(ordering: .relaxed) }
  /// Spans that the collector took.
  public var exportedSpans: UInt64 { sent.load(ordering: .relaxed) }

  func lostLines(_ count: Int) { lines.add(UInt64(count), ordering: .relaxed) }
  /// Spans were lost.
  public func lostSpans(_ count: Int) { spans.add(UInt64(count), ordering: .relaxed) }
  /// The collector took spans.
  public func exportedSpans(_ count: Int) { sent.add(UInt64(count), ordering: .relaxed) }
}
