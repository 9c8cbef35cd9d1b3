// SPDX-License-Identifier: Apache-2.0

internal import DataMapping
internal import Synchronization

/// Runs a service's reads and writes of a mapping's rows on the side that they belong to now, while
/// `strangler data advance` and `retreat` move that from legacy to the new side and back.
///
/// ```swift
/// let router = DualWriteRouter(
///   mapping: "orders", legacy: .sqlite(legacy), new: .postgreSQL(database))
/// let placed = try await router.write(
///   legacy: .sqlite(legacy) { db in
///     try db.execute(sql: "UPDATE orders SET status = 'shipped' WHERE id = 42")
///   },
///   new: .postgreSQL(database) { transaction in
///     try await transaction.query("UPDATE purchases SET state = 'sent' WHERE number = 42")
///   })
/// let order = try await router.read(
///   after: placed.token, legacy: .sqlite(legacy) { try Order.legacy($0, 42) },
///   new: .postgreSQL(database) { try await Order.new($0, 42) })
/// ```
///
/// A write happens on one side, in one transaction, which also notes that the row changed; what was
/// noted is carried over to the other side by `strangler data follow`, or by the next step of the
/// migration. There is no second write that could fail. Which side takes writes is asked in that
/// very transaction, so a service that knows nothing of a change of sides yet writes nothing wrong.
public final class DualWriteRouter: Sendable {
  /// Times and shares.
  public struct Configuration: Sendable {
    /// How long a write is tried again while a change of sides is under way.
    public var patience = Duration.seconds(2)
    /// How long what was read of the migration's state is good for reads.
    public var freshness = Duration.seconds(1)
    /// Every how many reads both sides are read and compared while the new side follows and is not
    /// read yet; 0 for never.
    public var comparesEvery = 20

    /// Creates a configuration with the defaults above.
    public init() {}
  }

  /// Says which write a later read has to see, in this process or, as a text, in another one: send
  /// it along with the answer, such as in a header, and take it from the next request.
  ///
  /// ```swift
  /// response.headers["x-written"] = "\(placed.token)"
  /// let token = request.headers["x-written"].flatMap(DualWriteRouter.WriteToken.init)
  /// ```
  public struct WriteToken: Sendable, Hashable, CustomStringConvertible, LosslessStringConvertible {
    let side: Doubt.Side
    let note: Int64

    init(side: Doubt.Side, note: Int64) { (self.side, self.note) = (side, note) }

    /// The token that a text such as `legacy-17` is; nil for any other text. It says nothing of who
    /// may read what: whoever makes one up sees what a read without one would show a moment later.
    public init?(_ description: String) {
      let parts = description.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let side = Doubt.Side(rawValue: String(parts[0])),
        parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let note = Int64(parts[1])
      else { return nil }
      self.init(side: side, note: note)
    }

    /// `legacy-17`.
    public var description: String { "\(side.rawValue)-\(note)" }
  }

  /// What a write gave, with its token.
  public struct Written<Value: Sendable>: Sendable {
    /// What the work returned.
    public let value: Value
    /// For reads that have to see the write.
    public let token: WriteToken
  }

  /// What came of reads that were compared.
  public struct Comparisons: Sendable, Hashable {
    /// Both sides gave the same.
    public internal(set) var equal = 0
    /// They did not, while changes were on their way.
    public internal(set) var underWay = 0
    /// They did not, though nothing was on its way.
    public internal(set) var different = 0

    /// All of them.
    public var made: Int { equal + underWay + different }
  }

  private struct State {
    var migration: Migration?
    var readAt: ContinuousClock.Instant?
    var reads = 0
    var comparisons = Comparisons()
  }

  private let statements: RouterStatements
  private let legacy: RoutedStore
  private let new: RoutedStore
  private let configuration: Configuration
  private let state = Mutex(State())

  /// Creates a router; nothing is asked before the first work.
  ///
  /// - Parameters:
  ///   - mapping: its name in the section `data` of the configuration.
  ///   - legacy: where legacy's table is.
  ///   - new: where the new table is.
  ///   - configuration: times and shares.
  public init(
    mapping: String, legacy: RoutedStore, new: RoutedStore,
    configuration: Configuration = Configuration()
  ) {
    statements = RouterStatements(mapping)
    self.legacy = legacy
    self.new = new
    self.configuration = configuration
  }

  /// What came of reads that were compared since this router was made.
  public var comparisons: Comparisons { state.withLock(\.comparisons) }

  // MARK: - State

  private func store(_ side: Doubt.Side) -> RoutedStore { side == .legacy ? legacy : new }

