// SPDX-License-Identifier: Apache-2.0

#if GRPC
  import GRPCCore
  import GRPCInProcessTransport
  import Logging
  import Synchronization
  import Testing

  @testable import LibraryExamples

  @Suite("The worked example of calls over gRPC", .timeLimit(.minutes(1)))
  struct GRPCExampleTests {
    /// Is not there the first time that it is asked.
    private final class PriceServer: RegistrableRPCService {
      private let asked = Mutex(0)

      func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
          forMethod: MethodDescriptor(fullyQualifiedService: "shop.Prices", method: "Find"),
          deserializer: PlainText(), serializer: PlainText()
        ) { request, _ in
          let isFirst = self.asked.withLock { asked in
            asked += 1
            return asked == 1
          }
          if isFirst { throw RPCError(code: .unavailable, message: "not yet") }
          var article = ""
          for try await text in request.messages { article = text }
          let answer = "\(article): 100"
          return StreamingServerResponse { writer in
            try await writer.write(answer)
            return [:]
          }
        }
      }
    }

    @Test func `a question is asked again where the service was not there`() async throws {
      let transport = InProcessTransport()
      let prices = PriceService(
        over: transport.client, logger: Logger(label: "prices") { _ in SwiftLogNoOpLogHandler() })
      try await withGRPCServer(transport: transport.server, services: [PriceServer()]) { _ in
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          tasks.addTask { try await prices.run() }
          #expect(try await prices.price(of: "tea") == "tea: 100")
          prices.stop()
          try await tasks.waitForAll()
        }
      }
    }
  }
#endif
