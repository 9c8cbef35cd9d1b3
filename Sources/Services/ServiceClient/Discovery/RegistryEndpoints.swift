// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Foundation
public import Logging
internal import NIOCore
internal import NIOHTTP1
internal import ResiliencePolicies
public import ServiceCalls
internal import ServiceLeases
public import ServiceLifecycle

/// Takes the endpoints of services from the registry of a strangler proxy, where their instances
/// register themselves, and again after a while.
///
/// A registry that cannot be asked, or was started a moment ago and has not heard of everybody yet,
/// takes no endpoint away. Services that never registered are not touched.
public struct RegistryEndpoints: Service {
  /// How long an answer may take.
  private static let timeout = TimeAmount.seconds(2)
  /// Largest answer that is read.
  private static let maximumAnswer = 4 << 20

  private let proxy: String
  private let token: String?
  private let scheme: String
  private let registry: ServiceRegistry
  private let interval: Duration
  private let clock: any CallClock
  private let logger: Logger?

  /// Creates a source of endpoints.
  ///
  /// - Parameters:
  ///   - proxy: the admin API's URL without a path, such as `http://10.0.0.2:9901`.
  ///   - token: the admin token or the registry's; nil where none is asked for.
  ///   - scheme: what instances speak, `http` or `https`.
  ///   - registry: whose entries follow the answers.
  ///   - interval: time between two questions.
  ///   - clock: the time.
  ///   - logger: is told of answers that cannot be used.
  public init(
    _ proxy: String, token: String?, scheme: String = "http", registry: ServiceRegistry,
    interval: Duration = .seconds(2), clock: any CallClock = MonotonicClock(),
    logger: Logger? = nil
  ) {
    self.proxy = proxy
    self.token = token
    self.scheme = scheme
    self.registry = registry
    self.interval = interval
    self.clock = clock
    self.logger = logger
  }

  /// Asks until it is cancelled or shut down.
  public func run() async {
    try? await cancelWhenGracefulShutdown {
      var known: [String: [String]] = [:]
      while true {
        do {
          let next = try await listing().endpoints(after: known)
          for name in Set(known.keys).union(next.keys) {
            registry[name].replace(
              (next[name] ?? []).compactMap { ServiceEndpoint("\(scheme)://\($0)") })
          }
          known = next
        } catch {
          logger?.error(
            "Endpoints stay as they are", metadata: ["registry": "\(proxy)", "error": "\(error)"])
        }
        try await clock.sleep(until: clock.now() + interval.milliseconds)
      }
    }
  }

  private func listing() async throws -> RegistryListing {
    var request = HTTPClientRequest(url: proxy + "/registry")
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
    let answer = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
    guard answer.status == .ok else { throw Refused(description: "it answered \(answer.status)") }
    let body = try await answer.body.collect(upTo: Self.maximumAnswer)
    return try JSONDecoder().decode(RegistryListing.self, from: Data(body.readableBytesView))
  }

  private struct Refused: Error, CustomStringConvertible {
    let description: String
  }
}
