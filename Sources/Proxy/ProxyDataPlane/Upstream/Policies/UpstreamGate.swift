// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import ResiliencePolicies
import RoutingDecisions

/// Where one worker's requests get their place at one upstream: breaker, limits, line, and the
/// choice of an endpoint.
final class UpstreamGate {
  /// What the choice depends on.
  struct Request {
    /// Hash of what requests are to be kept together by.
    var key: UInt64
    /// Somebody else can answer the request.
    var isReplaceable: Bool
    /// An endpoint that failed the request before.
    var avoided: EndpointSeat?
  }

  enum Answer {
    case place(Place)
    /// In line, for so many milliseconds at most.
    case line(milliseconds: UInt64)
    case refused(UpstreamFailure)
  }

  /// What a request holds while it is under way.
  struct Place {
    /// Not counted: the gate keeps a seat for as long as a request is under way there.
    fileprivate let uncountedSeat: Unmanaged<EndpointSeat>
    let pass: CircuitBreaker.Pass

    fileprivate init(_ seat: Unmanaged<EndpointSeat>, _ pass: CircuitBreaker.Pass) {
      uncountedSeat = seat
      self.pass = pass
    }

    fileprivate init(_ place: Place, _ pass: CircuitBreaker.Pass) {
      uncountedSeat = place.uncountedSeat
      self.pass = pass
    }

    var seat: EndpointSeat { uncountedSeat.takeUnretainedValue() }

    /// A seat that is given up during the call lives on as well: seats are freed on ticks alone.
    @inline(__always)
    func withSeat(_ body: (EndpointSeat) -> Void) { uncountedSeat._withUnsafeGuaranteedRef(body) }
  }

  /// What a request's end says about the upstream.
  enum Outcome {
    case success
    /// `isFinal`: the request is not tried once more on the same side.
    case failure(isFinal: Bool)
    /// Nothing.
    case none
  }

  let shared: SharedUpstream
  let rules: RetryRules
  let perTry: UInt64
  let speaksHTTP2: Bool
  @exclusivity(unchecked) private(set) var seats: [EndpointSeat] = []
  @exclusivity(unchecked) private var version: UInt64 = 0
  @exclusivity(unchecked) private var passesAll = true
  @exclusivity(unchecked) private var generation: UInt32 = 0
  private var refusesUntil: UInt64 = 0
  /// When time was last looked at for the state that all workers share.
  private var advancedAt: UInt64 = 0
  private var isPanicking = false
  private var panicTurn = 0
  private var slots: [EndpointSeat?] = []
  private var retired: [EndpointSeat] = []
  @exclusivity(unchecked) private var balancer: LoadBalancer
  @exclusivity(unchecked) private var budget: RetryBudget
  /// Counted for all workers; nil without a limit.
  private let places: SharedPlaces?
  private let queueWait: UInt64
  private var line = WaitingLine<QueueTicket>()
  @exclusivity(unchecked) private var batch = UpstreamBatch()
  @exclusivity(unchecked) private var routes = RouteSuccesses()
  @exclusivity(unchecked) private var isDirty = false
  private unowned let context: WorkerContext
  private let workspace: ExchangeWorkspace
  private let capacity: Int

  init(_ shared: SharedUpstream, _ context: WorkerContext) {
    self.shared = shared
    self.context = context
    workspace = context.workspace
    let policies = shared.policies
    rules = policies.retries
    perTry = policies.retries.perTry?.milliseconds ?? 0
    speaksHTTP2 = shared.speaksHTTP2
    balancer = LoadBalancer(policies.balance)
    budget = RetryBudget(policies.retries)
    places = shared.bulkhead
    queueWait = policies.bulkhead?.wait.milliseconds ?? 0
    let limits = context.limits
    let perConnection = speaksHTTP2 ? limits.upstreamStreams : 1
    capacity = limits.upstreamConnections * perConnection + limits.upstreamQueue
    refresh()
  }

  private var now: UInt64 { workspace.now }

  /// `open`, or `half-open` while some requests pass; nil while all do.
  var breakerState: StaticString? {
    if passesAll { return nil }
    return now < refusesUntil ? "open" : "half-open"
  }