  private func migration(fresh: Bool) async throws -> Migration {
    let now = ContinuousClock.now
    let known: Migration? = state.withLock { state in
      guard !fresh, let at = state.readAt, now - at < configuration.freshness else { return nil }
      return state.migration
    }
    if let known { return known }
    let isThere = try await new.ask(statements.hasMigrations(new.kind)).first?.first == "1"
    let rows = isThere ? try await new.ask(statements.migration(new.kind)) : []
    guard let found = MigrationTables(new.kind).migration(statements.mapping, rows) else {
      throw DualWriteError(
        code: .unreadable,
        message: "what \(MigrationTables.table) says of \(statements.mapping) cannot be read")
    }
    state.withLock { state in (state.migration, state.readAt) = (found, now) }
    return found
  }

  // MARK: - Writing

  /// Runs one of both, on the side that takes writes.
  ///
  /// - Throws: what the work throws, or `DualWriteError` with the code `paused` when neither side
  ///   took it within `Configuration.patience`; nothing was written then.
  public func write<Value: Sendable>(
    legacy: RoutedWork<Value>, new: RoutedWork<Value>
  ) async throws -> Written<Value> {
    let deadline = ContinuousClock.now + configuration.patience
    let known = try await migration(fresh: false)
    var side = known.isSettled ? known.target.owner : known.state.owner
    var wait = Duration.milliseconds(1)
    while true {
      do {
        let work = side == .legacy ? legacy : new
        let done = try await work.run(Admission(side: side, statements: statements))
        return Written(value: done.value, token: WriteToken(side: side, note: done.note))
      } catch  where Admission.isRefusal(error) {
        guard ContinuousClock.now < deadline else {
          throw DualWriteError(
            code: .paused,
            message: "\(statements.mapping): a change of sides is under way, so neither side took "
              + "the write within \(configuration.patience); nothing was written, try again")
        }
      }
      try await Task.sleep(for: wait)
      let found = try await migration(fresh: true)
      // On the way from side to side nobody knows from outside which one it is.
      side = found.isSettled ? found.target.owner : side.other
      wait = min(wait * 2, .milliseconds(20))
    }
  }

  // MARK: - Reading

  /// Runs one of both, on the side that answers reads.
  ///
  /// - Parameters:
  ///   - token: of a write that the read has to see; where it did not arrive on the side that
  ///     answers reads, the other side is read.
  ///   - legacy: what reads from legacy's table.
  ///   - new: what reads the same from the new one.
  ///   - isEqual: compares what both sides gave, for some of the reads while the new side follows
  ///     and is not read yet; nil for no comparison. What the caller gets is legacy's.
  /// - Throws: what the work throws, or `DualWriteError`. What goes wrong with a comparison harms
  ///   nobody.
  public func read<Value: Sendable>(
    after token: WriteToken? = nil, legacy: RoutedWork<Value>, new: RoutedWork<Value>,
    comparing isEqual: (@Sendable (Value, Value) -> Bool)? = nil
  ) async throws -> Value {
    var migration = try await migration(fresh: false)
    // What is known of the state may be older than the write, which another process made.
    if let token, token.side != migration.state.reads {
      migration = try await self.migration(fresh: true)
    }
    var side = migration.state.reads
    if let token, side == .new, token.side == .legacy, token.note > 0,
      try await isWaiting(.legacy, upTo: token.note)
    {
      side = .legacy
    }
    let value = try await (side == .legacy ? legacy : new).run(nil).value
    if let isEqual, migration.state == .legacyReads, isTurn() {
      try? await compare(value, legacy, new, isEqual)
    }
    return value
  }

  private func isWaiting(_ side: Doubt.Side, upTo note: Int64) async throws -> Bool {
    let store = store(side)
    return Admission.number(
      try await store.ask(statements.waits(side, store.kind, upTo: note))) > 0
  }

  private func isTurn() -> Bool {
    guard configuration.comparesEvery > 0 else { return false }
    return state.withLock { state in
      state.reads += 1
      return state.reads % configuration.comparesEvery == 0
    }
  }

  /// Rows that are on their way differ and are no difference: it counts what differs when nothing
  /// is, and legacy's did not change meanwhile.
  private func compare<Value: Sendable>(
    _ value: Value, _ legacy: RoutedWork<Value>, _ new: RoutedWork<Value>,
    _ isEqual: @Sendable (Value, Value) -> Bool
  ) async throws {
    if isEqual(value, try await new.run(nil).value) {
      return state.withLock { $0.comparisons.equal += 1 }
    }
    let before = try await legacy.run(nil).value
    let isQuiet = try await !isWaiting(.legacy, upTo: .max)
    let followed = try await new.run(nil).value
    let after = try await legacy.run(nil).value
    let isDifferent = isQuiet && isEqual(before, after) && !isEqual(before, followed)
    state.withLock { state in
      if isDifferent {
        state.comparisons.different += 1
      } else {
        state.comparisons.underWay += 1
      }
    }
  }
}
