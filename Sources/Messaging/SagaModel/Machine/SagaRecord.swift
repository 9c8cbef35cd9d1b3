// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// A step, or its compensation, within a saga.
public struct SagaPlace: Sendable, Hashable {
  /// Which step, from 0.
  public var position: Int
  /// The step itself, or its compensation.
  public var direction: SagaDirection

  /// Creates a place.
  public init(_ position: Int, _ direction: SagaDirection) {
    self.position = position
    self.direction = direction
  }
}

/// Where one saga stands: what its rows hold.
public struct SagaRecord: Sendable, Equatable {
  /// Longest id, in bytes.
  static let longestID = 128

  /// Whether it goes on.
  public enum Phase: String, Sendable, Codable, CaseIterable {
    /// It goes on by itself.
    case active
    /// What has to be done failed too often; it waits for an operator.
    case stuck
    /// All steps are done.
    case completed
    /// What was done is undone.
    case compensated
  }

  /// Unique.
  public let id: String
  /// The definition that it was begun with.
  public let identity: SagaIdentity
  /// Whether it goes on.
  public var phase = Phase.active
  /// Where it is.
  public var place = SagaPlace(0, .forward)
  /// The context as JSON.
  public var context: String
  /// Milliseconds since 1970.
  public let begunAt: Int64
  /// When it goes back where the pivot is not done.
  public let deadline: Int64?
  /// When it has to be looked at where nothing else happens; nil where it does not go on.
  public var wakeAt: Int64?
  /// When it ended.
  public var endedAt: Int64?
  /// Why it goes back, or is stuck.
  public var failure: String?
  /// W3C trace context that it was begun with.
  public let trace: String?
  /// What was begun, in the order in which it was.
  public var steps: [SagaStepRecord] = []
  /// Counts what was stored, from 1.
  public var revision: Int64 = 1

  /// Creates a record of a saga that nothing was done of, for stores that read one: what else their
  /// rows hold is set afterwards. A new saga comes from `Saga.begin`.
  public init(
    id: String, identity: SagaIdentity, context: String, begunAt: Int64, deadline: Int64?,
    trace: String?
  ) {
    self.id = id
    self.identity = identity
    self.context = context
    self.begunAt = begunAt
    self.deadline = deadline
    self.trace = trace
    wakeAt = begunAt
  }

  init(id: String, plan: SagaPlan, context: String, now: Int64, trace: String?) {
    self.init(
      id: id, identity: plan.identity, context: context, begunAt: now,
      deadline: plan.deadline.map { now + $0 }, trace: trace)
  }

  /// What was begun at a place.
  public subscript(_ place: SagaPlace) -> SagaStepRecord? {
    steps.first { $0.place == place }
  }

  /// Failures of the same kind have the same one.
  package var fingerprint: String { failure.map(FailureFingerprint.of) ?? "" }
}

/// What became of a step or of a compensation.
public struct SagaStepRecord: Sendable, Equatable {
  /// Whether it goes on.
  public enum State: String, Sendable, Codable {
    /// An attempt is under way, or was when its process ended.
    case running
    /// An attempt failed; the next one begins at `dueAt`.
    case waiting
    /// Its effect is there.
    case done
    /// It has had no effect.
    case failed
    /// Whether it has had its effect is not known.
    case unknown
    /// It failed too often and has to be done; it waits for an operator.
    case stuck
  }

  /// Where it is in its saga.
  public let place: SagaPlace
  /// The step's name.
  public let name: String
  /// What the step is in its saga.
  public let kind: StepKind
  /// What became of it.
  public var state = State.running
  /// Attempts that began.
  public var attempts = 0
  /// Attempts in a row whose process ended.
  public var crashes = 0
  /// Whether an attempt ended of which it is not known what it did.
  public var mayHaveRun = false
  /// When the first attempt began.
  public let begunAt: Int64
  /// When the attempt is given up, or when the next one begins.
  public var dueAt: Int64?
  /// When it ended.
  public var endedAt: Int64?
  /// The last failure.
  public var failure: String?

  /// Creates a record of a step whose first attempt has begun, for stores that read one.
  public init(place: SagaPlace, name: String, kind: StepKind, begunAt: Int64) {
    self.place = place
    self.name = name
    self.kind = kind
    self.begunAt = begunAt
  }

  /// Whether a compensation has something to undo.
  var mayHaveEffect: Bool { state == .done || state == .unknown }
}
