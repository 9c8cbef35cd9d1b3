// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOFoundationCompat
internal import NIOHTTP1

/// Talks to the shop through the proxy's socket, as a user's browser would.
struct ShopClient: Sendable {
  /// An answer with what the users' ledger and the event ledger need from it.
  struct Answer: Sendable {
    let status: Int
    let side: UserLedger.Side?
    let orderID: Int64?
    let body: Data
    let headers: [(name: String, value: String)]
    let milliseconds: Double
  }

  private static let timeout = TimeAmount.seconds(20)
  private static let largestBody = 1 << 20

  let client: HTTPClient
  let address: String

  /// Sends one request. Throws only when no complete answer arrived.
  func send(
    _ method: HTTPMethod, _ path: String, user: String? = nil, headers: [String: String] = [:],
    json: String? = nil
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: address + path)
    request.method = method
    if let user { request.headers.add(name: "x-user-id", value: user) }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      request.headers.add(name: name, value: value)
    }
    if let json {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: json))
    }
    let clock = ContinuousClock()
    let start = clock.now
    let response = try await client.execute(request, timeout: Self.timeout)
    let body = Data(buffer: try await response.body.collect(upTo: Self.largestBody))
    return Answer(
      status: Int(response.status.code), side: Self.side(of: response), orderID: Self.orderID(body),
      body: body, headers: response.headers.map { ($0.name, $0.value) },
      milliseconds: (clock.now - start) / .milliseconds(1))
  }

  /// The extracted service names itself in `server`; the proxy's own problem pages belong to no
  /// side.
  private static func side(of response: HTTPClientResponse) -> UserLedger.Side? {
    if response.headers.first(name: "server") == "orders-service" { return .extracted }
    let isProblem = response.headers.first(name: "content-type") == "application/problem+json"
    return isProblem ? nil : .legacy
  }

  private static func orderID(_ body: Data) -> Int64? {
    struct Identified: Decodable { let id: Int64? }
    return (try? JSONDecoder().decode(Identified.self, from: body))?.id
  }
}
