// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import RoutingDecisions

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The process whose place a new one takes, as far as it can be asked: it has the admin address.
struct OlderProcess: Sendable {
  /// How long it may take to answer.
  private static let timeout = TimeAmount.seconds(2)
  /// Largest answer that is read.
  private static let maximumAnswer = 4 << 20

  /// Who listens on the admin address. An older process is one of the same user, or the system's:
  /// anybody may listen on a port that is free, and neither is given the token nor believed.
  let holder: @Sendable (NetworkAddress) -> AddressHolder
  let admin: AdminConfiguration
  let token: AdminToken?

  func answer<Answer: Decodable>(
    to path: String, as type: Answer.Type
  ) async throws -> Answer {
    switch holder(admin.listen) {
    case .own: break
    case .nobody: throw AdminServerError.noOlderProcess
    case .stranger(let user): throw AdminServerError.addressHeldByStranger(admin.listen, user: user)
    }
    var request = HTTPClientRequest(url: "http://\(admin.listen)\(path)")
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token.text)") }
    let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
    guard response.status == .ok else {
      throw AdminServerError.olderProcessRefused("\(response.status)")
    }
    let body = try await response.body.collect(upTo: Self.maximumAnswer)
    return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
  }
}
