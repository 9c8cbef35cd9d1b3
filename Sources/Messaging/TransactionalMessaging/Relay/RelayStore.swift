// SPDX-License-Identifier: Apache-2.0

/// What a relay needs from the database that holds the outbox.
///
/// Every store passes `RelayStoreConformance` of `MessagingConformance`. Errors other than
/// `RelayFenced` mean that the outcome is unknown; the relay then takes the lease again and reads
/// its position.
public protocol RelayStore: Sendable {
  /// Takes or renews the lease of a relay with a new epoch, and reads where it stopped.
  ///
  /// Succeeds when nobody owns the relay, the lease has run out, or `owner` holds it already.
  /// Returns nil when somebody else holds it.
  func acquire(_ request: LeaseRequest) async throws -> RelayPosition?

  /// Committed events behind a cursor, all of them up to the limit, in sequence order.
  ///
  /// The events of one aggregate come in the order of their versions, over all pages.
  func events(after cursor: RelayCursor, limit: PageLimit) async throws -> EventPage

  /// Events of one aggregate from a sequence on that the cursor has passed, in sequence order.
  func events(
    of aggregate: AggregateKey, from sequence: Int64, through cursor: RelayCursor, limit: PageLimit
  ) async throws -> EventPage

  /// Stores cursor, parked aggregates and the renewed lease, all or nothing.
  ///
  /// - Throws: `RelayFenced` when the epoch is no longer the current one; nothing has changed then.
  func save(_ progress: RelayProgress) async throws

  /// Moves the end of a lease and nothing else, while its holder reads or publishes; may be called
  /// at the same time as those.
  ///
  /// - Parameters:
  ///   - lease: whose end moves.
  ///   - until: milliseconds since 1970.
  /// - Throws: `RelayFenced` when the epoch is no longer the current one; nothing has changed then.
  func renew(_ lease: RelayLease, until: Int64) async throws

  /// Gives the lease back so that another relay can start at once; does nothing when it is lost.
  func release(_ lease: RelayLease) async throws
}

/// Asks for the right to run a relay.
public struct LeaseRequest: Sendable, Equatable {
  /// Name of the relay; each name has its own cursor.
  public var relay: String
  /// Unique name of the instance that asks.
  public var owner: String
  /// Current time, milliseconds since 1970.
  public var now: Int64
  /// When the lease ends unless it is renewed, milliseconds since 1970.
  public var until: Int64

  /// Creates a request.
  public init(relay: String, owner: String, now: Int64, until: Int64) {
    self.relay = relay
    self.owner = owner
    self.now = now
    self.until = until
  }
}

/// The right to run a relay. Every change carries its epoch, and only the newest epoch may write.
public struct RelayLease: Sendable, Equatable {
  /// Name of the relay.
  public var relay: String
  /// Instance that holds it.
  public var owner: String
  /// Grows with each acquisition.
  public var epoch: Int64

  /// Creates a lease.
  public init(relay: String, owner: String, epoch: Int64) {
    self.relay = relay
    self.owner = owner
    self.epoch = epoch
  }
}

/// Where a relay stands.
public struct RelayPosition: Sendable, Equatable {
  /// The lease.
  public var lease: RelayLease
  /// Every event up to here is acknowledged, or its aggregate is parked at or before it.
  public var cursor: RelayCursor
  /// Parked aggregates.
  public var parked: [ParkedAggregate]

  /// Creates a position.
  public init(lease: RelayLease, cursor: RelayCursor, parked: [ParkedAggregate]) {
    self.lease = lease
    self.cursor = cursor
    self.parked = parked
  }
}

/// What a relay has achieved since its last save.
public struct RelayProgress: Sendable, Equatable {
  /// The lease under which it was achieved.
  public var lease: RelayLease
  /// New end of the lease, milliseconds since 1970.
  public var leaseUntil: Int64
  /// New cursor, never below the stored one.
  public var cursor: RelayCursor
  /// Aggregates to park, or whose parking changed.
  public var parked: [ParkedAggregate]
  /// Aggregates whose parked events are all acknowledged.
  public var released: [AggregateKey]

  /// Creates a progress value.
  public init(
    lease: RelayLease, leaseUntil: Int64, cursor: RelayCursor, parked: [ParkedAggregate] = [],
    released: [AggregateKey] = []
  ) {
    self.lease = lease
    self.leaseUntil = leaseUntil
    self.cursor = cursor
    self.parked = parked
    self.released = released
  }
}

/// An aggregate whose events wait because one of them could not be published.
public struct ParkedAggregate: Sendable, Equatable {
  /// Whether the relay goes on by itself.
  public enum State: String, Sendable {
    /// It is tried again at `nextAt`.
    case retrying
    /// It waits for an operator: replay or skip.
    case dead
  }

  /// Which aggregate.
  public var aggregate: AggregateKey
  /// Sequence of its first unpublished event.
  public var firstSequence: Int64
  /// Failed attempts of that event.
  public var attempts: Int
  /// When it is due, milliseconds since 1970.
  public var nextAt: Int64
  /// Text of the last failure, bounded.
  public var lastError: String
  /// Equal for failures of the same kind.
  public var fingerprint: String
  /// Whether it is tried again.
  public var state: State

  /// Creates a parked aggregate.
  public init(
    aggregate: AggregateKey, firstSequence: Int64, attempts: Int, nextAt: Int64, lastError: String,
    fingerprint: String, state: State
  ) {
    self.aggregate = aggregate
    self.firstSequence = firstSequence
    self.attempts = attempts
    self.nextAt = nextAt
    self.lastError = lastError
    self.fingerprint = fingerprint
    self.state = state
  }
}

/// Bounds of one read.
public struct PageLimit: Sendable, Equatable {
  /// Most events.
  public var events: Int
  /// The page ends with the event that brings the sum of payloads to this many bytes or more.
  public var payloadBytes: Int

  /// Creates a limit; both are at least 1.
  public init(events: Int, payloadBytes: Int = 8 << 20) {
    self.events = max(1, events)
    self.payloadBytes = max(1, payloadBytes)
  }
}

/// A bounded read of the outbox.
public struct EventPage: Sendable, Equatable {
  /// Events in sequence order.
  public var events: [AppendedEvent]
  /// True when the limit ended the page, so that there may be more.
  public var truncated: Bool
  /// The window that the events belong to, where there are windows.
  public var window: SnapshotWindow?
  /// Where a relay stands that has settled all of the page; nil when that is its last event.
  public var end: RelayCursor?

  /// Creates a page.
  public init(
    events: [AppendedEvent], truncated: Bool, window: SnapshotWindow? = nil,
    end: RelayCursor? = nil
  ) {
    self.events = events
    self.truncated = truncated
    self.window = window
    self.end = end
  }
}

/// Another owner holds the relay now; nothing was changed.
public struct RelayFenced: Error, Sendable, Equatable, CustomStringConvertible {
  /// The lease that is no longer valid.
  public var lease: RelayLease

  /// Creates the error.
  public init(lease: RelayLease) { self.lease = lease }

  /// One sentence.
  public var description: String {
    "relay \(lease.relay): epoch \(lease.epoch) of \(lease.owner) was superseded; nothing changed"
  }
}
