// SPDX-License-Identifier: Apache-2.0

package import DataMapping

extension MigrationRun {
  /// How long it is tried to catch up with writers before looking.
  private static let catchingUp = Duration.seconds(30)
  /// How often both sides are compared: a row that was on its way in one comparison is not in all.
  private static let comparisons = 4

  /// Gathers what the gates of a step need to know.
  ///
  /// - Parameters:
  ///   - objections: what the mapping's check and its rows show.
  ///   - progress: hears how many more rows were read.
  package func evidence(
    for step: MigrationStep, _ migration: Migration, objections: [String], acceptsNoReturn: Bool,
    progress: @escaping @Sendable (_ rows: Int) -> Void
  ) async throws -> MigrationEvidence {
    var evidence = MigrationEvidence(fingerprint: statements.fingerprint)
    evidence.objections = objections + statements.objectionsToFollowing
    evidence.isReversed = check.mapping.isReversed
    evidence.acceptsNoReturn = acceptsNoReturn
    if step.gates.contains(.backfillFinished) { evidence.backfill = try await backfilled() }
    if step.gates.contains(.changesNoted) { evidence.unguarded = try await unguarded() }
    // Another mapping writes nothing before its gate has refused it.
    if step.gates.contains(.fewWaiting), isSame(migration) {
      try await carrier(migration)?.retry()
      try await catchUp(migration)
    }
    (evidence.waiting, evidence.refused) = try await waiting(migration)
    if step.gates.contains(where: \.needsComparison),
      step.objections(to: evidence, fingerprint: migration.fingerprint)
        == MigrationGate.sidesEqual.objections(to: evidence, fingerprint: "")
    {
      evidence.comparison = try await comparison(migration, progress)
      (evidence.waiting, evidence.refused) = try await waiting(migration)
    }
    return evidence
  }

  package func backfilled() async throws -> MigrationEvidence.Backfill {
    guard let position = try await stores.backfill.position(of: check.mapping.name) else {
      return .missing
    }
    if position.fingerprint != statements.fingerprint { return .otherMapping }
    return position.isFinished ? .finished : .unfinished(rows: position.read)
  }

  /// What carries the changes of the side that is written; nil where nothing follows it.
  ///
  /// - Throws: `StoreFailure`, with the code `unusable`, where the mapping changed meanwhile.
  package func carrier(_ migration: Migration) throws -> ChangeCarrier? {
    let side = migration.state.owner
    guard migration.isSettled, migration.state.role(of: side.other) == .follower else {
      return nil
    }
    guard isSame(migration) else {
      throw StoreFailure(.unusable, "\(check.mapping.name): \(MigrationGate.changed)")
    }
    return ChangeCarrier(check, from: side, stores)
  }

  /// Whether it is the mapping with which the data began to move.
  func isSame(_ migration: Migration) -> Bool {
    migration.fingerprint.isEmpty || migration.fingerprint == statements.fingerprint
  }

  /// Carries changes over until few come in a batch.
  package func catchUp(_ migration: Migration) async throws {
    guard let carrier = try carrier(migration) else { return }
    let few = ChangeCarrier.Limits().batch / 4
    let clock = ContinuousClock()
    let end = clock.now + Self.catchingUp
    while clock.now < end {
      let batch = try await carrier.batch()
      if !batch.isOvertaken, batch.read <= few { return }
    }
  }

  func verification(_ migration: Migration) -> VerificationRun? {
    // Both sides may be in one store.
    var reading = [check.mapping.legacy.store: stores.legacy.reading]
    reading[check.mapping.new.store] = stores.new.reading
    return VerificationRun(check, stores: reading, writtenOn: migration.state.owner)
  }

  /// What compares both sides through the stream of changes; nil where no side follows the other.
  package func liveVerification(
    _ migration: Migration, _ limits: LiveVerificationRun.Limits
  ) throws -> LiveVerificationRun? {
    try carrier(migration) == nil
      ? nil : LiveVerificationRun(check, from: migration.state.owner, stores, limits)
  }

  /// Compares both sides while they are written: a row counts that differs each time.
  package func comparison(
    _ migration: Migration, _ progress: @escaping @Sendable (_ rows: Int) -> Void
  ) async throws -> MigrationEvidence.Comparison {
    guard let run = verification(migration) else { return .notMade }
    var limits = Verification.Limits()
    limits.listed = 0
    var suspects: Set<UInt64>?
    for _ in 0..<Self.comparisons {
      // The digest is kept, and asked for again from whatever store there is then.
      let found = try await run.run(limits, readingAll: true) { _, rows in progress(rows) }
      if found.counts.all > found.differing.count { return .differs(rows: found.counts.all) }
      let left = suspects?.intersection(found.differing) ?? found.differing
      if left.isEmpty {
        return .equal(
          rows: found.rows.new, digest: String(found.digests.new.sum, radix: 16))
      }
      suspects = left
      try await catchUp(migration)
    }
    return .differs(rows: suspects?.count ?? 0)
  }
}
