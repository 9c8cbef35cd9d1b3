// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// Whose word about those behind it counts, and what is forgotten of everybody else's.
final class PeerTrust {
  private let ranges: [AddressRange]
  /// Names in lower case.
  private let internalFields: [[UInt8]]
  /// Those that are forgotten now.
  @exclusivity(unchecked) private var forgotten: [[UInt8]]

  init(_ configuration: ProxyConfiguration) {
    ranges = configuration.trusted
    internalFields = configuration.internalHeaders.map { Array($0.lowercased().utf8) }
    forgotten = internalFields
  }

  /// While a route shadows, services do by the mark of a shadow what they do for no user: a
  /// stranger must not set it.
  func takeUp(hasShadows: Bool) {
    forgotten = internalFields + (hasShadows ? [Array(ShadowRequest.mark.utf8)] : [])
  }

  /// Whether a peer with this textual address is trusted.
  func covers(_ address: UnsafeRawBufferPointer) -> Bool {
    !ranges.isEmpty && isTrusted(address) == true
  }

  /// nil when it is no address.
  private func isTrusted(_ address: UnsafeRawBufferPointer) -> Bool? {
    IPAddress(parsing: address).map { address in ranges.contains { $0.contains(address) } }
  }

  /// Who sent the request at hand, seen through trusted proxies. A stranger's claims are forgotten:
  /// they are neither routed on nor passed on.
  func client(
    _ workspace: ExchangeWorkspace, _ bytes: UnsafeRawBufferPointer, _ source: RequestSource
  ) -> UnsafeRawBufferPointer {
    if source.isTrusted {
      guard workspace.requestHasForwarding else { return source.peer }
      return ForwardedClient.address(
        bytes, workspace.storage, peer: source.peer, isTrusted: isTrusted)
    }
    if workspace.requestHasForwarding { workspace.storage.removeForwarding() }
    removeInternalFields(workspace, bytes)
    return source.peer
  }

  /// Forgets a stranger's internal fields, in a head or behind a body.
  func removeInternalFields(_ workspace: ExchangeWorkspace, _ bytes: UnsafeRawBufferPointer) {
    if forgotten.isEmpty { return }
    workspace.storage.removeFields(named: forgotten, of: bytes)
  }
}
