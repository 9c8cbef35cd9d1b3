// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import ContentCodings
internal import NIOCore
internal import NIOHTTP1
internal import ShadowComparison

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Bounds of one answer.
public struct AnswerLimits: Sendable, Equatable {
  /// How long a side may take for a whole answer.
  public var deadline: Duration
  /// Bodies up to this size are kept whole, larger ones as length and hash; in bytes.
  public var compareBytes: Int
  /// Larger bodies are not read to their end; in bytes.
  public var bodyBytes: Int

  /// Creates limits.
  public init(
    deadline: Duration = .seconds(10), compareBytes: Int = 1 << 20, bodyBytes: Int = 256 << 20
  ) {
    self.deadline = deadline
    self.compareBytes = compareBytes
    self.bodyBytes = bodyBytes
  }
}

/// Asks one side and says what came of it, whatever it is.
struct SideClient: Sendable {
  enum Outcome: Sendable {
    case answer(SideAnswer, microseconds: Int)
    /// The answer cannot be compared.
    case dropped(DropReason)
  }

  private struct BodyTooLarge: Error {}
  private struct DeadlineExceeded: Error {}

  /// Tells whoever is asked that this is no user.
  private static let markName = "x-strangler-shadow"

  let client: HTTPClient
  let base: BaseAddress
  let limits: AnswerLimits
  /// What it is, in place of a user.
  var mark = "replay"

  func ask(_ request: ReplayRequest) async -> Outcome {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let response = try await withDeadline { try await exchange(request) }
      let microseconds = Int((clock.now - start) / .microseconds(1))
      switch AnswerDecoder(keptBytes: limits.compareBytes).decode(response) {
      case .plain(let plain): return .answer(.response(plain), microseconds: microseconds)
      case .damaged: return .answer(.failure(.undecodable), microseconds: microseconds)
      case .dropped(let reason): return .dropped(reason)
      }
    } catch is BodyTooLarge {
      return .dropped(.bodyTooLarge)
    } catch {
      return .answer(
        .failure(Self.failure(error)), microseconds: Int((clock.now - start) / .microseconds(1)))
    }
  }

  private func exchange(_ request: ReplayRequest) async throws -> ComparedResponse {
    var outgoing = HTTPClientRequest(url: base.url(of: request.target))
    outgoing.method = HTTPMethod(rawValue: request.method)
    for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
    outgoing.headers.replaceOrAdd(name: Self.markName, value: mark)
    if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
    let response = try await client.execute(outgoing, deadline: .distantFuture)
    return ComparedResponse(
      status: Int(response.status.code),
      headers: response.headers.map { .init(name: $0.name, value: $0.value) },
      body: try await body(of: response))
  }

  private func body(of response: HTTPClientResponse) async throws -> ComparedBody {
    var bytes: [UInt8] = []
    var digest: BodyDigest?
    var count = 0
    for try await chunk in response.body {
      count += chunk.readableBytes
      guard count <= limits.bodyBytes else { throw BodyTooLarge() }
      if digest == nil, count <= limits.compareBytes {
        bytes += chunk.readableBytesView
      } else {
        if digest == nil { digest = BodyDigest(bytes) }
        bytes = []
        digest?.update(chunk.readableBytesView)
      }
    }
    return digest.map { .digest($0) } ?? .whole(bytes)
  }

  /// The client's own deadline ends with the answer's head; a body may trickle for ever.
  private func withDeadline(
    _ body: @escaping @Sendable () async throws -> ComparedResponse
  ) async throws -> ComparedResponse {
    try await withThrowingTaskGroup(of: ComparedResponse.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await Task.sleep(for: limits.deadline)
        throw DeadlineExceeded()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw DeadlineExceeded() }
      return first
    }
  }

  private static func failure(_ error: any Error) -> AnswerFailure {
    switch error {
    case is DeadlineExceeded, is CancellationError: return .deadline
    case let error as IOError:
      return [ECONNRESET, EPIPE, ENOTCONN].contains(error.errnoCode) ? .cutOff : .unreachable
    case let error as HTTPClientError:
      return error == .connectTimeout ? .unreachable : .cutOff
    case is HTTPParserError: return .cutOff
    default: return .unreachable
    }
  }
}

extension HTTPClient.Configuration {
  /// A client for comparisons: it follows no redirect, unpacks nothing and tries nothing again.
  static func comparing(connections: Int, connect: TimeAmount = .seconds(2)) -> Self {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = connect
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }
}
