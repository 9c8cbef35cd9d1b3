// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import CNATS
  import TransactionalMessaging

  /// libnats alone: publishes as fast as it can and waits for all acknowledgements.
  struct BarePublisher {
    struct Failure: Error, CustomStringConvertible {
      let description: String
    }

    /// As many as the library has under way.
    private static let inFlight: Int64 = 4_096

    let address: String

    /// - Returns: seconds.
    func publish(_ count: Int, _ payload: [UInt8]) throws -> Double {
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
      let clock = ContinuousClock()
      let start = clock.now
      try payload.withUnsafeBytes { bytes in
        for _ in 0..<count {
          try check(
            js_PublishAsync(stream, subject, bytes.baseAddress, Int32(bytes.count), nil),
            "publishing")
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
