// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import HummingbirdTesting
import NIOCore

/// One answer of a fixture.
package struct JSONReply: Sendable {
  package let status: Int
  package let leaves: JSONLeaves

  package subscript(path: String) -> String? { leaves[path] }
}

/// Talks JSON to a fixture's routes.
package struct JSONClient: Sendable {
  private let client: any TestClientProtocol

  package init(_ client: any TestClientProtocol) { self.client = client }

  package func get(_ path: String) async throws -> JSONReply {
    try await send(.get, path, nil)
  }

  package func post(_ path: String, _ body: String? = nil) async throws -> JSONReply {
    try await send(.post, path, body)
  }

  package func put(_ path: String, _ body: String) async throws -> JSONReply {
    try await send(.put, path, body)
  }

  package func delete(_ path: String) async throws -> JSONReply {
    try await send(.delete, path, nil)
  }

  private func send(
    _ method: HTTPRequest.Method, _ path: String, _ body: String?
  ) async throws -> JSONReply {
    let response = try await client.executeRequest(
      uri: path, method: method, headers: [:], body: body.map(ByteBuffer.init(string:)))
    return JSONReply(
      status: response.status.code, leaves: try JSONLeaves(response.body.readableBytesView))
  }
}
