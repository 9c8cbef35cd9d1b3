// SPDX-License-Identifier: Apache-2.0

import ContentCodings
import DequeModule
import HTTPExchange
import NIOCore
import NIOPosix
import RoutingDecisions
import ShadowComparison

/// Sends the shadows of one server and compares the answers, on a loop of its own: whatever a
/// shadow's upstream does takes no time of the loops that serve clients.
final class ShadowLane {
  /// Answers that are larger together are compared elsewhere, so that others need not wait.
  private static let mostComparedHere = 16 << 10

  private let live: LiveShadow
  private let context: WorkerContext
  private let ledger: (any ShadowLedger)?
  private let subrequests: Subrequests
  private let elsewhere = NIOThreadPool(numberOfThreads: 1)
  /// Jobs that wait for a place among those of their route.
  private var waiting: [ObjectIdentifier: Waiting] = [:]
  private(set) var isAwake = false
  private var isStopped = false
  private var lateness = LaneLateness()

  private struct Waiting {
    let route: ShadowRoute
    var jobs = Deque<(job: ShadowJob, since: UInt64)>()
    var inFlight = 0
  }

  /// `subrequests`: what carries questions on this loop.
  init(
    _ live: LiveShadow, _ context: WorkerContext, ledger: (any ShadowLedger)?,
    _ subrequests: Subrequests
  ) {
    self.live = live
    self.context = context
    self.ledger = ledger
    self.subrequests = subrequests
    elsewhere.start()
    elsewhere.submit { _ in ShadowPriority.lower() }
  }

  private var now: UInt64 { context.workspace.now }

  // MARK: - Taking jobs

  /// Looks for jobs and at deadlines; the loop calls it with each tick while it is awake.
  func tick() {
    if isAwake { lateness.look(at: now) }
    subrequests.tick()
    look()
  }

  func look() {
    if isStopped { return }
    let jobs = live.take(mayRest: waiting.isEmpty)
    isAwake = !jobs.isEmpty || !waiting.isEmpty
    if !isAwake { lateness.rest() }
    for job in jobs {
      let key = ObjectIdentifier(job.route)
      waiting[key, default: Waiting(route: job.route)].jobs.append((job, now))
    }
    for key in Array(waiting.keys) { begin(key) }
  }

  /// Begins as many of a route's jobs as may be under way.
  private func begin(_ key: ObjectIdentifier) {
    while let route = waiting[key]?.route, let first = waiting[key]?.jobs.first {
      let isTooLate = now > first.since &+ route.deadline
      guard isTooLate || waiting[key]?.inFlight ?? 0 < route.configuration.inFlight else { return }
      waiting[key]?.jobs.removeFirst()
      if !isTooLate { waiting[key]?.inFlight += 1 }
      route.counts.change { tally in
        tally.waiting -= 1
        if isTooLate {
          tally.drops[.deadline, default: 0] += 1
        } else {
          tally.inFlight += 1
        }
      }
      if !isTooLate { ask(first.job) }
    }
    if let left = waiting[key], left.jobs.isEmpty, left.inFlight == 0 { waiting[key] = nil }
  }

  /// The job is over.
  private func finish(_ job: ShadowJob) {
    job.route.counts.change { $0.inFlight -= 1 }
    let key = ObjectIdentifier(job.route)
    waiting[key]?.inFlight -= 1
    begin(key)
  }

  // MARK: - Asking

  private func ask(_ job: ShadowJob) {
    let route = job.route
    let purpose: ShadowRequest.Purpose = route.compares ? .compare : .mirror
    let question = ShadowQuestion(
      head: job.request.markedHead(purpose, key: context.draw(), without: route.withheld),
      purpose: purpose, original: job.request,
      upstream: route.upstreams.extracted, route: route, hold: job.hold, deadline: route.deadline,
      keepsAnswer: route.compares)
    send(question) { [unowned self] reply, microseconds in
      answered(job, reply, microseconds)
    }
  }

  private func send(
    _ question: ShadowQuestion, then: @escaping (ShadowReply, _ microseconds: Int) -> Void
  ) {
    let lateBefore = lateness.milliseconds(at: now)
    let asker = ShadowAsker(question) { [unowned self] reply, microseconds in
      if isStopped { return }
      guard case .answer(.failure) = reply,
        lateness.excuses(since: lateBefore, at: now, deadline: question.deadline)
      else { return then(reply, microseconds) }
      then(.dropped(.proxyLate), microseconds)
    }
    subrequests.ask(question.subrequest, for: asker)
  }

  private func answered(_ job: ShadowJob, _ reply: ShadowReply, _ microseconds: Int) {
    switch reply {
    case .dropped(let reason):
      job.route.drop(reason)
      if reason == .breakerOpen { job.route.counts.rest(from: WorkerContext.clock()) }
      finish(job)
    case .answer(let extracted):
      job.route.counts.change { tally in
        tally.sent += 1
        if case .failure(let failure) = extracted { tally.failures[failure, default: 0] += 1 }
      }
      guard job.route.compares else { return finish(job) }
      let times = AnswerTimes(legacy: job.microseconds, extracted: microseconds)
      let size = Self.size(.response(job.answer)) + Self.size(extracted)
      compute(size: size) { [ledger] in
        job.compare(with: extracted, times, ledger)
      } then: { [unowned self] verdict in
        switch verdict {
        case .settled: finish(job)
        case .dropped(let reason):
          job.route.drop(reason)
          finish(job)
        case .isOpen(let legacy, let extracted): askAgain(job, legacy, extracted)
        }
      }
    }
  }

  /// Tells noise from behaviour: what legacy itself answers differently says nothing.
  private func askAgain(
    _ job: ShadowJob, _ legacy: ComparedResponse, _ extracted: ComparedResponse
  ) {
    let route = job.route
    route.counts.change { $0.reasks += 1 }
    let question = ShadowQuestion(
      head: job.request.markedHead(.again, key: 0), purpose: .again, original: job.request,
      upstream: route.upstreams.legacy, route: route, hold: job.hold, deadline: route.deadline,
      keepsAnswer: true)
    send(question) { [unowned self] reply, _ in
      guard case .answer(.response(let again)) = reply, again.status < 500, let ledger else {
        job.staysOpen()
        return finish(job)
      }
      let size = Self.size(.response(legacy)) + Self.size(.response(again))
      compute(size: size) {
        job.compare(legacy, extracted, withLegacyAgain: again, ledger)
      } then: { [unowned self] in
        finish(job)
      }
    }
  }

  /// Compares here when that is quick, and elsewhere when it may not be.
  private func compute<Value: Sendable>(
    size: Int, _ body: @escaping @Sendable () -> Value, then: @escaping (Value) -> Void
  ) {
    if size <= Self.mostComparedHere { return then(body()) }
    let resume = Confined { [self] (value: Value) in
      if !isStopped { then(value) }
    }
    let loop = context.eventLoop
    elsewhere.submit { state in
      // The lane stops, and nobody waits for the answer.
      guard state == .active else { return }
      let value = body()
      loop.execute { resume.value(value) }
    }
  }

  private static func size(_ answer: SideAnswer) -> Int {
    guard case .response(let response) = answer, case .whole(let bytes) = response.body else {
      return 0
    }
    // How large a packed body is nobody knows yet.
    let isPacked = !bytes.isEmpty && AnswerDecoder.isPacked(response.headers)
    return isPacked ? mostComparedHere + 1 : bytes.count
  }

  // MARK: - The end

  /// Lets everything go.
  func stop() {
    isStopped = true
    isAwake = false
    subrequests.stop()
    waiting = [:]
    elsewhere.shutdownGracefully { _ in }
  }
}
