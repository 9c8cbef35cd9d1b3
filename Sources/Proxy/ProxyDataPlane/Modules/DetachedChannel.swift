// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RoutingDecisions

/// What a module sees of a client's socket: its loop, its addresses and its end.
///
/// Frameworks build their request contexts around a channel. Nobody but the proxy may write to a
/// client or close it, and this channel refuses both.
final class DetachedChannel: Channel, @unchecked Sendable {  // mutable parts belong to its loop
  let eventLoop: any EventLoop
  let allocator = ByteBufferAllocator()
  let localAddress: SocketAddress?
  let remoteAddress: SocketAddress?
  let parent: (any Channel)? = nil
  private let ended: EventLoopPromise<Void>
  private var ownPipeline: ChannelPipeline?
  private var hasEnded = false

  init(_ loop: any EventLoop, remoteAddress: NetworkAddress?, localAddress: NetworkAddress?) {
    eventLoop = loop
    self.remoteAddress = Self.socketAddress(remoteAddress)
    self.localAddress = Self.socketAddress(localAddress)
    ended = loop.makePromise()
    ownPipeline = ChannelPipeline(channel: self)
  }

  var closeFuture: EventLoopFuture<Void> { ended.futureResult }
  var pipeline: ChannelPipeline { ownPipeline ?? ChannelPipeline(channel: self) }
  var isWritable: Bool { false }
  var isActive: Bool { !hasEnded }
  var _channelCore: any ChannelCore { self }

  func setOption<Option: ChannelOption>(
    _ option: Option, value: Option.Value
  ) -> EventLoopFuture<Void> {
    eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }

  func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
    eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }

  /// The client is gone. On the loop.
  func end() {
    if hasEnded { return }
    hasEnded = true
    ended.succeed()
    if let pipeline = ownPipeline { removeHandlers(pipeline: pipeline) }
    // The pipeline and the channel hold each other.
    ownPipeline = nil
  }

  private static func socketAddress(_ address: NetworkAddress?) -> SocketAddress? {
    address.flatMap { try? SocketAddress(ipAddress: $0.host, port: $0.port) }
  }
}

extension DetachedChannel: ChannelCore {
  func localAddress0() throws -> SocketAddress {
    guard let localAddress else { throw ChannelError.unknownLocalAddress }
    return localAddress
  }

  func remoteAddress0() throws -> SocketAddress {
    guard let remoteAddress else { throw ChannelError.unknownLocalAddress }
    return remoteAddress
  }

  func register0(promise: EventLoopPromise<Void>?) { refuse(promise) }
  func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { refuse(promise) }
  func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { refuse(promise) }
  func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) { refuse(promise) }
  func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) { refuse(promise) }
  func flush0() {}
  func read0() {}
  func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    refuse(promise)
  }
  func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
    refuse(promise)
  }
  func channelRead0(_ data: NIOAny) {}
  func errorCaught0(error: any Error) {}

  private func refuse(_ promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
}
