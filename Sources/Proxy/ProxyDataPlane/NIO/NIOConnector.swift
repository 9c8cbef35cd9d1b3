// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import NIOPosix
import RoutingDecisions
import TLSEngine

/// Makes connections to one endpoint.
final class NIOConnector {
  private let socketAddress: SocketAddress?
  private let upstream: Int
  private let eventLoop: any EventLoop
  private let context: WorkerContext
  private let tlsWorkspace: TLSWorkspace
  private let speaksHTTP2: Bool
  private let host: String
  private var report: HandshakeReport

  /// `upstream`: number of the one that the endpoint belongs to.
  init(_ seat: EndpointSeat, upstream: Int, speaksHTTP2: Bool, _ worker: Worker) {
    self.upstream = upstream
    self.speaksHTTP2 = speaksHTTP2
    eventLoop = worker.eventLoop
    context = worker.context
    tlsWorkspace = worker.tlsWorkspace
    host = seat.name.host
    let address = seat.address
    report = HandshakeReport(address)
    socketAddress = try? SocketAddress(ipAddress: address.host, port: address.port)
  }

  func connect(_ pool: EndpointPool<NIOLink>) {
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(.milliseconds(Int64(context.workspace.timeouts.connect)))
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.recvAllocator, value: ChannelTuning.receiveAllocator)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.writeBufferWaterMark, value: ChannelTuning.writeWaterMark)
    guard let socketAddress else { return pool.failed(.connectFailed) }
    let attempt = bootstrap.connect(to: socketAddress)
    attempt.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let channel):
        if let tls = self.context.tls.upstream(self.upstream) {
          self.secure(channel, tls, pool)
        } else {
          self.use(channel, nil, pool)
        }
      case .failure(let error): pool.failed(Self.meaning(of: error))
      }
    }
  }

  private static func meaning(of error: any Error) -> UpstreamFailure {
    if case .connectTimeout? = error as? ChannelError { return .connectTimeout }
    guard let error = error as? IOError, SystemErrorText.isExhaustion(error.errnoCode) else {
      return .connectFailed
    }
    return .outOfResources
  }

  /// The channel is a connection for requests.
  private func use(
    _ channel: any Channel, _ tls: TLSHandler?, _ pool: EndpointPool<NIOLink>
  ) {
    do {
      if speaksHTTP2 {
        guard let session = UpstreamSession(context, isSecure: tls != nil) else {
          throw TLSFailure.noMemory
        }
        let handler = UpstreamSessionChannel(context.workspace, session, tls)
        try channel.pipeline.syncOperations.addHandler(handler)
        pool.opened(NIOLink(handler, pool))
        handler.flush()
      } else {
        let handler = UpstreamChannel(context.workspace, tls)
        try channel.pipeline.syncOperations.addHandler(handler)
        pool.opened(NIOLink(handler, pool))
      }
    } catch {
      channel.close(promise: nil)
      pool.failed(error is TLSFailure ? .outOfResources : .connectFailed)
    }
  }
}

// MARK: - TLS

extension NIOConnector {
  private func secure(
    _ channel: any Channel, _ tls: TLSClientContext, _ pool: EndpointPool<NIOLink>
  ) {
    guard let engine = TLSEngine(tls, host: host, tlsWorkspace) else {
      return refuse(channel, .impossibleName, pool)
    }
    let handler = TLSHandler(engine, isServer: false)
    let overdue = eventLoop.assumeIsolated().scheduleTask(
      in: .milliseconds(Int64(context.workspace.timeouts.connect))
    ) {
      handler.endHandshake(.timeout)
    }
    handler.onHandshakeEnd = { failure in
      overdue.cancel()
      if let failure { return self.refuse(channel, failure, pool) }
      if self.speaksHTTP2, engine.applicationProtocol != .http2 {
        return self.refuse(channel, .noCommonProtocol, pool)
      }
      self.context.counters.shookHands(.upstream, engine)
      self.use(channel, handler, pool)
    }
    do {
      try channel.pipeline.syncOperations.addHandler(handler)
    } catch {
      handler.endHandshake(.peerGone)
    }
  }

  private func refuse(
    _ channel: any Channel, _ failure: TLSFailure, _ pool: EndpointPool<NIOLink>
  ) {
    context.counters.handshakeFailed(.upstream, failure)
    report.failed(failure, context)
    channel.close(promise: nil)
    pool.failed(failure.meaning)
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
