// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What became of the shadows of one server, for metrics, the admin API and the evidence.
public final class ShadowMonitor: Sendable {
  let host: ShadowHost

  init(_ host: ShadowHost) { self.host = host }

  /// Every route that shadows now, in the order in which routes were first seen.
  public func snapshot() -> [ShadowSnapshot] { host.snapshot() }

  /// Says who takes what is found; before the server runs.
  package func report(to ledger: any ShadowLedger) { host.ledger.withLock { $0 = ledger } }
}
