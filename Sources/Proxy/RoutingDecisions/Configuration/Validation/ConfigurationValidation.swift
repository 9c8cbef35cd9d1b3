// SPDX-License-Identifier: Apache-2.0

extension ProxyConfiguration {
  /// Everything that is wrong or doubtful about it, by key; places are known to the decoder only.
  public func diagnostics() -> [Diagnostic] { diagnostics(transports: TransportKind.available) }

  /// The same for a platform that has these transports.
  package func diagnostics(transports: [TransportKind]) -> [Diagnostic] {
    var checks = ConfigurationChecks(configuration: self, transports: transports)
    checks.run(skippingMatchesOf: [])
    return checks.diagnostics
  }

  /// The same for a decoded configuration, without what follows from a mistake already found.
  func findings(excluding findings: Findings) -> [Diagnostic] {
    var checks = ConfigurationChecks(configuration: self)
    let placeholders = routes.indices.filter { findings.hasError(at: "routes[\($0)].match") }
    checks.run(skippingMatchesOf: Set(placeholders))
    return checks.diagnostics.filter { !findings.hasError(at: $0.key) }
  }
}

/// The checks that need the decoded value, each in one function.
struct ConfigurationChecks {
  let configuration: ProxyConfiguration
  /// What the platform has.
  let transports: [TransportKind]
  private(set) var diagnostics: [Diagnostic] = []

  init(
    configuration: ProxyConfiguration, transports: [TransportKind] = TransportKind.available
  ) {
    self.configuration = configuration
    self.transports = transports
  }

  mutating func run(skippingMatchesOf placeholders: Set<Int>) {
    checkListeners()
    checkTransport()
    checkNumbers()
    checkObservation()
    checkInternalHeaders()
    checkUpstreams()
    checkTLS()
    checkRoutes()
    checkGroups()
    checkCutovers()
    checkReachability(skipping: placeholders)
  }

  mutating func error(_ key: String, _ message: String) {
    diagnostics.append(Diagnostic(.error, key: key, message: message))
  }

  mutating func warning(_ key: String, _ message: String) {
    diagnostics.append(Diagnostic(.warning, key: key, message: message))
  }

  private mutating func checkListeners() {
    checkJournal()
    checkRegistry()
    guard let admin = configuration.admin else { return }
    if !admin.listen.isLoopback, !admin.asksForToken {
      error(
        "proxy.admin",
        "\(admin.listen) can be reached from other machines: listen on 127.0.0.1, or set "
          + "admin-token-env to the name of an environment variable that holds a token")
    }
    if admin.listen == configuration.listen, admin.listen.port != 0 {
      error("proxy.admin", "the proxy itself listens on \(admin.listen); choose another port")
    }
  }

  private mutating func checkTransport() {
    if transports.contains(configuration.transport) { return }
    let names = transports.map(\.rawValue).joined(separator: ", ")
    error(
      "proxy.transport",
      "\(configuration.transport.rawValue) is not available on this platform; use \(names), or "
        + "leave the key out")
  }

  private mutating func checkInternalHeaders() {
    for (index, name) in configuration.internalHeaders.enumerated() {
      let key = "proxy.internal-headers[\(index)]"
      if !HTTPToken.isValid(name) {
        error(key, "expected a header field's name, found \"\(name)\"")
      } else if ["host", "content-length", "transfer-encoding", "connection"].contains(
        name.lowercased())
      {
        error(key, "\(name) belongs to every request and cannot be internal")
      }
    }
  }

