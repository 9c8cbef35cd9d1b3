// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Takes what the admin API is asked and told about data to whoever moves it: one look at the
/// stores for all who ask within a second, one order to a mapping at a time, and comparisons one
/// after the other. Orders go on when whoever gave them has left.
package actor DataOffice {
  package struct Limits: Sendable {
    /// How long a look is handed out again, in milliseconds.
    package var freshness: Int64 = 1_000
    /// How long an answer to an order is waited for; it goes on behind that.
    package var patience: Duration = .seconds(20)
    /// A comparison that takes longer is given up.
    package var comparison: Duration = .seconds(600)
    /// Decisions of each mapping that are shown.
    package var history = 20

    package init() {}
  }

  private let mover: any DataMover
  private let limits: Limits
  private let unixMilliseconds: @Sendable () -> Int64
  private var kept: (mappings: [DataMappingStatus], at: Int64)?
  private var looking: Task<[DataMappingStatus], any Error>?
  /// What somebody saw, however long ago; nil before the first look.
  private(set) var lastSeen: [DataMappingStatus]?
  /// Times that what was seen before became old at once.
  private var changes = 0
  private var orders: [String: DataOrderStatus] = [:]
  private var verifications: [String: DataVerification] = [:]
  /// Rows that the comparison under way has read.
  private var rowsRead: RowCount?
  /// The mapping whose rows are asked what they have against it.
  private var checked: String?

  package init(
    _ mover: any DataMover, _ limits: Limits = Limits(),
    unixMilliseconds: @escaping @Sendable () -> Int64
  ) {
    (self.mover, self.limits, self.unixMilliseconds) = (mover, limits, unixMilliseconds)
  }

  // MARK: - Looking

  /// - Throws: `DataRefusal`, as all of these do.
  package func overview() async throws -> DataOverview {
    DataOverview(mappings: try await look().map(told))
  }

  package func status(of name: String) async throws -> DataMappingStatus {
    told(try find(name, in: try await look()))
  }

  /// The last comparison of a mapping; nil before the first.
  package func verification(of name: String) async throws -> DataVerification? {
    if let verification = verifications[name] { return current(verification) }
    _ = try find(name, in: try await look())
    return nil
  }

  /// What would be copied of a mapping, and by which SQL.
  package func plan(of name: String) async throws -> DataMappingPlan {
    _ = try find(name, in: try await look())
    return try await mover.plan(name)
  }

  /// Asks both stores what they have against a mapping, one mapping at a time.
  package func check(_ name: String) async throws -> DataMappingCheck {
    _ = try find(name, in: try await look())
    if let checked { throw DataRefusal.busy("A check of \(checked) is under way: ask again.") }
    checked = name
    defer { checked = nil }
    return try await mover.check(name)
  }

  private func find(
    _ name: String, in mappings: [DataMappingStatus]
  ) throws -> DataMappingStatus {
    guard let mapping = mappings.first(where: { $0.name == name }) else {
      throw DataRefusal.unknownMapping(name, known: mappings.map(\.name))
    }
    return mapping
  }

  /// With what this process knows of it.
  private func told(_ mapping: DataMappingStatus) -> DataMappingStatus {
    var mapping = mapping
    mapping.order = orders[mapping.name]
    mapping.verification = verifications[mapping.name].map(current)
    return mapping
  }

  private func look() async throws -> [DataMappingStatus] {
    if let looking { return try await looking.value }
    if let kept, (0..<limits.freshness).contains(unixMilliseconds() - kept.at) {
      return kept.mappings
    }
    let task = Task { [mover, limits] in try await mover.mappings(history: limits.history) }
    looking = task
    let begun = changes
    defer { if begun == changes { looking = nil } }
    let mappings = try await task.value
    if begun == changes { kept = (mappings, unixMilliseconds()) }
    lastSeen = mappings
    return mappings
  }

  /// A look that began before saw what was before.
  private func forget() {
    changes += 1
    kept = nil
    looking = nil
  }

  // MARK: - Orders

  /// Gives an order; waits for what comes of it, but not for ever.
  ///
  /// - Returns: what came of it so far.
  package func give(_ order: DataOrder) async throws -> DataOrderStatus {
    _ = try find(order.mapping, in: try await look())
    let name = order.mapping
    if orders[name]?.state == .running {
      throw DataRefusal.busy("An order to \(name) is under way: GET /data/\(name) says how far.")
    }
    orders[name] = DataOrderStatus(
      order: order.action, actor: order.actor, reason: order.reason, startedAt: now)
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    Task {
      await carryOut(order)
      end.finish()
    }
    await wait(for: ended)
    return orders[name]
      ?? DataOrderStatus(
        order: order.action, actor: order.actor, reason: order.reason, startedAt: now)
  }

  private func carryOut(_ order: DataOrder) async {
    let result: Result<DataOutcome, any Error>
    do {
      result = .success(try await mover.carryOut(order))
    } catch {
      result = .failure(error)
    }
    forget()
    guard var status = orders[order.mapping] else { return }
    switch result {
    case .success(let outcome):
      status.state =
        !outcome.missing.isEmpty ? .refused : outcome.turnedBack == nil ? .done : .turnedBack
      status.details = outcome.missing + [outcome.turnedBack].compactMap(\.self)
      status.pauseMilliseconds = outcome.pauseMilliseconds
    case .failure(let error):
      status.state = .failed
      status.details = [Self.text(error)]
    }
    orders[order.mapping] = status
  }

  private nonisolated func wait(for ended: AsyncStream<Void>) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in ended {} }
      group.addTask { [limits] in try? await Task.sleep(for: limits.patience) }
      await group.next()
      group.cancelAll()
    }
  }

  // MARK: - Comparisons

  /// Begins to compare both sides of a mapping.
  package func verify(
    _ name: String, actor: String, reason: String
  ) async throws -> DataVerification {
    _ = try find(name, in: try await look())
    if let other = verifications.values.first(where: { $0.state == .running }) {
      throw DataRefusal.busy(
        "A comparison of \(other.mapping) is under way, and one is made at a time: "
          + "GET /data/\(other.mapping)/verify says how far.")
    }
    let verification = DataVerification(
      mapping: name, actor: actor, reason: reason, startedAt: now)
    verifications[name] = verification
    let rows = RowCount()
    rowsRead = rows
    Task { await compare(name, rows) }
    return verification
  }

  private func compare(_ name: String, _ rows: RowCount) async {
    let result: Result<DataComparison, any Error>
    do {
      result = .success(try await compareInTime(name, rows))
    } catch {
      result = .failure(error)
    }
    guard var verification = verifications[name] else { return }
    verification.rowsRead = rows.value
    verification.endedAt = now
    rowsRead = nil
    forget()
    switch result {
    case .success(let found):
      verification.state = found.isEqual ? .equal : .different
      verification.found = found
    case .failure(let error):
      verification.state = .failed
      verification.failure = Self.text(error)
    }
    verifications[name] = verification
  }

  private nonisolated func compareInTime(
    _ name: String, _ rows: RowCount
  ) async throws -> DataComparison {
    try await withThrowingTaskGroup(of: DataComparison.self) { group in
      group.addTask { [mover] in
        try await mover.verify(name) { rows.add($0) }
      }
      group.addTask { [limits] in
        try await Task.sleep(for: limits.comparison)
        throw DataRefusal.unusable(
          "it took longer than \(limits.comparison.components.seconds) s and was given up; "
            + "strangler data verify --live takes its time")
      }
      defer { group.cancelAll() }
      guard let found = try await group.next() else { throw CancellationError() }
      return found
    }
  }

  private func current(_ verification: DataVerification) -> DataVerification {
    guard verification.state == .running, let rowsRead else { return verification }
    var verification = verification
    verification.rowsRead = rowsRead.value
    return verification
  }

  private var now: String { Timestamp.text(unixMilliseconds()) }

  private static func text(_ error: any Error) -> String {
    (error as? DataRefusal)?.text ?? "\(error)"
  }
}

extension DataRefusal {
  /// A sentence.
  var text: String {
    switch self {
    case .unknownMapping(let name, let known):
      "There is no mapping \"\(name)\". There are: \(known.joined(separator: ", "))."
    case .unfit(let text), .busy(let text), .unusable(let text): text
    }
  }
}

/// Rows that were read, counted from any thread.
private final class RowCount: Sendable {
  private let count = Mutex(0)

  func add(_ rows: Int) { count.withLock { $0 += rows } }
  var value: Int { count.withLock(\.self) }
}
