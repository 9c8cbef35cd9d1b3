// SPDX-License-Identifier: Apache-2.0

public import Logging
public import ShadowComparison
internal import Synchronization

/// Writes the evidence of one run in batches, off the path of whoever compares.
///
/// Handing something over takes a lock for the time of a copy and never waits for the disk. What
/// waits is bounded: of counts only the newest values are kept, of pairs the first
/// `waitingPairs` of `waitingBytes`; further ones are counted. A batch that cannot be written is
/// tried again with the next one. A killed process loses what it handed over in the last
/// `interval`, never a part of a batch.
public final class EvidenceWriter: Sendable {
  /// Most pairs that wait to be written.
  public static let waitingPairs = 256
  /// Most bytes, about, of the pairs that wait.
  public static let waitingBytes = 8 << 20
  /// Time between two batches.
  public static let interval = Duration.seconds(1)

  private struct Waiting {
    var changes: EvidenceChanges?
    var pairs: [ShadowPair] = []
    var pairBytes = 0
    var droppedPairs = 0

    mutating func add(_ pair: ShadowPair) {
      let bytes = pair.bytes
      if pairs.count < EvidenceWriter.waitingPairs,
        pairBytes + bytes <= EvidenceWriter.waitingBytes
      {
        pairs.append(pair)
        pairBytes += bytes
      } else {
        droppedPairs += 1
      }
    }
  }

  private let store: ShadowEvidenceStore
  private let run: Int64
  private let logger: Logger
  private let unixMilliseconds: @Sendable () -> Int64
  private let waiting = Mutex(Waiting())

  /// Creates a writer of a run that `begin` has made.
  ///
  /// - Parameter unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  public init(
    store: ShadowEvidenceStore, run: Int64, logger: Logger,
    unixMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.store = store
    self.run = run
    self.logger = logger
    self.unixMilliseconds = unixMilliseconds
  }

  /// Takes what changed in the evidence, and an example if there is one.
  public func submit(_ evidence: inout ShadowEvidence, pair: ShadowPair? = nil) {
    let changes = evidence.takeChanges()
    waiting.withLock { waiting in
      if let changes {
        if waiting.changes == nil {
          waiting.changes = changes
        } else {
          waiting.changes?.replace(with: changes)
        }
      }
      if let pair { waiting.add(pair) }
    }
  }

  /// Takes an example alone.
  public func submit(_ pair: ShadowPair) {
    waiting.withLock { $0.add(pair) }
  }

  /// Writes a batch each interval until it is cancelled; the last one is left to `flush`.
  public func run() async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: Self.interval)
      } catch {
        return
      }
      do {
        try await flush()
      } catch {
        logger.warning("shadow evidence is not written", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Writes what waits, in one transaction.
  public func flush() async throws {
    let batch = waiting.withLock { waiting in
      defer { waiting = Waiting() }
      return waiting
    }
    guard batch.changes != nil || !batch.pairs.isEmpty else { return }
    if batch.droppedPairs > 0 {
      logger.notice("examples were not kept", metadata: ["count": "\(batch.droppedPairs)"])
    }
    do {
      try await store.write(
        batch.changes, pairs: batch.pairs, run: run, at: unixMilliseconds())
    } catch {
      putBack(batch)
      throw error
    }
  }

  /// What came meanwhile is newer.
  private func putBack(_ batch: Waiting) {
    waiting.withLock { waiting in
      if var changes = batch.changes {
        if let newer = waiting.changes { changes.replace(with: newer) }
        waiting.changes = changes
      }
      let newer = waiting.pairs
      (waiting.pairs, waiting.pairBytes) = (batch.pairs, batch.pairBytes)
      for pair in newer { waiting.add(pair) }
    }
  }
}
