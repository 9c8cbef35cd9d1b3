// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// A saga as plain values: what it consists of, without what its steps do.
public struct SagaPlan: Sendable, Equatable {
  /// Name of the business process, such as `checkout`.
  public var name: String
  /// Version of its steps, from 1.
  public var version: Int
  /// Steps in order: compensatable ones, at most one pivot, retriable ones.
  public var steps: [StepPlan]
  /// Milliseconds after which a saga goes back that has not passed its pivot; nil for no limit.
  public var deadline: Int64?

  /// What a saga is run by: never by another version, nor by one of that number whose steps are
  /// others.
  public var identity: SagaIdentity {
    SagaIdentity(
      name: name, version: version, shape: steps.map(\.shape).joined(separator: " "))
  }
}

/// Names a definition as the sagas that were begun with it remember it.
public struct SagaIdentity: Sendable, Hashable, CustomStringConvertible {
  /// Name of the business process.
  public var name: String
  /// Its version.
  public var version: Int
  /// Its steps, such as `create-order(write/write) take-payment!(call) confirm+(command)`.
  public var shape: String

  /// Creates an identity.
  public init(name: String, version: Int, shape: String) {
    self.name = name
    self.version = version
    self.shape = shape
  }

  /// `checkout v1`.
  public var description: String { "\(name) v\(version)" }
}

/// Which way a step is carried out; the last part of its idempotency key.
public enum SagaDirection: String, Sendable, Codable, CaseIterable {
  /// The step itself.
  case forward = "do"
  /// Its compensation.
  case backward = "undo"
}

/// What a step is in its saga.
public enum StepKind: String, Sendable, Codable {
  /// It can be undone.
  case compensatable
  /// Once it is done the saga goes forward only.
  case pivot
  /// It is tried until it is done.
  case retriable
}

/// How work is carried out.
public enum WorkManner: String, Sendable, Codable {
  /// In the transaction that keeps the saga: its effect is there exactly once.
  case write
  /// By a closure: perhaps more than once, always with the same idempotency key.
  case call
  /// By another service, which gets an event and answers with one.
  case command
}

/// How often work is tried, and for how long. Times are milliseconds.
public struct WorkPolicy: Sendable, Equatable {
  /// Attempts that may fail.
  public var attempts: Int
  /// Attempts in a row that may end with their process; more than those that fail by themselves,
  /// since processes end for other reasons too.
  public var crashes: Int
  /// How long one attempt may take, the answer of another service included.
  public var within: Int64
  /// Wait before it is tried again.
  public var backoff: Backoff
}

/// Work without what it does.
public struct WorkPlan: Sendable, Equatable {
  /// How it is carried out.
  public var manner: WorkManner
  /// How often and for how long.
  public var policy: WorkPolicy
}

/// A step without what it does.
public struct StepPlan: Sendable, Equatable {
  /// Unique in its saga, such as `take-payment`.
  public var name: String
  /// What it is in its saga.
  public var kind: StepKind
  /// The step itself.
  public var work: WorkPlan
  /// What undoes it; nil where nothing needs to be undone.
  public var compensation: WorkPlan?

  /// A pivot whose outcome can only be asked for: nothing takes back what it may have done.
  var mustBeKnown: Bool { kind == .pivot && compensation == nil }

  var shape: String {
    let mark =
      switch kind {
      case .compensatable: ""
      case .pivot: "!"
      case .retriable: "+"
      }
    let undo = compensation.map { "/\($0.manner.rawValue)" } ?? ""
    return "\(name)\(mark)(\(work.manner.rawValue)\(undo))"
  }

  package func plan(_ direction: SagaDirection) -> WorkPlan {
    direction == .backward ? compensation ?? work : work
  }
}

/// A definition that cannot be run.
public struct SagaDefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, and what to do.
  public var description: String
}

extension SagaPlan {
  /// Longest name of a saga or a step, in bytes.
  package static let longestName = 64

  /// The order of kinds is the compiler's to check; this is the rest.
  func validate() throws(SagaDefinitionError) {
    try Self.check(name, "a saga's name")
    guard version >= 1 else {
      throw SagaDefinitionError(description: "saga \(name): versions begin with 1, not \(version)")
    }
    var seen: Set<String> = []
    for step in steps {
      try Self.check(step.name, "saga \(name): a step's name")
      guard seen.insert(step.name).inserted else {
        throw SagaDefinitionError(
          description: "saga \(name): two steps are called \(step.name); keys need unique names")
      }
    }
    if let deadline, deadline < 1 {
      throw SagaDefinitionError(description: "saga \(name): its time is over when it begins")
    }
  }

  /// Names are parts of topics and of keys.
  private static func check(_ name: String, _ what: String) throws(SagaDefinitionError) {
    let isPlain = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
    guard !name.isEmpty, name.utf8.count <= longestName, isPlain else {
      throw SagaDefinitionError(
        description: """
          \(what) has 1 to \(longestName) of a-z, 0-9 and hyphens, unlike "\(name)"
          """)
    }
  }
}
