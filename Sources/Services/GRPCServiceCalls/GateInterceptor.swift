// SPDX-License-Identifier: Apache-2.0

#if GRPC
  internal import GRPCCore
  internal import ServiceCalls
  internal import ServiceClient

  /// Lets an attempt through once it has a place, and tells the breaker how it ended.
  struct GateInterceptor: ClientInterceptor {
    let service: String
    let total: Duration
    let gate: SharedGate
    let clock: any CallClock

    @concurrent
    func intercept<Input: Sendable, Output: Sendable>(
      request: StreamingClientRequest<Input>, context: ClientContext,
      next:
        @concurrent (StreamingClientRequest<Input>, ClientContext) async throws
        -> StreamingClientResponse<Output>
    ) async throws -> StreamingClientResponse<Output> {
      let deadline = CallContext.current.limited(to: total, at: clock.now()).deadline ?? .max
      let entry = await gate.enter(
        CallGate.Request(draw: .random(in: .min ... .max)), deadline: deadline, on: clock)
      guard case .seat(let seat) = entry else { throw refusal(entry) }
      let end = ResponseEnd { [gate, clock] code in
        gate.leave(seat, AttemptOutcome(code), at: clock.now())
      }
      do {
        return try await next(request, context).telling(end)
      } catch {
        end.tell(RPCError.Code(of: error))
        throw error
      }
    }

    private func refusal(_ entry: CallGate.Entry) -> RPCError {
      switch entry {
      case .refused(.cancelled): RPCError(code: .cancelled, message: "\(service): cancelled")
      case .refused(.breakerOpen(let until)):
        RPCError(
          code: .unavailable,
          message: "\(service): the circuit breaker is open for another "
            + "\(until - min(until, clock.now())) ms; nothing was sent")
      case .refused(.noEndpoint), .refused(.bulkheadFull), .line, .seat:
        RPCError(
          code: .resourceExhausted,
          message: "\(service): too many calls are under way; nothing was sent")
      }
    }
  }

  extension AttemptOutcome {
    /// What the end of an attempt says of the service, as the statuses of HTTP do that stand for
    /// gRPC's codes (google/rpc/code.proto of googleapis).
    ///
    /// - Parameter code: nil for a response without an error.
    init(_ code: RPCError.Code?) {
      switch code {
      case nil: self = .answered(status: 200, retryAfter: nil)
      case RPCError.Code.cancelled: self = .cancelled
      case RPCError.Code.deadlineExceeded: self = .failed(.timeout)
      case RPCError.Code.unavailable: self = .answered(status: 503, retryAfter: nil)
      case RPCError.Code.unknown, RPCError.Code.internalError, RPCError.Code.dataLoss:
        self = .answered(status: 500, retryAfter: nil)
      case RPCError.Code.resourceExhausted: self = .answered(status: 429, retryAfter: nil)
      default: self = .answered(status: 400, retryAfter: nil)
      }
    }
  }
#endif
