// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// Routing, finding an upstream, and what happens when that fails.
extension ExchangePump {
  /// Routes the head in the workspace, rewrites it and asks for a connection.
  func admitRequest() {
    record = ExchangeRecord(startedAt: WorkerContext.clock())
    let length = workspace.requestLength
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
    withReceived { bytes in
      withClientAddress { address in
        let workspace = workspace
        record.decision = context.decide(workspace.requestView(bytes, clientAddress: address))
        if let observer = context.observer { observe(with: observer, bytes, address) }
        if record.decision.routeIndex < 0 { return .noRoute }
        let upgrade = permittedUpgrade(bytes)
        offersUpgrade = upgrade.length > 0
        var refusal: Rejection?
        keepHead(capacity: workspace.requestCapacity(clientAddress: address.count)) { target in
          let outcome = workspace.writeRequest(
            bytes, clientAddress: address, upgrade: upgrade, into: target)
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

  @inline(never)
  private func observe(
    with observer: RequestObserver, _ bytes: UnsafeRawBufferPointer,
    _ address: UnsafeRawBufferPointer
  ) {
    record.observed = observer.begin(workspace, bytes, client: address)
    workspace.addedFields = record.observed?.context?.fieldLine ?? []
  }

  @inline(__always)
  private func permittedUpgrade(_ bytes: UnsafeRawBufferPointer) -> ByteRange {
    if !workspace.requestOffersUpgrade { return ByteRange(start: 0, length: 0) }
    let route = record.decision.routeIndex
    return workspace.request.upgrade(bytes) { context.permitsUpgrade(to: $0, route: route) }
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
      record.observed?.retries += 1
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
    case .finishClient: finishTunnel()
    case .abort:
      close()
    case .completed:
      completeByClose()
    }
  }
}
