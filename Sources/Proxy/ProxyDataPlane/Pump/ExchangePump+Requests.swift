// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// Routing, finding an upstream, and what happens when that fails.
extension ExchangePump {
  /// Routes the head in the workspace, rewrites it and asks for a connection.
  func admitRequest() {
    record = ExchangeRecord(startedAt: WorkerContext.clock())
    let length = workspace.request.length
    var offersUpgrade = false
    let problem = routeAndRewrite(&offersUpgrade)
    consumeReceived(length)
    if let problem { return refuse(problem) }
    exchange.admit(
      headLength: keptCount, hasFallback: record.decision.fallbackUpstream >= 0,
      offersUpgrade: offersUpgrade, workspace)
    requestLink(upstream: currentUpstream, fresh: false)
  }

  private func routeAndRewrite(_ offersUpgrade: inout Bool) -> Problem? {
    let head = workspace.request
    let storage = workspace.storage
    return withReceived { bytes in
      withClientAddress { address in
        let view = head.view(bytes, storage, clientAddress: address)
        record.decision = context.decide(view)
        if record.decision.routeIndex < 0 { return .noRoute }
        let upgrade = permittedUpgrade(head, bytes)
        offersUpgrade = upgrade.length > 0
        let capacity = RequestRewriter.capacity(head, storage, clientAddress: address.count)
        var refusal: Rejection?
        keepHead(capacity: capacity) { target in
          let outcome = RequestRewriter.write(
            head, bytes, storage, clientAddress: address, upgrade: upgrade, into: target)
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
  }

  @inline(__always)
  private func permittedUpgrade(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> ByteRange {
    if head.upgrade.length == 0 { return head.upgrade }
    let route = record.decision.routeIndex
    return head.upgrade(bytes) { context.permitsUpgrade(to: $0, route: route) }
  }

  func sendTrailers(_ section: ByteRange) {
    let capacity = TrailerWriter.capacity(length: Int(section.length), workspace.storage)
    send(
      withReceived { bytes in
        [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
          count = TrailerWriter.write(
            bytes, workspace.storage, into: UnsafeMutableRawBufferPointer(target))
        }
      })
  }

  /// Does what the exchange makes of a failed upstream.
  func upstreamFailed(_ failure: UpstreamFailure) {
    let upstream = currentUpstream
    let recovery = exchange.upstreamFailed(failure, workspace)
    if recovery != .completed, recovery != .none, recovery != .finishClient {
      counters.upstreamFailed(upstream: upstream, reason: Int(failure.rawValue))
    }
    switch recovery {
    case .none:
      dropUpstream()
    case .retry:
      dropUpstream()
      counters.retried(route: record.decision.routeIndex)
      requestLink(upstream: currentUpstream, fresh: true)
      resumeClient()
    case .fallBack:
      dropUpstream()
      counters.fellBack(route: record.decision.routeIndex)
      requestLink(upstream: currentUpstream, fresh: false)
      resumeClient()
    case .answer(let problem):
      answer(problem)
      resumeClient()
    case .finishClient:
      flush()
      awaitDelivery()
    case .abort:
      close()
    case .completed:
      completeByClose()
    }
  }
}
