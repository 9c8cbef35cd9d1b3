// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessageRelay
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// The processes of a run: each is started again whenever it ends, until its role is dismissed.
final class Fleet: Sendable {
  /// A process that ends so often by itself before it is up will not come up.
  private static let mostFailures = 15
  /// How long the next owner of a lease may take to show, milliseconds.
  private static let patience: Int64 = 5_000

  private struct State {
    var ledger = TortureLedger()
    var processes: [Seat: (life: Int, process: ChildProcess)] = [:]
    var dismissed: Set<TortureRole> = []
    /// When a process died that owned the lease, nanoseconds.
    var ownerDeaths: [Int64] = []
    /// How often an operator was called.
    var operators = 0
  }

  private let executable: URL
  private let arguments: [String]
  private let settings: TortureSettings
  private let stores: [TortureRole: String]
  private let brokers: [TortureRole: String]
  private let state = Mutex(State())
  private let changed = WakeSignal()

  /// - Parameters:
  ///   - stores: where each role finds the database.
  ///   - brokers: where each role finds the broker.
  init(
    executable: URL, arguments: [String], _ settings: TortureSettings,
    stores: [TortureRole: String], brokers: [TortureRole: String]
  ) {
    self.executable = executable
    self.arguments = arguments
    self.settings = settings
    self.stores = stores
    self.brokers = brokers
  }

  var ledger: TortureLedger { state.withLock(\.ledger) }
  var ownerDeaths: [Int64] { state.withLock(\.ownerDeaths) }

  /// How many transactions were committed, as far as their writers know.
  var committed: Int {
    state.withLock { $0.ledger.transactions.values.count { $0.outcome == .committed } }
  }

  /// How often something was sent.
  var sendings: Int { state.withLock { $0.ledger.sendings.count } }

  // MARK: - Keeping

  /// Keeps the process of a seat alive until its role is dismissed.
  ///
  /// - Throws: `TortureFailure` when it does not come up.
  func keep(_ seat: Seat) async throws {
    var failures = 0
    var life = 0
    while !Task.isCancelled, !isDismissed(seat.role) {
      let process = try launch(seat, life: life)
      await withTaskCancellationHandler {
        // A task of its own is not cancelled with the caller, who leaves no process behind.
        await Task { await process.ended() }.value
      } onCancel: {
        process.signal(SIGKILL)
      }
      bury(seat, life)
      process.close()
      life += 1
      if Task.isCancelled { return }
      if process.wasKilled || isDismissed(seat.role) {
        failures = 0
        continue
      }
      failures += 1
      guard failures < Self.mostFailures else {
        let notes = ledger.notes.suffix(3).joined(separator: "; ")
        throw TortureFailure("\(seat) ends again and again with \(process.status): \(notes)")
      }
      try? await Task.sleep(for: .milliseconds(100))
    }
  }

  private func launch(
    _ seat: Seat, life: Int, crash: CrashPoint? = nil
  ) throws -> ChildProcess {
    let assignment = TortureAssignment(
      settings: settings, seat: seat, life: life, store: stores[seat.role] ?? "",
      broker: brokers[seat.role] ?? "", crash: crash)
    let process = try ChildProcess(executable, arguments, assignment) { [weak self] record in
      self?.take(record, from: seat, life: life)
    }
    let isLate = state.withLock { state in
      state.processes[seat] = (life, process)
      return state.dismissed.contains(seat.role)
    }
    if isLate { process.signal(SIGKILL) }
    changed.raise()
    return process
  }

  private func take(_ record: TortureRecord, from seat: Seat, life: Int) {
    state.withLock { $0.ledger.add(record, from: seat, life: life) }
    if case .owns = record { changed.raise() }
  }

  private func bury(_ seat: Seat, _ life: Int) {
    state.withLock { state in
      state.processes[seat] = nil
      if let owner = state.ledger.owner, owner.seat == seat, owner.life == life {
        state.ownerDeaths.append(ChildVoice.now())
      }
    }
    changed.raise()
  }

