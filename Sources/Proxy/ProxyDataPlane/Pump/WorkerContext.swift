// SPDX-License-Identifier: Apache-2.0

import GraphQLRequests
import HTTP2Engine
import HTTPExchange
import Logging
import NIOCore
import RoutingDecisions

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What all connections of one worker share, whatever carries their bytes.
final class WorkerContext {
  /// How often deadlines are looked at; a timeout may come this much late.
  static let tickMilliseconds: Int64 = 20

  /// Fields that the proxy adds to an answer at most.
  private static let ownFields = 8

  let workspace: ExchangeWorkspace
  @exclusivity(unchecked) private(set) var counters: WorkerCounters {
    didSet { uncountedCounters = .passUnretained(counters) }
  }
  /// The same ones, for the end of each request: `counters` keeps them alive.
  @exclusivity(unchecked) private var uncountedCounters: Unmanaged<WorkerCounters>
  let limits: ProxyLimits
  /// Of bytes that are kept.
  let memory: MemoryBudget
  /// What one client's connection of HTTP/2 may ask for.
  let http2: HTTP2Limits
  /// Memory for the heads of requests under way, and for what streams hold for a moment.
  @exclusivity(unchecked) var blocks = BlockCache()
  /// What is about to be sent on a stream; empty between two sections.
  @exclusivity(unchecked) var fields: HTTP2Fields
  let logger: Logger
  let accepting: AcceptLimit
  /// nil without an access log and without tracing.
  let observer: RequestObserver?
  /// Counts requests for the gates of cutovers.
  let watch: WorkerWatch
  let tls: LiveTLS
  let shadow: LiveShadow
  /// By the routes' numbers.
  private var shadowRoutes: [ShadowRoute?]
  private let index: Int
  private let allCounters: ProxyCounters
  /// By number, like the upstreams'.
  private var routeNames: [String]
  private var upstreamNames: [String]
  /// Where requests get their place, by the number of their upstream.
  @exclusivity(unchecked) private(set) var gates: [UpstreamGate] = []
  /// The same without counting: a gate lives as long as its worker, and a request asks for its own
  /// five times.
  @exclusivity(unchecked) private var uncountedGates: [Unmanaged<UpstreamGate>] = []
  private var random = WorkerRandom()
  let eventLoop: any EventLoop
  let trust: PeerTrust
  /// The numbers of the upstreams in force, and the paths to those that are composed.
  @exclusivity(unchecked) private(set) var names: UpstreamNames
  @exclusivity(unchecked) private var dateIsDue: UInt64 = 0
  @exclusivity(unchecked) private var routing: CachedRouting

  init(
    _ configuration: ProxyConfiguration, _ shared: ServerParts, worker: Int,
    on eventLoop: any EventLoop
  ) {
    self.eventLoop = eventLoop
    workspace = ExchangeWorkspace(
      limits: MessageLimits(configuration.limits),
      timeouts: ExchangeTimeouts(configuration.timeouts))
    index = worker
    allCounters = shared.counters
    counters = shared.counters.worker(worker)
    uncountedCounters = .passUnretained(counters)
    memory = shared.counters.memory.worker(worker)
    limits = configuration.limits
    http2 = HTTP2Limits(configuration.limits.http2)
    logger = shared.logger
    accepting = shared.accepting
    observer = RequestObserver(shared.observation, worker: worker)
    watch = shared.watch.workers[worker]
    routeNames = configuration.routes.map(\.name)
    trust = PeerTrust(configuration)
    tls = shared.tls
    shadow = shared.shadow
    shadowRoutes = shadow.routes
    upstreamNames = configuration.upstreams.map(\.name)
    names = shared.names
    routing = CachedRouting(shared.routing)
    fields = HTTP2Fields(capacity: workspace.limits.fieldCount + Self.ownFields)
    tellTime()
    trust.takeUp(hasShadows: hasShadows)
  }

  private var hasShadows: Bool { shadowRoutes.contains { $0 != nil } }

  /// Takes up what a change brought, before the first decision that names it.
  func adopt(_ change: WorkerChange) {
    counters = allCounters.growWorker(index)
    routeNames = change.numbers.routes
    upstreamNames = change.numbers.upstreams.map(\.name)
    names = UpstreamNames(numbers: change.numbers, paths: change.paths)
    workspace.timeouts = ExchangeTimeouts(change.timeouts)
    shadowRoutes = shadow.routes
    trust.takeUp(hasShadows: hasShadows)
  }

