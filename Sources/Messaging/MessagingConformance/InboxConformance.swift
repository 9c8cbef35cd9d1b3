// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// An inbox under test, and the consumer's side of its database. Its effects write the event's id
/// into a table.
public struct InboxUnderTest: Sendable {
  /// The inbox of a policy, whose effects throw for some events after they have written.
  public var bound:
    @Sendable (InboxPolicy, @escaping @Sendable (ReceivedEvent) -> Bool) -> any EventInbox
  /// Ids that effects have written, in the order of their commits.
  public var effects: @Sendable () async throws -> [String]
  /// Events that wait, ordered by aggregate and version.
  public var parked: @Sendable () async throws -> [ParkedEvent]
  /// Tries an aggregate's dead event again.
  public var replay: @Sendable (AggregateKey) async throws -> Bool
  /// Gives up an aggregate's next event and says which version that was.
  public var skip: @Sendable (AggregateKey) async throws -> Int64?
  /// Forgets ids seen before a time and says how many.
  public var prune: @Sendable (Int64) async throws -> Int

  /// Creates one.
  public init(
    bound:
      @escaping @Sendable (InboxPolicy, @escaping @Sendable (ReceivedEvent) -> Bool) ->
      any EventInbox,
    effects: @escaping @Sendable () async throws -> [String],
    parked: @escaping @Sendable () async throws -> [ParkedEvent],
    replay: @escaping @Sendable (AggregateKey) async throws -> Bool,
    skip: @escaping @Sendable (AggregateKey) async throws -> Int64?,
    prune: @escaping @Sendable (Int64) async throws -> Int
  ) {
    self.bound = bound
    self.effects = effects
    self.parked = parked
    self.replay = replay
    self.skip = skip
    self.prune = prune
  }

  package func inbox(
    _ policy: InboxPolicy = InboxPolicy(),
    failing: @escaping @Sendable (ReceivedEvent) -> Bool = { _ in false }
  ) -> any EventInbox { bound(policy, failing) }
}

/// What every inbox must do.
public enum InboxConformance: String, CaseIterable, Sendable {
  /// A version that comes again has no effect again.
  case appliesEachVersionOnce
  /// Duplicates are known after their ids were forgotten.
  case recognisesDuplicatesAfterPruning
  /// An id has one effect, whatever version it comes under.
  case anIDSeenUnderAnotherVersionHasNoEffectTwice
  /// What comes too early waits for its turn.
  case keepsWhatArrivesBeforeItsTurn
  /// What waits keeps every field.
  case keepsTheWholeEnvelope
  /// A failure holds up its aggregate and nothing else.
  case aFailedEventHoldsItsAggregateOnly
  /// Skipping gives up one version, and only one that waits.
  case skippingGivesUpOneVersion
  /// Where the policy says so, the first seen version is the first.
  case joinsARunningStreamWhenAskedTo
  /// A full inbox refuses, and loses nothing.
  case refusesMoreParkedEventsThanItsLimit
  /// The same event at the same time has one effect.
  case deliveriesAtTheSameTimeHaveOneEffect

  /// Runs the check; the inbox and the effects must be empty.
  ///
  /// - Throws: `ConformanceFailure`, or the store's error.
  public func check(_ subject: InboxUnderTest) async throws {
    switch self {
    case .appliesEachVersionOnce: try await Self.appliesEachVersionOnce(subject)
    case .recognisesDuplicatesAfterPruning: try await Self.recognisesDuplicates(subject)
    case .anIDSeenUnderAnotherVersionHasNoEffectTwice: try await Self.anIDSeenBefore(subject)
    case .keepsWhatArrivesBeforeItsTurn: try await Self.keepsWhatArrivesBeforeItsTurn(subject)
    case .keepsTheWholeEnvelope: try await Self.keepsTheWholeEnvelope(subject)
    case .aFailedEventHoldsItsAggregateOnly: try await Self.aFailedEvent(subject)
    case .skippingGivesUpOneVersion: try await Self.skippingGivesUpOneVersion(subject)
    case .joinsARunningStreamWhenAskedTo: try await Self.joinsARunningStream(subject)
    case .refusesMoreParkedEventsThanItsLimit: try await Self.refusesMoreParked(subject)
    case .deliveriesAtTheSameTimeHaveOneEffect: try await Self.atTheSameTime(subject)
    }
  }

