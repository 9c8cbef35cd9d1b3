// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import ResiliencePolicies
import RoutingDecisions

/// One health check of one endpoint: a connection of its own, one GET, the status line.
enum HealthProbe {
  /// What is wrong with the endpoint; nil when the check passed.
  static func failure(of endpoint: NetworkAddress, _ rules: HealthCheckRules) async -> String? {
    guard let address = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) else {
      return "no address"
    }
    let timeout = TimeAmount(rules.timeout)
    do {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(timeout)
        .connect(to: address).get()
      guard let path = rules.path else {
        try? await channel.close()
        return nil
      }
      let answered = channel.eventLoop.makePromise(of: String?.self)
      let expiry = channel.eventLoop.scheduleTask(in: timeout) {
        answered.succeed("no answer in time")
      }
      let request =
        "GET \(path) HTTP/1.1\r\nhost: \(endpoint)\r\nuser-agent: strangler-health-check\r\n"
        + "connection: close\r\n\r\n"
      try await channel.eventLoop.submit {
        try channel.pipeline.syncOperations.addHandler(StatusLineReader(answered))
        channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
      }.get()
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
}

/// Reads as far as the status.
private final class StatusLineReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private static let beginning = "HTTP/1.x 200".utf8.count

  private let answered: EventLoopPromise<String?>
  private var received: [UInt8] = []
  private var isDone = false

  init(_ answered: EventLoopPromise<String?>) { self.answered = answered }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isDone { return }
    received += unwrapInboundIn(data).readableBytesView.prefix(Self.beginning - received.count)
    if received.count == Self.beginning { judge() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if !isDone { end("closed before it answered") }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if !isDone { end("\(error)") }
    context.close(promise: nil)
  }

  private func judge() {
    let text = String(decoding: received, as: UTF8.self)
    let parts = text.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
      return end("not HTTP")
    }
    end((200..<300).contains(status) ? nil : "status \(status)")
  }

  private func end(_ failure: String?) {
    isDone = true
    answered.succeed(failure)
  }
}