  func shadowRoute(_ index: Int) -> ShadowRoute? {
    shadowRoutes.indices.contains(index) ? shadowRoutes[index] : nil
  }

  func decide(_ view: RequestView) -> RoutingDecision { routing.decide(view) }

  func decide(_ view: RequestView, operation: GraphQLOperation?) -> RoutingDecision {
    routing.decide(view, operation: operation)
  }

  /// Some route asks for the operation of GraphQL requests.
  var asksForOperations: Bool { routing.asksForOperations }

  /// Whether a route that the path fits does.
  func asksForOperation(_ view: RequestView) -> Bool { routing.table.asksForOperation(view) }

  func permitsUpgrade(to name: UnsafeRawBufferPointer, route: Int) -> Bool {
    routing.table.permitsUpgrade(to: name, route: route)
  }

  func routeName(_ index: Int) -> String? {
    routeNames.indices.contains(index) ? routeNames[index] : nil
  }

  func upstreamName(_ index: Int) -> String? {
    upstreamNames.indices.contains(index) ? upstreamNames[index] : nil
  }

  /// Makes the gate of the upstream whose number comes next.
  func makeGate(_ upstream: SharedUpstream) -> UpstreamGate {
    let gate = UpstreamGate(upstream, self)
    gates.append(gate)
    uncountedGates.append(.passUnretained(gate))
    return gate
  }

  /// What the gate of an upstream answers.
  @inline(__always)
  func withGate<Value>(_ upstream: Int, _ body: (UpstreamGate) -> Value) -> Value {
    uncountedGates[upstream]._withUnsafeGuaranteedRef(body)
  }

  /// Counts without counting the references to what counts.
  @inline(__always)
  func count(_ body: (WorkerCounters) -> Void) { uncountedCounters._withUnsafeGuaranteedRef(body) }

  /// Hands over what was counted.
  func flushGates() {
    for gate in gates { gate.flush() }
  }

  var hasUnflushedGates: Bool { gates.contains { $0.isUnflushed } }

  /// A random number.
  func draw() -> UInt64 { random.next() }

  /// Runs something on the loop once the work at hand is done.
  func execute(_ task: @escaping () -> Void) {
    let confined = Confined(task)
    eventLoop.execute { confined.value() }
  }

  /// Nanoseconds that never go back.
  static func clock() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// Sets the workspace's clock, which counts from the same moment as `clock`.
  func tellTime(_ nanoseconds: UInt64 = clock()) {
    workspace.now = nanoseconds / 1_000_000
    // The wall clock is asked for the date once a second.
    if workspace.now >= dateIsDue {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      workspace.tellDate(unixSeconds: Int(time.tv_sec))
      dateIsDue = workspace.now &+ UInt64(1_000 - time.tv_nsec / 1_000_000)
    }
  }
}

/// What a server hands to the transport that it runs on.
struct ServerParts: Sendable {
  let upstreams: [UpstreamParts]
  let names: UpstreamNames
  let routing: LiveRouting
  let counters: ProxyCounters
  let watch: RouteWatch
  let accepting: AcceptLimit
  let observation: Observation
  /// Another process may listen on the port, and will leave it.
  let takesOver: Bool
  let tls: LiveTLS
  let shadow: LiveShadow
  let logger: Logger
}

/// By what upstreams that ask others find those, and what they ask them for.
struct UpstreamNames: Sendable {
  let numbers: RoutingNumbers
  let paths: ComposedPaths
}

/// What a changed configuration brings to each worker.
struct WorkerChange: Sendable {
  let timeouts: ProxyTimeouts
  let numbers: RoutingNumbers
  let paths: ComposedPaths
  /// What stands behind the upstreams that were added; their numbers follow those before.
  let added: [UpstreamParts]
}

/// Carries a loop's object through another thread and back.
struct Confined<Value>: @unchecked Sendable {  // `value` is used on its loop only
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// SplitMix64, seeded by the system: jitter and shares need numbers that cost little, not secrets.
private struct WorkerRandom {
  private var state = UInt64.random(in: .min ... .max)

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