  private static let key = AggregateKey(type: "order", id: "a")

  private static func received(_ version: Int, number: Int? = nil) -> ReceivedEvent {
    ReceivedEvent(version: Int64(version), event: SampleEvents.event(number ?? version))
  }

  /// Delivers and compares what became of it.
  private static func deliver(
    _ event: ReceivedEvent, to inbox: any EventInbox, at now: Int64 = 0, _ expected: InboxOutcome
  ) async throws {
    let outcome = try await inbox.receive(event, now: now)
    try require(outcome == expected, "version \(event.version): \(outcome), not \(expected)")
  }

  private static func requireEffects(
    _ subject: InboxUnderTest, _ numbers: [Int]
  ) async throws {
    let effects = try await subject.effects()
    try require(effects == numbers.map(SampleEvents.id), "effects \(effects), not \(numbers)")
  }

  private static func retryAll(_ inbox: any EventInbox, now: Int64) async throws {
    while try await inbox.retryParked(now: now, limit: 10).tried > 0 {}
  }

  // MARK: - Once

  private static func appliesEachVersionOnce(_ subject: InboxUnderTest) async throws {
    let inbox = subject.inbox()
    try await deliver(received(1), to: inbox, .applied(unblocks: false))
    try await deliver(received(1), to: inbox, .duplicate)
    try await deliver(received(2), to: inbox, .applied(unblocks: false))
    try await deliver(received(1), to: inbox, .duplicate)
    try await requireEffects(subject, [1, 2])
  }

  private static func recognisesDuplicates(_ subject: InboxUnderTest) async throws {
    try await deliver(received(1), to: subject.inbox(), at: 5, .applied(unblocks: false))
    let pruned = try await subject.prune(6)
    try require(pruned == 1, "pruned \(pruned)")
    try await deliver(received(1), to: subject.inbox(), at: 7, .duplicate)
    try await requireEffects(subject, [1])
  }

  private static func anIDSeenBefore(_ subject: InboxUnderTest) async throws {
    let inbox = subject.inbox()
    try await deliver(received(1), to: inbox, .applied(unblocks: false))
    try await deliver(received(2, number: 1), to: inbox, .applied(unblocks: false))
    try await requireEffects(subject, [1])
    try await deliver(received(3), to: inbox, .applied(unblocks: false))
  }

  private static func atTheSameTime(_ subject: InboxUnderTest) async throws {
    let inbox = subject.inbox()
    let outcomes = try await withThrowingTaskGroup(of: InboxOutcome.self) { tasks in
      for _ in 0..<6 { tasks.addTask { try await inbox.receive(received(1), now: 0) } }
      return try await tasks.reduce(into: []) { $0.append($1) }
    }
    let applied = outcomes.filter { $0 == .applied(unblocks: false) }
    let duplicates = outcomes.filter { $0 == .duplicate }
    try require(applied.count == 1 && duplicates.count == 5, "\(outcomes)")
    try await requireEffects(subject, [1])
  }

  // MARK: - In order

  private static func keepsWhatArrivesBeforeItsTurn(_ subject: InboxUnderTest) async throws {
    let inbox = subject.inbox()
    for version in [3, 2, 2] { try await deliver(received(version), to: inbox, .waiting) }
    let early = try await inbox.retryParked(now: 1, limit: 10)
    try require(early.tried == 0, "tried \(early)")
    try await deliver(received(1), to: inbox, .applied(unblocks: true))
    try await retryAll(inbox, now: 1)
    try await requireEffects(subject, [1, 2, 3])
    let left = try await subject.parked()
    try require(left.isEmpty, "left \(left)")
  }