  /// Gives the slots of endpoints that are gone to others, as soon as `isUnused` says that no
  /// connection is left.
  func freeRetired(_ isUnused: (EndpointSeat) -> Bool) {
    if retired.isEmpty { return }
    retired.removeAll { seat in
      guard isUnused(seat), seat.load == 0 else { return false }
      slots[seat.slot] = nil
      return true
    }
  }
}

// MARK: - Places

extension UpstreamGate {
  /// A request that is not a retry came.
  func deposit() { budget.deposit(at: now) }

  /// Takes a retry out of the budget; false when it is used up.
  func withdrawRetry() -> Bool {
    if budget.withdraw(at: now) { return true }
    batch.budgetExhausted += 1
    isDirty = true
    return false
  }

  /// Asks for a place.
  func enter(_ request: Request) -> Answer {
    if shared.hasClockwork, now > advancedAt {
      advancedAt = now
      shared.advance(to: now)
    }
    if shared.version != version { refresh() }
    if !passesAll, now < refusesUntil { return refuseOpen() }
    if let places, !line.isEmpty || !places.enter() { return comeToLine(of: places) }
    return take(request)
  }

  private func comeToLine(of places: SharedPlaces) -> Answer {
    isDirty = true
    if !places.lineIsFull {
      if line.isEmpty { beginLine(of: places) }
      if places.stand() {
        batch.waiting += 1
        return .line(milliseconds: queueWait)
      }
      if line.isEmpty { places.end(ObjectIdentifier(self)) }
    }
    batch.overloaded += 1
    return .refused(.overloaded)
  }

  private func beginLine(of places: SharedPlaces) {
    let gate = Confined(self)
    places.begin(ObjectIdentifier(self)) { [eventLoop = context.eventLoop] in
      eventLoop.execute { gate.value.receivePlace() }
    }
  }

  /// A request that waited has its place; the rest is as for one that did not wait.
  func enterGranted(_ request: Request) -> Answer {
    if shared.version != version { refresh() }
    return take(request)
  }

  private func take(_ request: Request) -> Answer {
    var pass = CircuitBreaker.Pass(generation: generation, isProbe: false)
    if !passesAll {
      let admission = shared.admit(
        at: now, isReplaceable: request.isReplaceable, draw: context.draw())
      guard case .passed(let granted) = admission else {
        givePlaceBack()
        return refuseOpen()
      }
      pass = granted
    }
    guard let seat = chooseSeat(request) else {
      if pass.isProbe { shared.abandoned(pass) }
      givePlaceBack()
      let isFull = seats.contains { $0.isWell }
      return .refused(isFull ? .connectionLimit : .noEndpoint)
    }
    seat._withUnsafeGuaranteedRef { $0.load &+= 1 }
    batch.inFlight &+= 1
    isDirty = true
    return .place(Place(seat, pass))
  }

  private func refuseOpen() -> Answer {
    batch.refused += 1
    isDirty = true
    return .refused(.circuitOpen)
  }

  /// Not counted: `seats` keeps what is chosen here.
  private func chooseSeat(_ request: Request) -> Unmanaged<EndpointSeat>? {
    if seats.count == 1 {
      // Its pool says itself when it is full.
      return seats[0].isWell || (isPanicking && !request.isReplaceable)
        ? .passUnretained(seats[0]) : nil
    }
    if isPanicking, !request.isReplaceable { return panicSeat().map { .passUnretained($0) } }
    let avoided = request.avoided.flatMap { avoided in seats.firstIndex { $0 === avoided } }
    return balancer.pick(seats, key: request.key, avoiding: avoided).map {
      .passUnretained(seats[$0])
    }
  }

  /// Too few are well for health to mean anything: all of them take turns.
  private func panicSeat() -> EndpointSeat? {
    if seats.isEmpty { return nil }
    panicTurn = (panicTurn + 1) % seats.count
    return seats[panicTurn]
  }

  /// The request is over at this upstream; `route` is its route's number.
  func leave(_ place: Place, _ outcome: Outcome, route: Int) {
    place.uncountedSeat._withUnsafeGuaranteedRef { $0.load &-= 1 }
    batch.inFlight &-= 1
    isDirty = true
    tell(outcome, of: place, route)
    if places != nil { givePlaceBack() }
  }

