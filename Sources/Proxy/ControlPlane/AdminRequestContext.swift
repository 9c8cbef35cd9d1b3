// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import NIOCore

/// What the admin API knows about a request besides the request: who sent it.
struct AdminRequestContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The client's address without port.
  let clientAddress: String

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    clientAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
  }
}
