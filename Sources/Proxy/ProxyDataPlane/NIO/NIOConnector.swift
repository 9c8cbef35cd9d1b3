// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import NIOPosix
import RoutingDecisions

/// Makes connections to one endpoint.
final class NIOConnector {
  private let socketAddress: SocketAddress?
  private let eventLoop: any EventLoop
  private let workspace: ExchangeWorkspace
  private let speaksHTTP2: Bool

  init(
    _ address: NetworkAddress, _ eventLoop: any EventLoop, _ workspace: ExchangeWorkspace,
    speaksHTTP2: Bool
  ) {
    self.speaksHTTP2 = speaksHTTP2
    self.eventLoop = eventLoop
    self.workspace = workspace
    socketAddress = try? SocketAddress(ipAddress: address.host, port: address.port)
  }

  func connect(_ pool: EndpointPool<NetworkLink>) {
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(.milliseconds(Int64(workspace.timeouts.connect)))
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.recvAllocator, value: ChannelTuning.receiveAllocator)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.writeBufferWaterMark, value: ChannelTuning.writeWaterMark)
    guard let socketAddress else { return pool.failed(.connectFailed) }
    let attempt = bootstrap.connect(to: socketAddress)
    let workspace = workspace
    let codec = speaksHTTP2 ? UpstreamCodec(workspace) : nil
    attempt.assumeIsolated().whenComplete { result in
      do {
        let channel = try result.get()
        let link = NetworkLink(pool, workspace, codec)
        do {
          try channel.pipeline.syncOperations.addHandler(link)
        } catch {
          channel.close(promise: nil)
          throw error
        }
        pool.opened(link)
      } catch {
        let isTimeout = if case .connectTimeout? = error as? ChannelError { true } else { false }
        pool.failed(isTimeout ? .connectTimeout : .connectFailed)
      }
    }
  }
}

/// Socket settings of both sides.
enum ChannelTuning {
  /// Grows with the messages, so that large bodies take few reads and idle peers little memory.
  static let receiveAllocator = AdaptiveRecvByteBufferAllocator(
    minimum: 2048, initial: 4096, maximum: 128 * 1024)
  /// Above the high mark the other side is not read from.
  static let writeWaterMark = ChannelOptions.Types.WriteBufferWaterMark(
    low: 64 * 1024, high: 256 * 1024)
}
