// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions
import ShadowComparison

/// Copying what goes by for a route's shadow. None of it is reached for a request that has none.
extension ExchangePump {
  /// The shadow that gets a copy of the request in the workspace; nil when none is due.
  @inline(never)
  func chooseShadow(_ view: RequestView) -> ShadowRoute? {
    guard let route = context.shadowRoute(record.decision.routeIndex) else { return nil }
    let now = record.startedAt
    let verdict = route.sampling.verdict(
      on: view, isSafe: workspace.request.facts.isSafe,
      offersUpgrade: workspace.requestOffersUpgrade)
    // What is never taken is counted whole, what may be by the share that would have been.
    if verdict == .write {
      route.drop(.unsafeMethod)
      return nil
    }
    guard route.takes(verdict, now: now, draw: context.draw) else { return nil }
    guard let reason = route.reasonAgainst(now: now) else { return route }
    route.drop(reason)
    return nil
  }

  /// `head`: what legacy gets, of so many bytes.
  @inline(never)
  func beginShadow(_ route: ShadowRoute, _ head: UnsafeRawBufferPointer, _ count: Int) {
    record.shadow = ShadowCapture(
      route, head: UnsafeRawBufferPointer(rebasing: head[..<count]), workspace.request.facts)
  }

  @inline(never)
  func shadowRequest(_ body: BodyStep) {
    withReceived { bytes in
      record.shadow?.addRequest(
        bytes[body.forward], endsInTrailers: body.trailers.length > 0, isLast: body.isFinished)
    }
  }

  /// The final head is in the workspace.
  @inline(never)
  func shadowAnswer(_ link: Link) {
    let head = workspace.response
    let isFramed = head.body == .chunked && exchange.marks.relay != .outOfChunks
    link.withReceived {
      record.shadow?.answer(head, $0, workspace.storage, isFramed: isFramed)
    }
  }

  @inline(never)
  func shadowAnswer(_ range: ByteRange, _ link: Link) {
    link.withReceived { record.shadow?.addAnswer($0[range], workspace.responseLimits) }
  }

  /// The exchange is over, or as far as it got; `submitShadow` follows.
  @inline(never)
  func endShadow(_ now: UInt64) {
    let isWhole = record.status != 0 && !record.isCut
    let nanoseconds = now > record.startedAt ? now - record.startedAt : 0
    record.shadow?.finish(isWhole: isWhole, nanoseconds: nanoseconds)
  }

  /// Hands over what was copied. To wake the lane takes time, which the client need not wait for:
  /// what he gets has been flushed.
  @inline(never)
  func submitShadow() {
    let job = record.shadow?.takeJob()
    record.shadow = nil
    if let job { context.shadow.submit(job) }
  }
}
