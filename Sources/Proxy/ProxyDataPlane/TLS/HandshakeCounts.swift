// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions
import TLSEngine

/// With whom a TLS handshake was made.
public enum HandshakePeer: UInt8, Sendable, CaseIterable {
  /// A client of the proxy.
  case client
  /// An endpoint of an upstream.
  case upstream

  /// The name that metrics show.
  public var name: String {
    switch self {
    case .client: "client"
    case .upstream: "upstream"
    }
  }
}

/// What tells finished TLS handshakes apart.
public struct HandshakeKind: Sendable, Equatable, CaseIterable {
  /// With whom.
  public var peer: HandshakePeer
  /// The version agreed on.
  public var version: TLSVersion
  /// The short one, with a peer that was known.
  public var isResumed: Bool

  /// Creates a kind.
  public init(peer: HandshakePeer, version: TLSVersion, isResumed: Bool) {
    self.peer = peer
    self.version = version
    self.isResumed = isResumed
  }

  /// All there are, in a fixed order.
  public static let allCases: [HandshakeKind] = HandshakePeer.allCases.flatMap { peer in
    TLSVersion.allCases.flatMap { version in
      [false, true].map { HandshakeKind(peer: peer, version: version, isResumed: $0) }
    }
  }

  /// Its place among all.
  var number: Int {
    (Int(peer.rawValue) * 2 + (version == .v1_3 ? 1 : 0)) * 2 + (isResumed ? 1 : 0)
  }
}

extension HandshakeKind {
  init(_ peer: HandshakePeer, _ engine: TLSEngine) {
    self.init(peer: peer, version: engine.version, isResumed: engine.isResumed)
  }
}

extension TLSEngine {
  /// Why a handshake that was given up came to nothing.
  func failure(at isOverdue: Bool) -> TLSFailure {
    if case .failed(let failure) = phase { return failure }
    return isOverdue ? .timeout : .peerGone
  }
}

extension WorkerCounters {
  /// A connection is secured.
  func shookHands(_ peer: HandshakePeer, _ engine: TLSEngine) {
    block.add(1, to: CounterLayout.handshakes(HandshakeKind(peer, engine)))
  }

  /// A connection could not be secured.
  func handshakeFailed(_ peer: HandshakePeer, _ failure: TLSFailure) {
    block.add(1, to: CounterLayout.handshakeFailures(peer, failure.reason))
  }
}

extension CounterSnapshot {
  /// Finished TLS handshakes of one kind.
  public struct Handshakes: Sendable, Equatable {
    /// What they have in common.
    public var kind: HandshakeKind
    /// How many there were.
    public var count: UInt64
  }

  static func handshakes(_ values: [UInt64]) -> [Handshakes] {
    HandshakeKind.allCases.map {
      Handshakes(kind: $0, count: values[CounterLayout.handshakes($0)])
    }
  }

  static func handshakeFailures(_ values: [UInt64]) -> [Labelled] {
    HandshakePeer.allCases.flatMap { peer in
      TLSFailure.Reason.allCases.map { reason in
        Labelled(
          subject: peer.name, reason: reason.name,
          count: values[CounterLayout.handshakeFailures(peer, reason)])
      }
    }
  }
}
