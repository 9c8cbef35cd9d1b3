// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import CRabbitMQ

  /// A message that comes in pieces: what it is, its properties, its payload.
  struct IncomingContent {
    enum Origin {
      case returned(reason: String)
      case delivered(tag: UInt64, isRedelivered: Bool)
    }

    private var origin: Origin?
    private var message = AMQPMessage("")
    private var missing: UInt64 = 0

    mutating func began(_ origin: Origin, _ event: rabbit_event) {
      self.origin = origin
      message = AMQPMessage(String(event.routing_key))
    }

    /// The whole message with its last piece.
    mutating func came(_ event: rabbit_event) -> (Origin, AMQPMessage)? {
      if event.kind == RABBIT_PROPERTIES {
        message.id = String(event.message_id)
        message.contentType = String(event.content_type)
        message.headers = Self.headers(event)
        message.payload = []
        message.payload.reserveCapacity(Int(clamping: min(event.size, 1 << 20)))
        missing = event.size
      } else {
        let bytes = UnsafeRawBufferPointer(start: event.body.start, count: event.body.count)
        message.payload.append(contentsOf: bytes)
        missing -= min(missing, UInt64(bytes.count))
      }
      guard missing == 0, let origin else { return nil }
      self.origin = nil
      return (origin, message)
    }

    /// Texts and whole numbers; what else a server or another client writes there is no event's.
    private static func headers(_ event: rabbit_event) -> [String: String] {
      var headers: [String: String] = [:]
      for entry in UnsafeBufferPointer(start: event.headers, count: Int(event.header_count)) {
        var text = rabbit_bytes()
        var number: Int64 = 0
        if rabbit_entry_text(entry, &text) == 1 {
          headers[String(rabbit_entry_name(entry))] = String(text)
        } else if rabbit_entry_number(entry, &number) == 1 {
          headers[String(rabbit_entry_name(entry))] = "\(number)"
        }
      }
      return headers
    }
  }
#endif
