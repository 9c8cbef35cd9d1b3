// SPDX-License-Identifier: Apache-2.0

/// One row of the demands: what is sent, and by how many workers it is passed on.
struct BenchmarkCase: Codable, Equatable, Sendable {
  enum Work: String, Codable {
    case requests
    case fullHandshakes = "full handshakes"
    case resumedHandshakes = "resumed handshakes"
  }

  let client: ClientProtocol
  var work = Work.requests
  var bodyBytes = Self.smallBody
  var workers = 1

  static let smallBody = 200
  static let largeBody = 65_536

  /// A small request of a client.
  static func small(_ client: ClientProtocol) -> Self { Self(client: client) }

  /// In the order in which they are measured: what runs out of time is left out at the end.
  static let all: [BenchmarkCase] = [
    small(.http1),
    BenchmarkCase(client: .http1, bodyBytes: largeBody),
    small(.http1TLS),
    BenchmarkCase(client: .http1TLS, bodyBytes: largeBody),
    BenchmarkCase(client: .http1TLS, work: .fullHandshakes),
    BenchmarkCase(client: .http1TLS, work: .resumedHandshakes),
    small(.http2TLS),
    BenchmarkCase(client: .http2TLS, bodyBytes: largeBody),
    BenchmarkCase(client: .http1, workers: 2),
    BenchmarkCase(client: .http1, bodyBytes: largeBody, workers: 2),
    small(.http2),
    BenchmarkCase(client: .http2, bodyBytes: largeBody),
  ]

  /// What a look has time for.
  static let quick = Array(all.prefix(7))

  /// Under full load.
  var pace: LoadPlan.Pace {
    switch work {
    case .requests: .saturating
    case .fullHandshakes: .handshakes(resumed: false)
    case .resumedHandshakes: .handshakes(resumed: true)
    }
  }

  var title: String {
    let size = bodyBytes < 1024 ? "\(bodyBytes) B" : "\(bodyBytes / 1024) KiB"
    let connections = "\(client.connections) connections"
    let load = client.streams == 1 ? connections : "\(connections) of \(client.streams) streams"
    let what =
      work == .requests ? "\(client.rawValue), \(size) body, \(load)" : "TLS \(work.rawValue)"
    return "\(what), \(workers) worker\(workers == 1 ? "" : "s")"
  }

  /// One of what is counted.
  var unit: String { work == .requests ? "request" : "handshake" }
}
