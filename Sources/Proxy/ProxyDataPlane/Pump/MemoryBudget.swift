// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What one worker keeps in memory of messages that cannot go on yet, and how much that may be.
///
/// Whoever keeps bytes adds the memory for them and takes it off again; what passes at once is
/// never counted, nor are pieces as small as the head of a usual request. One thread writes.
final class MemoryBudget: Sendable {
  /// Pieces up to this size are not counted.
  static let smallest = 1024

  private let limit: Int
  private let used = Atomic<Int>(0)
  private let most = Atomic<Int>(0)

  /// `limit`: bytes.
  init(limit: Int) { self.limit = limit }

  /// So many more bytes are kept, or fewer.
  func add(_ bytes: Int) {
    let sum = used.load(ordering: .relaxed) &+ bytes
    used.store(sum, ordering: .relaxed)
    if sum > most.load(ordering: .relaxed) { most.store(sum, ordering: .relaxed) }
  }

  /// What a piece of so many bytes counts as.
  static func weight(_ bytes: Int) -> Int { bytes > smallest ? bytes : 0 }

  /// As much as may be is kept: no request is begun, and nobody is read ahead.
  var isExhausted: Bool { used.load(ordering: .relaxed) >= limit }

  var current: Int { used.load(ordering: .relaxed) }
  var peak: Int { most.load(ordering: .relaxed) }
}

/// The memory in which all workers keep what cannot go on yet.
public final class MemoryMeter: Sendable {
  private let budgets: [MemoryBudget]
  /// Bytes that may be kept, `proxy.limits.memory`; nil for as many as there are. Each worker has
  /// an equal share.
  public let limit: Int?

  init(limit: Int, workers: Int) {
    self.limit = limit == 0 ? nil : limit
    let share = limit == 0 ? Int.max : limit / workers
    budgets = (0..<workers).map { _ in MemoryBudget(limit: share) }
  }

  /// Bytes kept now.
  public var current: Int { budgets.reduce(0) { $0 + $1.current } }
  /// Most bytes kept so far, the peaks of the workers added up.
  public var peak: Int { budgets.reduce(0) { $0 + $1.peak } }

  func worker(_ index: Int) -> MemoryBudget { budgets[index] }
}
