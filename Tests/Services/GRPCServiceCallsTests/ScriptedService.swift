// SPDX-License-Identifier: Apache-2.0

#if GRPC
  import GRPCCore
  import GRPCInProcessTransport
  import GRPCServiceCalls
  import ServiceTesting

  /// Texts as UTF-8.
  struct Texts: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: String) throws -> Bytes {
      Bytes(message.utf8)
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> String {
      bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// Answers calls as a test says, in the same process.
  struct ScriptedService: RegistrableRPCService {
    typealias Answer = @Sendable (_ metadata: Metadata) async throws -> String

    static let method = MethodDescriptor(fullyQualifiedService: "shop.Orders", method: "Find")
    let answer: Answer

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
      router.registerHandler(
        forMethod: Self.method, deserializer: Texts(), serializer: Texts()
      ) { request, _ in
        let text = try await answer(request.metadata)
        return StreamingServerResponse { writer in
          try await writer.write(text)
          return [:]
        }
      }
    }
  }

  /// Runs a body with a client of a service that answers so.
  func withService<Result: Sendable>(
    _ calls: GRPCServiceCalls, _ answer: @escaping ScriptedService.Answer,
    _ body: (GRPCClient<InProcessTransport.Client>) async throws -> Result
  ) async throws -> Result {
    let transport = InProcessTransport()
    return try await withGRPCServer(
      transport: transport.server, services: [ScriptedService(answer: answer)]
    ) { _ in
      try await withGRPCClient(
        transport: transport.client, interceptors: calls.interceptors, handleClient: body)
    }
  }

  extension GRPCClient {
    /// - Returns: the answer, or the code of the error.
    func find(_ options: CallOptions) async -> Found {
      do {
        let text = try await unary(
          request: ClientRequest(message: "17"), descriptor: ScriptedService.method,
          serializer: Texts(), deserializer: Texts(), options: options
        ) { try $0.message }
        return .answer(text)
      } catch let error as RPCError {
        return .refused(error.code, error.message)
      } catch {
        return .refused(.unknown, "\(error)")
      }
    }
  }

  enum Found: Equatable {
    case answer(String)
    case refused(RPCError.Code, String)

    var code: RPCError.Code? {
      if case .refused(let code, _) = self { return code }
      return nil
    }
  }
#endif
