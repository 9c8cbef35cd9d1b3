// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOPosix
import RoutingDecisions

@testable import ProxyDataPlane

extension WorkerContext {
  /// What a worker of a configuration would have, without a transport.
  static func testing(_ configuration: ProxyConfiguration) throws -> WorkerContext {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let routing = LiveRouting(try RoutingTable(configuration))
    let counters = ProxyCounters(configuration, rejectionReasons: [], failureReasons: [])
    let parts = ServerParts(
      upstreams: [],
      names: UpstreamNames(
        numbers: routing.current.numbers, paths: ComposedPaths(configuration)),
      routing: routing, counters: counters, watch: RouteWatch(workers: 1),
      accepting: AcceptLimit(1),
      observation: try Observation(configuration, counters: counters.observation, logger: logger),
      takesOver: false, tls: try LiveTLS(configuration, routing.current.numbers),
      shadow: LiveShadow(), logger: logger)
    return WorkerContext(
      configuration, parts, worker: 0, on: MultiThreadedEventLoopGroup.singleton.next())
  }
}
