// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// What goes out to the client.
extension ExchangePump {
  /// The upstream switched to another protocol: for the counters the request is answered.
  func beginTunnel(_ link: Link) {
    writeResponseHead(link)
    link.consume(workspace.response.length)
    flush()
    noteAnswer(status: 101)
    account(status: 101)
    // The client may have sent bytes of that protocol already.
    resumeClient()
  }

  func completeResponse(_ link: Link) {
    let completion = exchange.completeResponse(leftover: link.receivedCount, workspace)
    leavePlace(.none)
    account(status: record.status)
    flush()
    if record.shadow != nil { submitShadow() }
    leaveUpstream(isReusable: completion.keepsUpstream)
    proceed(completion.client)
  }

  /// The body ended with the upstream's close.
  func completeByClose(_ link: Link) {
    writeResponseEnd()
    completeResponse(link)
  }

  /// Answers a request that got no answer of an upstream.
  func refuse(_ problem: Problem) {
    if case .rejected(let rejection) = problem {
      counters.rejected(reason: Int(rejection.rawValue))
    }
    answer(problem)
  }

  /// Answers in place of an upstream.
  func answer(_ problem: Problem) {
    if exchange.hasInputEnded { exchange.holdsInput = hasReceived }
    let isRouted = exchange.isActive
    let upstream = isRouted ? context.upstreamName(currentUpstream) : nil
    // Letting go of an upstream may serve another client at once, who writes into the same buffer.
    flush()
    leavePlace(.none)
    dropUpstream()
    let plan = exchange.answer(problem, workspace)
    if !isRouted { beginUnrouted() }
    record.observed?.reason = problem.reason
    writeAnswer(problem, upstream: upstream, plan)
    flush()
    account(status: problem.status)
    if record.shadow != nil { submitShadow() }
    proceed(plan.sequel)
  }

  /// A request that no route took, or whose head could not be read.
  private func beginUnrouted() {
    let read = record.observed
    record.begin(at: WorkerContext.clock())
    record.observed =
      read
      ?? context.observer.flatMap { observer in
        withClientAddress { observer.beginUnread(client: $0) }
      }
  }

  func account(status: Int) {
    let now = WorkerContext.clock()
    if !record.isSubrequest {
      context.count {
        $0.requestFinished(
          route: record.decision.routeIndex,
          side: exchange.marks.fellBack ? .legacy : record.decision.side, status: status,
          nanoseconds: now > record.startedAt ? now &- record.startedAt : 0)
      }
    }
    if record.watched != nil { judge(status, now) }
    if let observed = record.observed { report(observed, status, now) }
    if record.shadow != nil { endShadow(now) }
    record.status = 0
  }

  /// Tells the gates of the route's cutover. An answer by legacy in place of an extracted side that
  /// was asked is a failure of the latter, whatever the client got.
  private func judge(_ status: Int, _ now: UInt64) {
    guard let watched = record.watched else { return }
    record.watched = nil
    let hasFailed = status >= 500 || exchange.marks.fellBack || record.isCutByUpstream
    context.watch.end(
      watched, status == 0 && !hasFailed ? .abandoned : hasFailed ? .failed : .succeeded, at: now)
  }

  private func report(_ observed: ObservedRequest, _ status: Int, _ now: UInt64) {
    record.observed = nil
    let decision = record.decision
    let side = exchange.fellBack ? Side.legacy : decision.side
    context.observer?.finish(
      observed,
      ExchangeSummary(
        route: context.routeName(decision.routeIndex), side: side.name, bucket: decision.bucket,
        upstream: context.upstreamName(currentUpstream), fellBack: exchange.fellBack,
        breaker: decision.upstream < 0 ? nil : context.gates[decision.upstream].breakerState,
        status: status, startedAt: record.startedAt, endedAt: now))
  }
}
