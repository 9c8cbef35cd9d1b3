// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Talks to the proxy's admin API as an operator's script would.
struct AdminClient: Sendable {
  /// The admin API said no.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  private static let timeout = TimeAmount.seconds(5)
  private static let largestBody = 1 << 22

  let client: HTTPClient
  let address: String

  /// Moves a share of a route's users.
  func setPercent(_ percent: Int, ofRoute route: String, reason: String) async throws {
    var request = HTTPClientRequest(url: "\(address)/routes/\(route)")
    request.method = .PUT
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(
      ByteBuffer(string: #"{"percent": \#(percent), "reason": "\#(reason)"}"#))
    let response = try await client.execute(request, timeout: Self.timeout)
    guard response.status == .ok else {
      let body = try await response.body.collect(upTo: Self.largestBody)
      throw Refusal(
        description: "PUT /routes/\(route): \(response.status) \(String(buffer: body))")
    }
  }

  /// Sum of one counter over all its label sets that hold the given text, from `GET /metrics`.
  func counter(_ name: String, where label: String = "") async throws -> Int {
    let response = try await client.execute(
      HTTPClientRequest(url: "\(address)/metrics"), timeout: Self.timeout)
    let text = String(buffer: try await response.body.collect(upTo: Self.largestBody))
    return Self.sum(of: name, where: label, in: text)
  }

  /// Adds up a counter in the Prometheus text format.
  static func sum(of name: String, where label: String, in text: String) -> Int {
    text.split(separator: "\n").reduce(0) { sum, line in
      guard line.hasPrefix(name), line.contains(label), let value = line.split(separator: " ").last,
        line.dropFirst(name.count).first.map({ $0 == "{" || $0 == " " }) ?? false
      else { return sum }
      return sum + Int(Double(value) ?? 0)
    }
  }
}
