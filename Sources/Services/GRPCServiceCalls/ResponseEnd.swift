// SPDX-License-Identifier: Apache-2.0

#if GRPC
  internal import GRPCCore
  internal import Synchronization

  /// Is told once how a response ended; that nobody reads it any more counts as cancelled.
  final class ResponseEnd: Sendable {
    private let body: Mutex<(@Sendable (RPCError.Code?) -> Void)?>

    /// - Parameter body: gets the error's code; nil where there is none.
    init(_ body: @escaping @Sendable (RPCError.Code?) -> Void) { self.body = Mutex(body) }

    deinit { tell(.cancelled) }

    func tell(_ code: RPCError.Code?) {
      let body = body.withLock { body in
        defer { body = nil }
        return body
      }
      body?(code)
    }
  }

  extension StreamingClientResponse {
    /// The same response, which tells how it ends.
    func telling(_ end: ResponseEnd) -> StreamingClientResponse {
      var response = self
      switch accepted {
      case .failure(let error): end.tell(error.code)
      case .success(var contents):
        contents.bodyParts = RPCAsyncSequence(
          wrapping: WatchedParts(base: contents.bodyParts, end: end))
        response.accepted = .success(contents)
      }
      return response
    }
  }

  extension RPCError.Code {
    init(of error: any Error) {
      self =
        switch error {
        case let error as RPCError: error.code
        case let error as any RPCErrorConvertible: error.rpcErrorCode
        case is CancellationError: .cancelled
        default: .unknown
        }
    }
  }

  /// Parts of a response until the last one was read, or one of them is an error.
  private struct WatchedParts<Part: Sendable>: AsyncSequence, Sendable {
    typealias Element = Part
    typealias Failure = any Error

    let base: RPCAsyncSequence<Part, any Error>
    let end: ResponseEnd

    func makeAsyncIterator() -> AsyncIterator {
      AsyncIterator(base: base.makeAsyncIterator(), end: end)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
      var base: RPCAsyncSequence<Part, any Error>.AsyncIterator
      let end: ResponseEnd

      mutating func next(
        isolation actor: isolated (any Actor)? = #isolation
      ) async throws(any Error) -> Part? {
        do {
          let part = try await base.next(isolation: actor)
          if part == nil { end.tell(nil) }
          return part
        } catch {
          end.tell(RPCError.Code(of: error))
          throw error
        }
      }
    }
  }
#endif
