// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import ResiliencePolicies
package import ServiceCalls
internal import Synchronization

/// The gate that all calls of a client share, and those who wait in front of it.
package final class SharedGate: Sendable {
  private struct State {
    var gate: CallGate
    /// Of the entry's endpoints that the gate knows.
    var version: UInt64 = 0
    var lastTicket: UInt64 = 0
    /// Tickets that have a place and do not know it yet.
    var granted: Set<UInt64> = []
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let service: ServiceEntry
  private let logger: Logger?
  private let state: Mutex<State>

  package init(_ service: ServiceEntry, _ policy: ServiceCallPolicy, _ logger: Logger?) {
    self.service = service
    self.logger = logger
    state = Mutex(State(gate: CallGate(policy)))
  }

  /// Gets a place at an endpoint, now or after a wait in line.
  package func enter(
    _ request: CallGate.Request, deadline: UInt64, on clock: any CallClock
  ) async -> CallGate.Entry {
    let (ticket, entry) = perform { state in
      state.lastTicket += 1
      if let changes = service.changes(since: state.version) {
        state.version = changes.version
        state.gate.replace(ranked: changes.endpoints)
      }
      let ticket = state.lastTicket
      let entry = state.gate.enter(ticket, request, at: clock.now(), deadline: deadline)
      return (ticket, entry)
    }
    guard case .line(let until) = entry else { return entry }
    _ = try? await clock.within(until) { await self.wait(ticket) }
    return perform { state in
      if state.granted.remove(ticket) != nil {
        return state.gate.enterGranted(request, at: clock.now())
      }
      state.gate.withdraw(ticket)
      return .refused(Task.isCancelled ? .cancelled : .bulkheadFull)
    }
  }

  /// An attempt is over.
  package func leave(_ seat: CallGate.Seat, _ outcome: AttemptOutcome, at now: UInt64) {
    perform { $0.gate.leave(seat, outcome, at: now) }
  }

  /// What comes after an attempt.
  func next(
    after outcome: AttemptOutcome, of call: inout CallMachine, at now: UInt64, draw: UInt64
  ) -> CallMachine.Action {
    state.withLock { call.ended(outcome, at: now, draw: draw, budget: &$0.gate.budget) }
  }

  /// A call begins.
  func deposit(at now: UInt64) { state.withLock { $0.gate.budget.deposit(at: now) } }

  /// Returns when the ticket has a place, or the task is cancelled.
  private func wait(_ ticket: UInt64) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.granted.contains(ticket) || Task.isCancelled { return true }
          state.waiters[ticket] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume()
    }
  }

  /// Changes the state, and tells whom that concerns.
  private func perform<Result>(_ change: (inout State) -> Result) -> Result {
    let (result, woken, changes) = state.withLock { state in
      let result = change(&state)
      var woken: [CheckedContinuation<Void, Never>] = []
      var changes: [(ServiceEndpoint, CircuitBreaker.Change)] = []
      for effect in state.gate.takeEffects() {
        switch effect {
        case .granted(let ticket):
          state.granted.insert(ticket)
          if let waiter = state.waiters.removeValue(forKey: ticket) { woken.append(waiter) }
        case .breakerChanged(let endpoint, let change): changes.append((endpoint, change))
        }
      }
      return (result, woken, changes)
    }
    for waiter in woken { waiter.resume() }
    for (endpoint, change) in changes {
      logger?.notice(
        "Circuit breaker \(change.to.name)",
        metadata: ["service": "\(service.name)", "endpoint": "\(endpoint)"])
    }
    return result
  }
}
