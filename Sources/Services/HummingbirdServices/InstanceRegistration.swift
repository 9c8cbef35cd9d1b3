// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Foundation
public import Logging
internal import NIOCore
internal import NIOHTTP1
internal import ResiliencePolicies
public import ServiceCalls
public import ServiceClient
public import ServiceLeases
public import ServiceLifecycle

/// Registers this process with a strangler proxy as an instance of a service, for as long as it
/// runs.
///
/// It registers once the process can answer, renews its lease at a third of the term, and is the
/// first to leave when the process is asked to end: then it goes on for `drain`, so that whoever
/// was told of it before still gets answers. Registering is asked of the proxies in turn: those
/// that share a registry have to be told once, those that do not need a registration each.
///
/// Make it the last service of the group: services are told to end from the last to the first, and
/// the server goes on until this one has returned. `ServiceHealth` may stand before it, and drains
/// after it.
///
/// ```swift
/// let port = ServerPort()
/// let server = Application(
///   router: router, onServerRunning: { port.serverRuns(on: $0.localAddress?.port ?? 0) })
/// let registration = InstanceRegistration(
///   name, proxies: ["http://10.0.0.2:9901"], token: token, logger: logger
/// ) { try await "10.0.0.5:\(port.value())" }
/// try await ServiceGroup(services: [server, registration], logger: logger).run()
/// ```
public struct InstanceRegistration: Service {
  /// How long a proxy may take to answer.
  private static let timeout = TimeAmount.seconds(2)
  /// Most bytes of an answer that says why not.
  private static let maximumAnswer = 16 << 10

  private let name: InstanceName
  private let proxies: [String]
  private let token: String?
  private let term: Int
  private let drain: UInt64
  private let clock: any CallClock
  private let logger: Logger
  private let address: @Sendable () async throws -> String

  /// Creates a registration.
  ///
  /// - Parameters:
  ///   - name: of the service, and of this instance; the latter has to differ from that of every
  ///     other process, such as by the name of its container.
  ///   - proxies: URLs of admin APIs that share a registry, without a path; at least one.
  ///   - token: the registry's token, or the admin token; nil where none is asked for.
  ///   - lease: how long the proxy keeps an instance that says nothing, 5 to 300 seconds.
  ///   - drain: how long requests are still taken after it left.
  ///   - clock: the time.
  ///   - logger: is told when it registers, and when that fails.
  ///   - address: returns, once requests can be answered, an address and a port at which the proxy
  ///     reaches it, such as `10.0.0.5:8080`; no name.
  public init(
    _ name: InstanceName, proxies: [String], token: String? = nil,
    lease: Duration = .seconds(30), drain: Duration = .seconds(5),
    clock: any CallClock = MonotonicClock(), logger: Logger,
    address: @escaping @Sendable () async throws -> String
  ) {
    self.name = name
    self.address = address
    self.proxies = proxies
    self.token = token
    let terms = LeaseTable.terms
    term = min(max(Int(lease.components.seconds), terms.lowerBound), terms.upperBound)
    self.drain = drain.milliseconds
    self.clock = clock
    self.logger = logger
  }

  /// Keeps the instance registered until graceful shutdown, and leaves then. Cancelled, it just
  /// stops: the lease ends by itself.
  ///
  /// - Throws: what `address` throws.
  public func run() async throws {
    let asked = try await cancelWhenGracefulShutdown {
      do {
        let address = try await address()
        await keepRegistered(address)
        return true
      } catch is CancellationError {
        return false
      }
    }
    if Task.isCancelled || !asked { return }
    await leave()
    try? await clock.sleep(until: clock.now() + drain)
  }

  /// Returns once it is cancelled.
  private func keepRegistered(_ address: String) async {
    var keeping = LeaseKeeping(term: term)
    var (turn, wasRegistered) = (0, false)
    while !Task.isCancelled {
      let sent = clock.now()
      // One that was sent is waited for: it must not arrive after it was said that this one leaves.
      let (answer, reason) = await Task { [turn] in
        await ask(.PUT, proxies[turn], Lease(endpoint: address, lease: term))
      }.value
      if Task.isCancelled { return }
      let next = keeping.answered(
        answer, sent: sent, at: clock.now(), draw: .random(in: 0 ... .max))
      let isRegistered = keeping.isRegistered(at: clock.now())
      var metadata = metadata(turn)
      metadata["endpoint"] = "\(address)"
      if answer != .taken {
        metadata["reason"] = "\(reason)"
        logger.warning(
          isRegistered ? "Renewing the lease failed" : "Registering failed", metadata: metadata)
        turn = (turn + 1) % proxies.count
      } else if !wasRegistered {
        logger.notice("Registered", metadata: metadata)
      }
      wasRegistered = isRegistered
      try? await clock.sleep(until: next)
    }
  }

  /// Says so to one proxy after the other until one of them takes it.
  private func leave() async {
    for turn in proxies.indices {
      let (answer, reason) = await ask(.DELETE, proxies[turn])
      var metadata = metadata(turn)
      if answer == .taken { return logger.notice("Deregistered", metadata: metadata) }
      metadata["reason"] = "\(reason)"
      logger.warning("Deregistering failed", metadata: metadata)
    }
  }

  private func metadata(_ turn: Int) -> Logger.Metadata {
    ["instance": "\(name)", "proxy": "\(proxies[turn])"]
  }

  private struct Lease: Encodable {
    let endpoint: String
    let lease: Int
  }

  private func ask(
    _ method: HTTPMethod, _ proxy: String, _ lease: Lease? = nil
  ) async -> (answer: LeaseKeeping.Answer, reason: String) {
    var request = HTTPClientRequest(
      url: "\(proxy)/registry/\(name.service)/\(name.instance)")
    request.method = method
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
    do {
      if let lease {
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(try JSONEncoder().encode(lease))
      }
      let answer = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
      let body = try await answer.body.collect(upTo: Self.maximumAnswer)
      switch answer.status.code {
      case 200..<300: return (.taken, "")
      // It has left already.
      case 404 where method == .DELETE: return (.taken, "")
      case let status:
        return (status < 500 ? .refused : .failed, "\(status): \(String(buffer: body))")
      }
    } catch {
      return (.failed, "\(error)")
    }
  }
}
