// SPDX-License-Identifier: Apache-2.0

#if GRPC
  // snippet.show
  import GRPCCore
  import GRPCServiceCalls
  import Logging

  /// The prices of a shop, which another service keeps.
  struct PriceService<Transport: ClientTransport>: Sendable {
    private let client: GRPCClient<Transport>
    private let calls: GRPCServiceCalls
    private let find = MethodDescriptor(fullyQualifiedService: "shop.Prices", method: "Find")

    init(over transport: Transport, logger: Logger) {
      calls = GRPCServiceCalls("prices", logger: logger)
      client = GRPCClient(transport: transport, interceptors: calls.interceptors)
    }

    /// Keeps the connections until `stop`.
    func run() async throws { try await client.runConnections() }

    /// A question changes nothing, so it may be asked again.
    func price(of article: String) async throws -> String {
      try await client.unary(
        request: ClientRequest(message: article), descriptor: find, serializer: PlainText(),
        deserializer: PlainText(), options: calls.options(isRepeatable: true)
      ) { try $0.message }
    }

    func stop() { client.beginGracefulShutdown() }
  }

  struct PlainText: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: String) throws -> Bytes {
      Bytes(message.utf8)
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> String {
      bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
  }
// snippet.hide
#endif
