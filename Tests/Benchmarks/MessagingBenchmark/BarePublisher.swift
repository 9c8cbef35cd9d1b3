// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import CNATS
  import Foundation
  import TransactionalMessaging

  /// libnats alone: publishes as fast as it can and waits for all acknowledgements.
  struct BarePublisher {
    /// What a message carries besides its payload.
    enum Kind {
      /// Nothing.
      case naked
      /// An id by which the stream drops a second message, as everybody must send who wants each
      /// event once.
      case deduplicated
    }

    struct Failure: Error, CustomStringConvertible {
      let description: String
    }

    /// As many as the library has under way.
    private static let inFlight: Int64 = 4_096

    let address: String

    /// - Returns: seconds.
    func publish(_ count: Int, _ payload: [UInt8], _ kind: Kind) throws -> Double {
      var connection: OpaquePointer?
      try check(natsConnection_ConnectTo(&connection, address), "connecting")
      defer { natsConnection_Destroy(connection) }
      var options = jsOptions()
      try check(jsOptions_Init(&options), "options")
      options.PublishAsync.MaxPending = Self.inFlight
      options.PublishAsync.StallWait = 10_000
      var stream: OpaquePointer?
      try check(natsConnection_JetStream(&stream, connection, &options), "JetStream")
      defer { jsCtx_Destroy(stream) }
      let subject = BrokerMessage.topic(forAggregateType: BenchmarkWorld.aggregateType)
      // Ids of the same length as an event's; made before the time is taken.
      let run = UUID().uuidString.dropLast(8)
      let ids =
        kind == .naked ? [] : (0..<count).map { "\(run)\(String(format: "%08x", UInt32($0)))" }
      let clock = ContinuousClock()
      let start = clock.now
      try payload.withUnsafeBytes { bytes in
        for number in 0..<count {
          switch kind {
          case .naked:
            try check(
              js_PublishAsync(stream, subject, bytes.baseAddress, Int32(bytes.count), nil),
              "publishing")
          case .deduplicated:
            try ids[number].withCString { id in
              var message = jsPubOptions()
              message.MsgId = id
              try check(
                js_PublishAsync(stream, subject, bytes.baseAddress, Int32(bytes.count), &message),
                "publishing")
            }
          }
        }
      }
      try check(js_PublishAsyncComplete(stream, nil), "acknowledgements")
      return BenchmarkWorld.seconds(clock.now - start)
    }

    private func check(_ status: natsStatus, _ what: String) throws {
      guard status != NATS_OK else { return }
      let text = natsStatus_GetText(status).map { String(cString: $0) } ?? "\(status.rawValue)"
      throw Failure(description: "\(what): \(text)")
    }
  }
#endif
