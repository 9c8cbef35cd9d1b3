// SPDX-License-Identifier: Apache-2.0

/// Where evidence came from: one replay, or one process that shadowed live traffic.
public struct EvidenceRun: Sendable, Equatable {
  /// Kinds of traffic.
  public enum Source: String, Sendable, CaseIterable {
    /// Requests of users.
    case live
    /// Recorded requests, sent again.
    case replay
  }

  /// A run that did not end, and that nothing was written to for so long, has nobody who writes to
  /// it any more, in milliseconds.
  public static let patience: Int64 = 600_000

  /// Number in the store.
  public var number: Int64
  /// What kind of traffic it compared.
  public var source: Source
  /// Address or name of the legacy side.
  public var legacy: String
  /// Address or name of the extracted side.
  public var extracted: String
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public var startedAt: Int64
  /// When it ended; nil while it runs, or when its process was killed.
  public var endedAt: Int64?
  /// When its process was heard of last, milliseconds since 1970-01-01T00:00:00Z.
  package var writtenAt: Int64
  /// Comparisons so far.
  public var comparisons: Int
}

/// What is kept for how long.
public struct EvidenceRetention: Sendable, Equatable {
  /// Runs that nothing was written to for longer are deleted, in milliseconds.
  public var age: Int64
  /// Most runs; the oldest are deleted.
  public var runs: Int
  /// Most pairs of answers of all runs; the oldest are deleted.
  public var pairs: Int
  /// Most bytes of everything; the oldest pairs are deleted, with the runs that ended and
  /// have none left.
  public var bytes: Int

  /// Creates limits; the defaults keep 30 days, 200 runs, 20,000 pairs and 256 MiB.
  public init(
    age: Int64 = 30 * 86_400_000, runs: Int = 200, pairs: Int = 20_000, bytes: Int = 256 << 20
  ) {
    self.age = age
    self.runs = runs
    self.pairs = pairs
    self.bytes = bytes
  }
}