  /// The request got an answer, and is still under way.
  func answered(_ place: Place, _ outcome: Outcome, route: Int) -> Place {
    tell(outcome, of: place, route)
    if !place.pass.isProbe { return place }
    let told = CircuitBreaker.Pass(generation: place.pass.generation, isProbe: false)
    return Place(place, told)
  }

  private func tell(_ outcome: Outcome, of place: Place, _ route: Int) {
    let pass = place.pass
    switch outcome {
    case .success:
      routes.add(route)
      isDirty = true
      if shared.needsAttention || pass.isProbe {
        shared.succeeded(pass, at: place.seat.address, at: now)
      } else {
        place.uncountedSeat._withUnsafeGuaranteedRef { $0.untold &+= 1 }
      }
    case .failure(let isFinal):
      shared.failed(isFinal ? pass : nil, at: place.seat.address, at: now, route: route)
      if !isFinal, pass.isProbe { shared.abandoned(pass) }
    case .none: if pass.isProbe { shared.abandoned(pass) }
    }
  }
}

// MARK: - The line

/// A request that waits for a place.
final class QueueTicket: Waiter {
  enum State {
    case waiting
    /// The place is its own.
    case granted
    case over
  }

  fileprivate(set) var state = State.waiting
  fileprivate let resume: () -> Void

  var isWaiting: Bool { state == .waiting }

  fileprivate init(_ resume: @escaping () -> Void) { self.resume = resume }
}

extension UpstreamGate {
  /// Stands in line after `enter` said so; `resume` is called on the loop once there is a place.
  func stand(_ resume: @escaping () -> Void) -> QueueTicket {
    let ticket = QueueTicket(resume)
    line.append(ticket)
    // A place that was given back since nobody stood here waits for nobody.
    if places?.take() == true { receivePlace() }
    return ticket
  }

  /// The request uses the place that it got, or gives up the wait or the place.
  func settle(_ ticket: QueueTicket, usesPlace: Bool, timedOut: Bool = false) {
    let state = ticket.state
    ticket.state = .over
    switch state {
    case .waiting:
      line.noteWithdrawal()
      steppedOut()
      if timedOut { batch.queueTimeouts += 1 }
    case .granted: if !usesPlace { givePlaceBack() }
    case .over: break
    }
  }

  /// One fewer stands in line.
  private func steppedOut() {
    places?.stepOut()
    if line.isEmpty { places?.end(ObjectIdentifier(self)) }
    batch.waiting -= 1
    isDirty = true
  }

  private func givePlaceBack() {
    if places?.leave(ObjectIdentifier(self)) == true { receivePlace() }
  }

  /// There is a place for the first in line. Nobody may stand there any more.
  private func receivePlace() {
    guard let first = line.next() else { return givePlaceBack() }
    first.state = .granted
    steppedOut()
    // This may happen in the middle of another request's work.
    context.execute(first.resume)
  }
}

// MARK: - Endpoints

extension UpstreamGate {
  private func refresh() {
    let view = shared.view()
    flush()
    version = view.version
    passesAll = view.passesAll
    refusesUntil = view.refusesUntil
    generation = view.generation
    let known = seats
    seats = view.endpoints.map { endpoint in
      guard let seat = known.first(where: { $0.address == endpoint.address }) else {
        return makeSeat(endpoint)
      }
      seat.isWell = endpoint.isUsable
      return seat
    }
    for seat in known where !seats.contains(where: { $0 === seat }) {
      seat.isRetired = true
      retired.append(seat)
    }
    let well = seats.count { $0.isWell }
    isPanicking = well * 100 < shared.policies.panicPercent * seats.count
  }

  private func makeSeat(_ endpoint: UpstreamView.Endpoint) -> EndpointSeat {
    let slot = slots.firstIndex { $0 == nil } ?? slots.count
    let seat = EndpointSeat(endpoint, slot: slot, capacity: capacity)
    if slot == slots.count { slots.append(seat) } else { slots[slot] = seat }
    return seat
  }

  /// Something waits to be handed over.
  var isUnflushed: Bool { isDirty }

  /// Hands over what was counted.
  func flush() {
    if !isDirty { return }
    isDirty = false
    batch.generation = generation
    for seat in seats where seat.untold > 0 {
      batch.successes.append((seat.address, seat.untold))
      seat.untold = 0
    }
    batch.routes = routes.take()
    shared.take(batch, at: now)
    batch = UpstreamBatch()
  }
}
