// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// Routing, finding an upstream, and what happens when that fails.
extension ClientConnection {
  /// The upstream that is asked now, or was asked last.
  var currentUpstream: Int {
    exchange.fellBack ? decision.fallbackUpstream : decision.upstream
  }

  /// Routes the head in the workspace and rewrites it into `kept`.
  func admitRequest() {
    startedAt = .now()
    status = 0
    let length = workspace.request.length
    let problem = input.withUnsafeReadableBytes { routeAndRewrite($0) }
    input.moveReaderIndex(forwardBy: length)
    if let problem {
      if case .rejected(let rejection) = problem {
        worker.counters.rejected(reason: Int(rejection.rawValue))
      }
      return answer(problem)
    }
    exchange.admit(
      headLength: kept.readableBytes, hasFallback: decision.fallbackUpstream >= 0, workspace)
    requestLink(fresh: false)
  }

  private func routeAndRewrite(_ bytes: UnsafeRawBufferPointer) -> Problem? {
    address.withUnsafeBytes { address -> Problem? in
      let head = workspace.request
      let view = head.view(bytes, workspace.storage, clientAddress: address)
      decision = worker.routing.table.decide(view)
      if decision.routeIndex < 0 { return .noRoute }
      let capacity = RequestRewriter.capacity(
        head, workspace.storage, clientAddress: address.count)
      kept.clear()
      var refusal: Rejection?
      _ = kept.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { target in
        let outcome = RequestRewriter.write(
          head, bytes, workspace.storage, clientAddress: address, into: target)
        switch outcome {
        case .success(let count): return count
        case .failure(let rejection):
          refusal = rejection
          return 0
        }
      }
      return refusal.map { .rejected($0) }
    }
  }

  private func requestLink(fresh: Bool) {
    switch worker.upstreams[currentUpstream].link(for: self, fresh: fresh) {
    case .ready(let link): attach(link)
    case .waiting(let ticket): self.ticket = ticket
    case .failed(let failure): upstreamFailed(failure)
    }
  }

  private func attach(_ link: any UpstreamLink) {
    self.link = link
    link.client = self
    keptIsUnsent = true
    exchange.upstreamReady(workspace)
  }

  /// The pool found a connection for the ticket.
  func connected(_ link: any UpstreamLink, _ ticket: ConnectionTicket) {
    ticket.client = nil
    self.ticket = nil
    attach(link)
    readClient()
  }

  /// The pool could make no connection for the ticket.
  func connectionFailed(_ failure: UpstreamFailure, _ ticket: ConnectionTicket) {
    ticket.client = nil
    self.ticket = nil
    upstreamFailed(failure)
  }

  /// Does what the exchange makes of a failed upstream.
  func upstreamFailed(_ failure: UpstreamFailure) {
    let upstream = currentUpstream
    let recovery = exchange.upstreamFailed(failure, workspace)
    if recovery != .completed, recovery != .none {
      worker.counters.upstreamFailed(upstream: upstream, reason: Int(failure.rawValue))
    }
    switch recovery {
    case .none:
      dropUpstream()
    case .retry:
      dropUpstream()
      worker.counters.retried(route: decision.routeIndex)
      requestLink(fresh: true)
      readClient()
    case .fallBack:
      dropUpstream()
      worker.counters.fellBack(route: decision.routeIndex)
      requestLink(fresh: false)
      readClient()
    case .answer(let problem):
      answer(problem)
      readClient()
    case .abort:
      close()
    case .completed:
      if let link { completeByClose(link) }
    }
  }

  /// Lets go of the upstream; bytes of it that are not passed on are lost.
  func dropUpstream() {
    keptIsUnsent = false
    if let ticket {
      ticket.client = nil
      self.ticket = nil
    }
    if let link {
      self.link = nil
      link.close()
    }
  }
}

// MARK: - Time

extension ClientConnection {
  func drain() { exchange.drain(workspace) }

  func checkDeadline() {
    switch exchange.expire(workspace) {
    case .none: break
    case .close, .abort: close()
    case .answer(let problem): answer(problem)
    case .upstream(let failure): upstreamFailed(failure)
    }
  }
}
