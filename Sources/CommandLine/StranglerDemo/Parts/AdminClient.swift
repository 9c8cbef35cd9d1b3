// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOFoundationCompat
internal import NIOHTTP1
internal import ShadowComparison

/// Talks to the proxy's admin API as an operator's script would.
struct AdminClient: Sendable {
  /// The admin API said no.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  private static let timeout = TimeAmount.seconds(5)
  /// Tables are compared before they take a step.
  private static let dataTimeout = TimeAmount.seconds(60)
  /// Orders about data that are given again when they were refused.
  private static let attempts = 4
  private static let largestBody = 1 << 22

  /// How comparing both sides under live traffic went, of one endpoint.
  struct LiveEndpoint: Decodable {
    struct Path: Decodable {
      let path: String
      let kind: String
      let label: String

      var pathKind: PathKind? {
        PathKind.Kind(rawValue: kind).map { PathKind(path: ResponsePath(path), kind: $0) }
      }
      /// The extracted side behaves differently there.
      var isDifference: Bool {
        [.real, .likely].contains(NoiseLabel(rawValue: label))
      }
    }

    let name: String
    let requests: Int
    /// From 0 to 1; nil before the first comparison.
    let matchRate: Double?
    let matchRateInterval: [Double]
    let paths: [Path]
  }

  let client: HTTPClient
  let address: String
  /// What the proxy asks for.
  let token: String

  /// Moves a share of a route's users by hand, whatever its plan says.
  func setPercent(_ percent: Int, ofRoute route: String, reason: String) async throws {
    _ = try await send(
      .PUT, "/routes/\(route)",
      #"{"percent": \#(percent), "skip-gates": true, "actor": "demo", "reason": "\#(reason)"}"#)
  }

  /// Begins the first stage of a plan.
  func start(_ cutover: String, reason: String) async throws {
    _ = try await send(
      .POST, "/cutovers/\(cutover)/start", #"{"actor": "demo", "reason": "\#(reason)"}"#)
  }

  /// Whether a cutover has been taken back.
  func isRolledBack(_ cutover: String) async throws -> Bool {
    struct Status: Decodable { let phase: String }
    let answer = try await send(.GET, "/cutovers/\(cutover)")
    return try JSONDecoder().decode(Status.self, from: answer).phase == "rolled-back"
  }

  /// Why the machine took routes back the last time, as the journal has it.
  func lastAutomaticReason() async throws -> String? {
    struct Page: Decodable {
      struct Entry: Decodable {
        let isAutomatic: Bool
        let reason: String
      }

      let entries: [Entry]
    }
    let answer = try await send(.GET, "/journal?limit=1000")
    return try JSONDecoder().decode(Page.self, from: answer).entries
      .last { $0.isAutomatic && $0.reason.hasPrefix("a gate fired") }?.reason
  }

  /// Where a mapping is to go.
  enum Direction: String { case advance, retreat }

  /// Moves a mapping by one state. A change that is on its way may close a gate for a moment, so it
  /// is tried a few times.
  ///
  /// - Returns: how long neither side took writes, in milliseconds.
  func moveData(_ mapping: String, _ direction: Direction) async throws -> Double {
    for _ in 0..<Self.attempts {
      do {
        return try await step(mapping, direction)
      } catch is Refusal {
        try await ContinuousClock().sleep(for: .milliseconds(300))
      }
    }
    return try await step(mapping, direction)
  }

  private func step(_ mapping: String, _ direction: Direction) async throws -> Double {
    struct Answer: Decodable {
      struct Order: Decodable {
        let state: String
        let pauseMilliseconds: Double?
      }

      let order: Order?
    }

    let answer = try await send(
      .POST, "/data/\(mapping)/\(direction.rawValue)",
      #"{"actor": "demo", "reason": "demonstrate it"}"#, timeout: Self.dataTimeout)
    let order = try JSONDecoder().decode(Answer.self, from: answer).order
    guard let order, order.state == "done" else {
      throw Refusal(description: "\(direction.rawValue) \(mapping): it is still under way")
    }
    return order.pauseMilliseconds ?? 0
  }

  /// Waits until no change of a mapping is on its way, or the time is up.
  func dataIsCarriedOver(_ mapping: String, within limit: Duration) async throws {
    struct Status: Decodable { let waiting: Int }
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
      let answer = try await send(.GET, "/data/\(mapping)", timeout: Self.dataTimeout)
      if try JSONDecoder().decode(Status.self, from: answer).waiting == 0 { return }
      try await clock.sleep(for: .milliseconds(100))
    }
  }

  /// What a comparison of both stores found.
  struct Comparison: Decodable {
    let isEqual: Bool
    let legacyRows: Int
  }

  /// Compares both stores of a mapping, and waits for the end of it.
  func verifyData(_ mapping: String) async throws -> Comparison {
    struct Verification: Decodable {
      let state: String
      let failure: String?
      let found: Comparison?
    }

    let path = "/data/\(mapping)/verify"
    _ = try await send(.POST, path, #"{"actor": "demo", "reason": "demonstrate it"}"#)
    while true {
      let answer = try JSONDecoder().decode(
        Verification.self, from: try await send(.GET, path))
      if let found = answer.found { return found }
      guard answer.state == "running" else {
        throw Refusal(description: "\(path): \(answer.failure ?? answer.state)")
      }
      try await ContinuousClock().sleep(for: .milliseconds(50))
    }
  }

  /// What live comparison found so far.
  func liveEvidence() async throws -> [LiveEndpoint] {
    struct Report: Decodable { let endpoints: [LiveEndpoint] }
    return try JSONDecoder().decode(Report.self, from: try await send(.GET, "/shadows/evidence"))
      .endpoints
  }

  /// Sum of one counter over all its label sets that hold the given text, from `GET /metrics`.
  func counter(_ name: String, where label: String = "") async throws -> Int {
    let text = String(decoding: try await send(.GET, "/metrics"), as: UTF8.self)
    return Self.sum(of: name, where: label, in: text)
  }

  private func send(
    _ method: HTTPMethod, _ path: String, _ json: String? = nil,
    timeout: TimeAmount = Self.timeout
  ) async throws -> Data {
    var request = HTTPClientRequest(url: address + path)
    request.method = method
    request.headers.add(name: "authorization", value: "Bearer \(token)")
    if let json {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: json))
    }
    let response = try await client.execute(request, timeout: timeout)
    let body = Data(buffer: try await response.body.collect(upTo: Self.largestBody))
    guard [.ok, .accepted].contains(response.status) else {
      throw Refusal(
        description: "\(method) \(path): \(response.status) "
          + String(decoding: body, as: UTF8.self))
    }
    return body
  }

  /// Adds up a counter in the Prometheus text format.
  static func sum(of name: String, where label: String, in text: String) -> Int {
    text.split(separator: "\n").reduce(0) { sum, line in
      guard line.hasPrefix(name), label.isEmpty || line.contains(label),
        let value = line.split(separator: " ").last,
        line.dropFirst(name.count).first.map({ $0 == "{" || $0 == " " }) ?? false
      else { return sum }
      return sum + Int(Double(value) ?? 0)
    }
  }
}