  private mutating func checkNumbers() {
    check(configuration.workers, in: 1...256, "proxy.workers")
    let limits = configuration.limits
    check(limits.requestLine, in: 256...(1 << 20), "proxy.limits.request-line")
    check(limits.field, in: 256...(1 << 20), "proxy.limits.field")
    check(limits.head, in: 1024...(4 << 20), "proxy.limits.head")
    check(limits.fields, in: 8...10_000, "proxy.limits.fields")
    check(limits.requestBody, in: 0...(1 << 50), "proxy.limits.request-body")
    check(limits.bodyRate, in: 0...(1 << 30), "proxy.limits.body-rate")
    check(limits.clientConnections, in: 1...1_000_000, "proxy.limits.client-connections")
    check(limits.upstreamConnections, in: 1...100_000, "proxy.limits.upstream-connections")
    check(limits.upstreamStreams, in: 1...10_000, "proxy.limits.upstream-streams")
    check(limits.upstreamQueue, in: 0...1_000_000, "proxy.limits.upstream-queue")
    let least = configuration.workers * ProxyLimits.leastMemoryOfWorker
    if limits.memory != 0, limits.memory < least {
      error(
        "proxy.limits.memory",
        "each worker needs \(ProxyLimits.leastMemoryOfWorker >> 20)MiB: expected at least "
          + "\(least >> 20)MiB, or 0B for no limit")
    }
    for (name, path, range) in HTTP2ClientLimits.sizeKeys + HTTP2ClientLimits.countKeys {
      check(limits.http2[keyPath: path], in: range, "proxy.limits.http2.\(name)")
    }
    if limits.http2.streamWindow > limits.http2.connectionWindow {
      warning(
        "proxy.limits.http2.stream-window",
        "without effect beyond connection-window, which holds for all streams together")
    }
    if limits.field > limits.head {
      error("proxy.limits.field", "one field may not be larger than the whole head")
    }
    for (name, path) in ProxyTimeouts.keys where configuration.timeouts[keyPath: path] <= .zero {
      error("proxy.timeouts.\(name)", "expected a duration longer than 0")
    }
    if let total = configuration.timeouts.total, total <= .zero {
      error("proxy.timeouts.total", "expected a duration longer than 0, or off")
    }
  }

  mutating func check(_ number: Int, in range: ClosedRange<Int>, _ key: String) {
    if !range.contains(number) {
      error(key, "expected \(range.lowerBound) to \(range.upperBound), found \(number)")
    }
  }

  private mutating func checkUpstreams() {
    if configuration.upstreams.isEmpty { error("upstreams", "expected at least one upstream") }
    let routed = Set(configuration.routes.flatMap { [$0.legacy, $0.extracted ?? ""] })
    let used = configuration.upstreams(behind: routed)
    var names: Set<String> = []
    for upstream in configuration.upstreams {
      let key = "upstreams.\(upstream.name)"
      if !ConfigurationName.isValid(upstream.name) {
        error(key, "expected \(ConfigurationName.expected) as its key")
      }
      if !names.insert(upstream.name).inserted { error(key, "another upstream has this name") }
      if !used.contains(upstream.name) { warning(key, "no route uses this upstream") }
      checkPolicies(of: upstream, key)
      if let plan = upstream.composition { checkComposition(plan, of: upstream) }
      if let service = upstream.service { checkRegistered(service, "\(key).registry") }
      guard case .network(let endpoints) = upstream.target else { continue }
      if endpoints.isEmpty { error("\(key).endpoints", "expected at least one address") }
      for (index, endpoint) in endpoints.enumerated() {
        checkEndpoint(
          endpoint, "\(key).endpoints[\(index)]", isTwice: endpoints[..<index].contains(endpoint))
      }
    }
  }

  private mutating func checkRegistered(_ service: String, _ key: String) {
    if !ConfigurationName.isValid(service) || service.hasPrefix(".") {
      error(key, "expected \(ConfigurationName.expected), the first of them no \".\"")
    }
    if configuration.admin == nil, configuration.registry?.url == nil {
      error(key, "nobody can register: set proxy.admin, or proxy.registry.url")
    }
  }

  private mutating func checkEndpoint(_ endpoint: NetworkAddress, _ key: String, isTwice: Bool) {
    if endpoint.port == 0 { error(key, "expected a port from 1 to 65535, found 0") }
    if endpoint == configuration.listen {
      error(key, "the proxy itself listens on \(endpoint): requests would go round in circles")
    }
    if isTwice { warning(key, "\(endpoint) stands here twice") }
  }
}
