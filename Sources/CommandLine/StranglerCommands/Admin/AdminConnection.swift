// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOFoundationCompat
internal import NIOHTTP1
internal import NIOPosix

/// Talks to the admin API of a running proxy; what that refuses ends the command with its words.
struct AdminConnection {
  private static let timeout = TimeAmount.seconds(30)
  private static let connectTimeout = TimeAmount.seconds(5)
  private static let largestAnswer = 64 << 20

  /// Where nobody listens there is no proxy: to try again until the time is up, as the shared
  /// client does, says so half a minute later. It lives as long as the command.
  private static let client = HTTPClient(
    eventLoopGroupProvider: .singleton,
    configuration: {
      var configuration = HTTPClient.Configuration()
      configuration.timeout.connect = connectTimeout
      configuration.connectionPool.retryConnectionEstablishment = false
      return configuration
    }())

  let base: String
  let token: String?

  /// The answer to a question, as it came.
  func get(_ path: String) async throws -> Data { try await send(.GET, path, nil) }

  /// The answer to an order, as it came.
  func post(_ path: String, _ body: [String: OrderMember]) async throws -> Data {
    try await send(.POST, path, body)
  }

  func put(_ path: String, _ body: [String: OrderMember]) async throws -> Data {
    try await send(.PUT, path, body)
  }

  private func send(
    _ method: HTTPMethod, _ path: String, _ body: [String: OrderMember]?
  ) async throws -> Data {
    var request = HTTPClientRequest(url: base + path)
    request.method = method
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(body)))
    }
    let response: HTTPClientResponse
    let answer: Data
    do {
      response = try await Self.client.execute(request, timeout: Self.timeout)
      answer = Data(buffer: try await response.body.collect(upTo: Self.largestAnswer))
    } catch let error as HTTPClientError where method != .GET && Self.isTimeout(error) {
      // Nobody knows how far it came.
      throw CommandFailure.unusable(
        "the proxy's admin API at \(base) did not answer in time: the order may still be carried "
          + "out; look before you give it again")
    } catch {
      throw CommandFailure.unusable(
        "cannot reach the proxy's admin API at \(base): \(Self.reason(error)); is it running?")
    }
    if response.status == .ok { return answer }
    if response.status == .accepted {
      Terminal.standardError.write(
        "done, not yet written: the journal cannot be written now; strangler cutover status says "
          + "whether a restart of the proxy would undo it\n")
      return answer
    }
    let message = Self.text(answer) ?? "the admin API answered \(response.status)"
    // To an order, that it makes no sense now, or cannot be done now, is an answer; a question was
    // not answered by that. The rest are mistakes.
    switch response.status {
    case .conflict, .preconditionFailed, .serviceUnavailable:
      throw method == .GET ? CommandFailure.unusable(message) : .negative(message)
    default: throw CommandFailure.unusable(message)
    }
  }

  /// The order may have been sent; without a connection it was not.
  private static func isTimeout(_ error: HTTPClientError) -> Bool {
    error == .deadlineExceeded || error == .readTimeout
  }

  /// The system's words, such as `Connection refused`, without the layers around them.
  static func reason(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      if let failed = error.connectionErrors.first { return reason(failed.error) }
      guard let unknown = error.dnsAError ?? error.dnsAAAAError else { return "\(error)" }
      return "the name \(error.host) is not known (\(reason(unknown)))"
    case let error as IOError: return String(cString: strerror(error.errnoCode))
    case let error as HTTPClientError where error == .connectTimeout:
      return "no connection within \(connectTimeout.nanoseconds / 1_000_000_000) s"
    case let error as HTTPClientError where isTimeout(error):
      return "no answer within \(timeout.nanoseconds / 1_000_000_000) s"
    default: return "\(error)"
    }
  }

  private static func text(_ answer: Data) -> String? {
    struct Problem: Decodable { let detail: String }
    return try? JSONDecoder().decode(Problem.self, from: answer).detail
  }
}

extension Data {
  /// Reads an answer of the admin API.
  func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: self)
    } catch {
      throw CommandFailure.unusable("the admin API answered what this version cannot read")
    }
  }

  var text: String { String(decoding: self, as: UTF8.self) }
}

extension String {
  /// A name as a part of a path.
  var inPath: String {
    addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-_.")))
      ?? self
  }
}
