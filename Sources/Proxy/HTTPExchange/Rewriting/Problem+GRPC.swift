// SPDX-License-Identifier: Apache-2.0

extension Problem {
  /// The status that a gRPC client is told, by its list of codes.
  package var grpcStatus: Int {
    switch self {
    case .noRoute, .options: 12  // no such method
    case .upstream, .draining: 14  // unavailable: the call may be tried again
    case .requestTimeout: 4  // deadline exceeded
    case .rejected(let rejection):
      switch rejection.status {
      case 413, 414, 431: 8  // resource exhausted
      case 503: 14
      default: 13  // internal
      }
    }
  }
}
