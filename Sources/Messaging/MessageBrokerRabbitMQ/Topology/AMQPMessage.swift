// SPDX-License-Identifier: Apache-2.0

/// A message as AMQP carries it: what is sent, and what came.
package struct AMQPMessage: Sendable, Equatable {
  package var routingKey: String
  /// Property `message-id`; empty when there is none.
  package var id: String
  /// Property `content-type`; empty when there is none.
  package var contentType: String
  /// Property `type`, sent where it is not empty.
  package var type: String
  package var headers: [String: String]
  package var payload: [UInt8]

  package init(
    _ routingKey: String, id: String = "", contentType: String = "", type: String = "",
    headers: [String: String] = [:], payload: [UInt8] = []
  ) {
    self.routingKey = routingKey
    self.id = id
    self.contentType = contentType
    self.type = type
    self.headers = headers
    self.payload = payload
  }

  /// Bytes that everything but the payload takes, at most; it has to fit one frame.
  var propertyBytes: Int {
    headers.reduce(256 + id.utf8.count + contentType.utf8.count + type.utf8.count) {
      $0 + $1.key.utf8.count + $1.value.utf8.count + 8
    }
  }
}

/// A message that a consumer received.
package struct AMQPDelivery: Sendable {
  /// The server's number for it on this connection.
  package var tag: UInt64
  /// Whether it was delivered before.
  package var isRedelivered: Bool
  package var message: AMQPMessage
}