  private static func keepsTheWholeEnvelope(_ subject: InboxUnderTest) async throws {
    var event = received(2)
    event.event.tenant = "north"
    event.event.payloadReference = "https://example.com/1"
    event.event.headers["quoted"] = "\"ü\""
    event.event.payload = Array(0...255)
    try await deliver(event, to: subject.inbox(), .waiting)
    let parked = try await subject.parked()
    try require(parked.map(\.received) == [event], "\(parked)")
    try require(parked.map(\.state) == [.waiting], "\(parked)")
  }

  private static func joinsARunningStream(_ subject: InboxUnderTest) async throws {
    let policy = InboxPolicy(start: .firstSeen)
    let failing = subject.inbox(policy) { _ in true }
    guard case .failed(_, let nextAt?) = try await failing.receive(received(7), now: 0) else {
      throw ConformanceFailure(description: "the first seen version must be tried")
    }
    let round = try await subject.inbox(policy).retryParked(now: nextAt, limit: 10)
    try require(round.tried == 1, "\(round)")
    try await deliver(received(8), to: subject.inbox(policy), .applied(unblocks: false))
    try await requireEffects(subject, [7, 8])
  }

  // MARK: - Failures

  private static func aFailedEvent(_ subject: InboxUnderTest) async throws {
    let policy = InboxPolicy(attempts: 2, retry: Backoff(first: 100, most: 100))
    let failing = subject.inbox(policy) { $0.version == 1 && $0.event.aggregateID == "a" }
    guard case .failed(_, let nextAt?) = try await failing.receive(received(1), now: 0) else {
      throw ConformanceFailure(description: "the first failure must be tried again")
    }
    try require((50...100).contains(nextAt), "next at \(nextAt)")
    try await deliver(received(2), to: failing, .waiting)
    let other = ReceivedEvent(version: 1, event: SampleEvents.event(9, aggregate: "b"))
    try await deliver(other, to: failing, .applied(unblocks: false))
    try await requireEffects(subject, [9])

    let round = try await failing.retryParked(now: nextAt, limit: 10)
    try require(round.tried == 1, "\(round)")
    let states = try await subject.parked().map(\.state)
    try require(states == [.dead, .waiting], "\(states)")
    let late = try await failing.retryParked(now: nextAt * 100, limit: 10)
    try require(late.tried == 0, "a dead event was tried: \(late)")

    let isReplayed = try await subject.replay(key)
    try require(isReplayed, "nothing was dead")
    try await retryAll(subject.inbox(policy), now: 1_000)
    try await requireEffects(subject, [9, 1, 2])
  }

  private static func skippingGivesUpOneVersion(_ subject: InboxUnderTest) async throws {
    let inbox = subject.inbox()
    try await deliver(received(2), to: inbox, .waiting)
    var skipped = try await subject.skip(key)
    try require(skipped == 1, "skipped \(String(describing: skipped))")
    skipped = try await subject.skip(key)
    try require(skipped == nil, "skipped what is due: \(String(describing: skipped))")
    try await retryAll(inbox, now: 1)
    try await requireEffects(subject, [2])
    skipped = try await subject.skip(key)
    try require(skipped == nil, "skipped what is to come: \(String(describing: skipped))")
    try await deliver(received(3), to: inbox, at: 2, .applied(unblocks: false))
  }

  private static func refusesMoreParked(_ subject: InboxUnderTest) async throws {
    let inbox = subject.inbox(InboxPolicy(parkedEvents: 2))
    for version in [3, 4] { try await deliver(received(version), to: inbox, .waiting) }
    do {
      _ = try await inbox.receive(received(5), now: 0)
      throw ConformanceFailure(description: "a third event was parked, the limit is two")
    } catch is InboxFull {}
    try await deliver(received(4), to: inbox, .waiting)
  }
}
