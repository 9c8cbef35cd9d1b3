// SPDX-License-Identifier: Apache-2.0

/// A business process over several services, as steps in order, each with what undoes it.
///
/// ```swift
/// let checkout = try Saga<Checkout, SQLiteSagaStore>(
///   "checkout", version: 1, within: .seconds(600)
/// ) {
///   Step(
///     "create-order", .write { checkout, _, db in try Order(checkout).insert(db) },
///     compensation: .write { checkout, _, db in try Order.cancel(checkout.order, in: db) })
///   Step(
///     "reserve-stock", .command(to: "stock", "reserve") { Reservation($0) },
///     compensation: .command(to: "stock", "release") { Reservation($0) })
///   Pivot(
///     "take-payment",
///     .call { checkout, call in
///       checkout.payment = try await payments.take(checkout.total, key: call.key)
///     })
///   Retriable("confirm", .command(to: "mail", "confirm") { Confirmation($0) })
/// }
/// ```
///
/// A saga ends in one of two ways: all of its steps are done, or what was done before the pivot is
/// undone in reverse order. A step whose outcome is unknown counts as done when the saga goes back.
/// What order the kinds of steps may have is checked by the compiler.
public struct Saga<Context: Codable & Sendable, Store: SagaStore>: SagaDefinition {
  /// What an orchestrator runs.
  public let script: SagaScript<Store>

  /// Defines a saga.
  ///
  /// - Parameters:
  ///   - name: what the process is called, of a-z, 0-9 and hyphens.
  ///   - version: from 1. Sagas go on with the version that they were begun with: give changed
  ///     steps a new one, and keep the old definition until its last saga has ended.
  ///   - time: after which it goes back where the pivot is not done; nil for no limit.
  ///   - steps: in the order in which they are done.
  /// - Throws: `SagaDefinitionError` for names that cannot be used or that are there twice.
  public init(
    _ name: String, version: Int, within time: Duration? = nil,
    @SagaBuilder<Context, Store> _ steps: () -> SagaSteps<Store>
  ) throws(SagaDefinitionError) {
    let steps = steps().scripts
    let plan = SagaPlan(
      name: name, version: version, steps: steps.map(\.plan), deadline: time?.milliseconds)
    try plan.validate()
    script = SagaScript(plan: plan, steps: steps)
  }

  /// A new saga, as a store begins it inside the caller's own transaction.
  ///
  /// - Parameters:
  ///   - id: unique; the same for each attempt to begin it.
  ///   - context: what its first step is given.
  ///   - now: milliseconds since 1970.
  ///   - trace: W3C trace context that its steps belong to, as `TraceContext.text` writes it.
  /// - Throws: `SagaDefinitionError` for an id that cannot be used, or the context's error.
  public func begin(
    _ id: String, _ context: Context, now: Int64, trace: String? = nil
  ) throws -> SagaRecord {
    let isPlain = id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    guard !id.isEmpty, id.utf8.count <= SagaRecord.longestID, isPlain else {
      throw SagaDefinitionError(
        description: """
          a saga's id has 1 to \(SagaRecord.longestID) printable characters other than colons, \
          unlike "\(id)"
          """)
    }
    return SagaRecord(
      id: id, plan: script.plan, context: try ContextText.encode(context), now: now, trace: trace)
  }
}

/// A saga whose context's type does not matter, as orchestrators take it.
public protocol SagaDefinition<Store>: Sendable {
  /// Where its sagas are kept.
  associatedtype Store: SagaStore
  /// What an orchestrator runs.
  var script: SagaScript<Store> { get }
}
