// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import ResiliencePolicies
import RoutingDecisions
import TLSEngine

/// One health check of one endpoint: a connection of its own, made as those for requests are, and
/// one GET of which the status counts.
struct HealthProbe: Sendable {
  static let userAgent: StaticString = "strangler-health-check"

  private let endpoint: EndpointPlace
  private let rules: HealthCheckRules
  private let speaksHTTP2: Bool
  private let tls: TLSClientContext?

  /// `tls`: nil speaks in clear.
  init(
    _ endpoint: EndpointPlace, _ rules: HealthCheckRules, speaksHTTP2: Bool,
    _ tls: TLSClientContext?
  ) {
    self.endpoint = endpoint
    self.rules = rules
    self.speaksHTTP2 = speaksHTTP2
    self.tls = tls
  }

  /// What is wrong with the endpoint; nil when the check passed.
  func failure() async -> String? {
    let address = endpoint.address
    guard let socket = try? SocketAddress(ipAddress: address.host, port: address.port) else {
      return "no address"
    }
    let timeout = TimeAmount(rules.timeout)
    do {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(timeout)
        // A server of HTTP/2 speaks at once, and must not be read before somebody listens.
        .channelOption(.autoRead, value: false)
        .connect(to: socket).get()
      let answered = channel.eventLoop.makePromise(of: String?.self)
      let expiry = channel.eventLoop.scheduleTask(in: timeout) {
        answered.succeed("no answer in time")
      }
      channel.closeFuture.whenComplete { _ in answered.succeed("closed before it answered") }
      channel.eventLoop.execute { begin(on: channel, answered) }
      let failure = try await answered.futureResult.get()
      expiry.cancel()
      channel.close(promise: nil)
      return failure
    } catch let error as NIOConnectionError {
      return error.connectionErrors.first.map { "\($0.error)" } ?? "cannot connect"
    } catch {
      return "\(error)"
    }
  }

  // MARK: On the channel's loop

  private typealias Answer = EventLoopPromise<String?>

  private func begin(on channel: any Channel, _ answered: Answer) {
    defer { channel.setOption(.autoRead, value: true).whenFailure { answered.fail($0) } }
    guard let tls else { return ask(on: channel, answered) }
    // A check may take memory of its own: connections for requests share that of their loops.
    guard let engine = TLSEngine(tls, host: endpoint.name.host, TLSWorkspace()) else {
      return answered.succeed(TLSFailure.impossibleName.detail)
    }
    let handler = TLSHandler(engine, isServer: false)
    handler.onHandshakeEnd = { failure in
      if let failure { return answered.succeed(failure.detail) }
      if speaksHTTP2, engine.applicationProtocol != .http2 {
        return answered.succeed(TLSFailure.noCommonProtocol.detail)
      }
      ask(on: channel, answered)
    }
    add(handler, to: channel, answered)
  }

  private func ask(on channel: any Channel, _ answered: Answer) {
    guard let path = rules.path else { return answered.succeed(nil) }
    let question = HealthQuestion(
      path: path, authority: "\(endpoint.name)", isSecure: tls != nil,
      answer: { answered.succeed($0) })
    if speaksHTTP2 {
      add(HTTP2HealthQuestion(question), to: channel, answered)
    } else {
      add(HTTP1HealthQuestion(question), to: channel, answered)
    }
  }

  private func add(_ handler: some ChannelHandler, to channel: any Channel, _ answered: Answer) {
    do {
      try channel.pipeline.syncOperations.addHandler(handler)
    } catch {
      answered.succeed("\(error)")
    }
  }
}

/// What an endpoint is asked, and who hears what is wrong with it.
struct HealthQuestion {
  let path: String
  let authority: String
  let isSecure: Bool
  /// Gets nil when nothing is wrong; only the first answer counts.
  let answer: (String?) -> Void

  func judge(status: Int) {
    answer((200..<300).contains(status) ? nil : "status \(status)")
  }
}