  private func isDismissed(_ role: TortureRole) -> Bool {
    state.withLock { $0.dismissed.contains(role) }
  }

  // MARK: - Choosing

  /// The process of a role that a strike means: of relays the one that owns the lease.
  func process(of role: TortureRole, index: Int) async -> (seat: Seat, process: ChildProcess)? {
    let seats = settings.seats.filter { $0.role == role }
    guard !seats.isEmpty else { return nil }
    let clock = SystemMessagingClock()
    let deadline = clock.now() + Self.patience
    while !Task.isCancelled {
      let seen = changed.generation
      let found = state.withLock { state in
        role == .relay || role == .node
          ? Self.owner(state) : Self.living(seats[index % seats.count], state)
      }
      if let found { return found }
      let left = deadline - clock.now()
      if left <= 0 { break }
      _ = await clock.wait(milliseconds: left, or: [(changed, seen)])
    }
    return state.withLock { Self.first(of: seats, $0) }
  }

  /// One of a role that does not own the lease.
  func standby(of role: TortureRole) -> (seat: Seat, process: ChildProcess)? {
    state.withLock { state in
      let owner = Self.owner(state)?.seat
      return Self.first(of: settings.seats.filter { $0.role == role && $0 != owner }, state)
    }
  }

  /// All of a role that live at the moment.
  func processes(of role: TortureRole) -> [ChildProcess] {
    state.withLock { $0.processes.filter { $0.key.role == role }.map { $0.value.process } }
  }

  private static func owner(_ state: State) -> (seat: Seat, process: ChildProcess)? {
    guard let owner = state.ledger.owner, let living = state.processes[owner.seat],
      living.life == owner.life
    else { return nil }
    return (owner.seat, living.process)
  }

  private static func first(
    of seats: [Seat], _ state: State
  ) -> (seat: Seat, process: ChildProcess)? {
    for seat in seats {
      if let found = living(seat, state) { return found }
    }
    return nil
  }

  private static func living(
    _ seat: Seat, _ state: State
  ) -> (seat: Seat, process: ChildProcess)? {
    state.processes[seat].map { (seat, $0.process) }
  }

  // MARK: - Operators

  /// Lets an operator replay what is a dead letter by then, and returns when the process has ended.
  ///
  /// - Parameter point: where it kills itself; nil for nowhere.
  /// - Returns: whether it did that, or ended in good order where it was told nothing.
  /// - Throws: `TortureFailure` when it cannot be started, `CancellationError`.
  func replay(dyingAt point: CrashPoint? = nil) async throws -> Bool {
    let seat = Seat(role: .operator, index: 0)
    let life = state.withLock { state in
      state.operators += 1
      return state.operators
    }
    let process = try launch(seat, life: life, crash: point)
    let isInTime = await withTaskCancellationHandler {
      let isInTime = await process.ended(withinMilliseconds: Self.patience)
      if !isInTime { process.signal(SIGKILL) }
      await Task { await process.ended() }.value
      return isInTime
    } onCancel: {
      process.signal(SIGKILL)
    }
    bury(seat, life)
    process.close()
    try Task.checkCancellation()
    guard point == nil else { return isInTime && process.wasKilled }
    return isInTime && !process.wasKilled && process.status == 0
  }

  // MARK: - Ending

  /// Lets the processes of a role end by themselves, and ends those that do not in time.
  func dismiss(_ role: TortureRole, withinMilliseconds limit: Int64) async {
    state.withLock { _ = $0.dismissed.insert(role) }
    let processes = processes(of: role)
    for process in processes { process.order(.finish) }
    for process in processes {
      if await process.ended(withinMilliseconds: limit) { continue }
      process.signal(SIGKILL)
    }
    for process in processes { await process.ended() }
  }

  /// Ends all at once.
  func end() {
    let processes = state.withLock { state in
      state.dismissed = Set(TortureRole.allCases)
      return state.processes.values.map(\.process)
    }
    for process in processes { process.signal(SIGKILL) }
  }
}
