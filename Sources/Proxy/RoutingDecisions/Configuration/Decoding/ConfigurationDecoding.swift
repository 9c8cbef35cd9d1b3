// SPDX-License-Identifier: Apache-2.0

/// What a configuration document says, with everything that is wrong with it.
public struct DecodedConfiguration: Sendable, Equatable {
  /// The configuration; nil when there is an error.
  public let configuration: ProxyConfiguration?
  /// Where orders are taken, also where something else of the document is wrong: who takes users
  /// back need not mend a file first. nil when it says nothing of it, or nothing that can be used.
  public let admin: AdminConfiguration?
  /// Errors and warnings in file order.
  public let diagnostics: [Diagnostic]
  /// Where its keys stand; nil for what was not decoded from a document.
  private let places: ConfigurationPlaces?
  /// Every key that could stand in one of the document's mappings; empty for what was not decoded
  /// from a document.
  package let knownKeys: Set<String>

  /// Those that stand there, with the keys and items around them.
  package var keys: Set<String> { places.map { Set($0.marks.keys) } ?? [] }

  /// A document that could not even be read.
  public init(unreadable diagnostics: [Diagnostic]) {
    self.init(nil, diagnostics, nil)
  }

  private init(
    _ configuration: ProxyConfiguration?, _ diagnostics: [Diagnostic],
    _ places: ConfigurationPlaces?, knownKeys: Set<String> = []
  ) {
    self.knownKeys = knownKeys
    self.diagnostics = diagnostics
    let isUsable = !diagnostics.contains { $0.severity == .error }
    self.configuration = isUsable ? configuration : nil
    let isAdminUsable = !diagnostics.contains {
      $0.severity == .error && $0.key.hasPrefix("proxy.admin")
    }
    admin = isAdminUsable ? configuration?.admin : nil
    self.places = places
  }

  /// A configuration that was written in Swift, with what is wrong with it.
  public init(_ configuration: ProxyConfiguration) {
    self.init(configuration, configuration.diagnostics(), nil)
  }

  /// Decodes and validates a document; everything that is wrong is found in one go.
  ///
  /// `file` is the file's name as the user gave it, for the diagnostics.
  public init(decoding document: ConfigurationNode, file: String) {
    let findings = Findings(file: file)
    let configuration = ConfigurationDecoder(findings).decode(document)
    if let configuration { findings.add(configuration.findings(excluding: findings)) }
    self.init(
      configuration, Self.inFileOrder(findings.diagnostics), findings.places,
      knownKeys: findings.knownKeys)
  }

  /// The same with what else was found out, such as by reading the files that it names. Each
  /// finding gets the place of its key, or of the nearest one around it.
  public func adding(_ found: [Diagnostic]) -> DecodedConfiguration {
    let placed = found.map { diagnostic in places?.place(diagnostic) ?? diagnostic }
    return DecodedConfiguration(
      configuration, Self.inFileOrder(diagnostics + placed), places, knownKeys: knownKeys)
  }

  /// The configuration, or an error that carries the diagnostics.
  public func get() throws(InvalidConfiguration) -> ProxyConfiguration {
    guard let configuration else { throw InvalidConfiguration(diagnostics) }
    return configuration
  }

  private static func inFileOrder(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    diagnostics.enumerated().sorted { left, right in
      guard let first = left.element.location, let second = right.element.location,
        first != second
      else { return left.offset < right.offset }
      return first < second
    }.map(\.element)
  }
}

/// Turns the document's tree into the configuration's values.
struct ConfigurationDecoder {
  let findings: Findings

  init(_ findings: Findings) {
    self.findings = findings
  }

  /// Nil when a part without which nothing can be checked is missing.
  func decode(_ document: ConfigurationNode) -> ProxyConfiguration? {
    let top = MappingReader.Child(key: "", node: document)
    let expected = "a mapping with the keys proxy, upstreams and routes"
    guard var reader = MappingReader(top, expected: expected, findings) else { return nil }
    var configuration = ProxyConfiguration(upstreams: [], routes: [])
    if let proxy = reader.child("proxy") { decodeProxy(proxy, into: &configuration) }
    let upstreams = reader.child("upstreams")
    if upstreams == nil { reader.missing("upstreams", "upstreams by name") }
    let routes = reader.child("routes")
    if routes == nil { reader.missing("routes", "a list of routes") }
    let cutovers = reader.child("cutovers")
    // For `strangler analyze`, `strangler outbox` and `strangler data`; checked here too: a slip is
    // told of wherever the file is read.
    _ = reader.child("analysis").flatMap(decodeAnalysis)
    _ = reader.child("outbox").flatMap(decodeOutbox)
    _ = reader.child("data").flatMap(decodeData)
    reader.finish()
    configuration.upstreams = upstreams.map(decodeUpstreams) ?? []
    configuration.routes = routes.map(decodeRoutes) ?? []
    configuration.cutovers = cutovers.map(decodeCutovers) ?? []
    return upstreams == nil || routes == nil ? nil : configuration
  }

  private func decodeProxy(
    _ child: MappingReader.Child, into configuration: inout ProxyConfiguration
  ) {
    guard var reader = MappingReader(child, expected: "the proxy's settings", findings) else {
      return
    }
    configuration.listen = reader.value("listen", as: .address) ?? configuration.listen
    configuration.tls = reader.child("tls").flatMap(decodeListenerTLS)
    decodeAdmin(&reader, into: &configuration)
    configuration.journal = reader.child("journal").flatMap(decodeJournal)
    configuration.registry = reader.child("registry").flatMap(decodeRegistry)
    configuration.workers = reader.value("workers", as: .count) ?? configuration.workers
    configuration.transport =
      reader.value("transport", as: .transport) ?? configuration.transport
    configuration.accessLog = reader.child("access-log").flatMap(decodeAccessLog)
    configuration.tracing = reader.child("tracing").flatMap { decodeTracing($0) }
    if let timeouts = reader.child("timeouts") {
      decodeTimeouts(timeouts, into: &configuration.timeouts)
    }
    if let limits = reader.child("limits") { decodeLimits(limits, into: &configuration.limits) }
    if let trusted = reader.child("trusted") {
      configuration.trusted = items(trusted, expected: "a list of addresses such as [10.0.0.0/8]")
        .compactMap { ScalarType.addressRange.read($0, findings) }
    }
    if let headers = reader.child("internal-headers") {
      configuration.internalHeaders = items(headers, expected: "a list of header fields")
        .compactMap { ScalarType.token.read($0, findings) }
    }
    reader.finish()
  }

  private func decodeAdmin(
    _ reader: inout MappingReader, into configuration: inout ProxyConfiguration
  ) {
    if let address = reader.value("admin", as: .address) {
      configuration.admin = AdminConfiguration(listen: address)
    }
    let (variable, file) = (reader.child("admin-token-env"), reader.child("admin-token-file"))
    for token in [variable, file].compactMap(\.self) where !reader.has("admin") {
      findings.error(
        token.key, at: token.node.mark, "there is no \"admin\" address that it could guard")
    }
    if variable != nil, let file {
      findings.error(
        file.key, at: file.node.mark, "expected admin-token-env or admin-token-file, found both")
    }
    configuration.admin?.tokenEnvironmentVariable = variable.flatMap {
      ScalarType.environmentVariable.read($0, findings)
    }
    configuration.admin?.tokenFile = file.flatMap { ScalarType.text.read($0, findings) }
  }

  private func decodeTimeouts(
    _ child: MappingReader.Child, into timeouts: inout ProxyTimeouts
  ) {
    guard var reader = MappingReader(child, expected: "timeouts by name", findings) else { return }
    for (name, path) in ProxyTimeouts.keys {
      if let duration = reader.value(name, as: .duration) { timeouts[keyPath: path] = duration }
    }
    if let total = reader.value("total", as: .durationOrOff) { timeouts.total = total }
    reader.finish()
  }

  private func decodeLimits(_ child: MappingReader.Child, into limits: inout ProxyLimits) {
    guard var reader = MappingReader(child, expected: "limits by name", findings) else { return }
    for (name, path) in ProxyLimits.sizeKeys {
      if let size = reader.value(name, as: .size) { limits[keyPath: path] = size }
    }
    for (name, path) in ProxyLimits.countKeys {
      if let count = reader.value(name, as: .count) { limits[keyPath: path] = count }
    }
    if let http2 = reader.child("http2") { decodeHTTP2Limits(http2, into: &limits.http2) }
    reader.finish()
  }

  private func decodeHTTP2Limits(
    _ child: MappingReader.Child, into limits: inout HTTP2ClientLimits
  ) {
    guard var reader = MappingReader(child, expected: "limits by name", findings) else { return }
    for (name, path, _) in HTTP2ClientLimits.sizeKeys {
      if let size = reader.value(name, as: .size) { limits[keyPath: path] = size }
    }
    for (name, path, _) in HTTP2ClientLimits.countKeys {
      if let count = reader.value(name, as: .count) { limits[keyPath: path] = count }
    }
    reader.finish()
  }

  private func decodeUpstreams(_ child: MappingReader.Child) -> [UpstreamConfiguration] {
    guard let reader = MappingReader(child, expected: "upstreams by name", findings) else {
      return []
    }
    return reader.children.map { name, child in
      if !ConfigurationName.isValid(name) {
        findings.error(
          child.key, at: child.node.mark, "expected \(ConfigurationName.expected) as its key")
      }
      return decodeUpstream(name, child)
    }
  }

  /// One with a mistake keeps its name, so that routes to it are not called mistaken too.
  private func decodeUpstream(
    _ name: String, _ child: MappingReader.Child
  ) -> UpstreamConfiguration {
    let unknown = UpstreamConfiguration(name: name, target: .network([]))
    let expected =
      "{ endpoints: [host:port] }, { registry: service }, { module: name } or "
      + "{ compose: { parts } }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return unknown }
    let module = reader.value("module", as: .name)
    let list = reader.child("endpoints")
    let service = reader.value("registry", as: .name)
    let compose = reader.child("compose")
    let wireProtocol = reader.value("protocol", as: .wireProtocol) ?? .http1
    let policies = decodePolicies(&reader)
    let tls = reader.child("tls").flatMap(decodeUpstreamTLS)
    let isSandbox = reader.value("sandbox", as: .truth) ?? false
    reader.finish()
    let given = [list != nil, service != nil, module != nil, compose != nil].count { $0 }
    if given != 1 {
      let found = given == 0 ? "" : ", found \(given) of them"
      findings.error(reader.key, at: reader.mark, "expected \(expected)\(found)")
      return unknown
    }
    let target: UpstreamConfiguration.Target? =
      if let module {
        .module(module)
      } else if let service {
        .registry(service)
      } else if let compose {
        decodeComposition(compose).map { .composition($0) }
      } else {
        list.map { .network(decodeEndpoints($0)) }
      }
    return UpstreamConfiguration(
      name: name, target: target ?? .network([]), wireProtocol: wireProtocol, tls: tls,
      policies: policies, isSandbox: isSandbox)
  }

  private func decodeEndpoints(_ list: MappingReader.Child) -> [NetworkAddress] {
    items(list, expected: "a list of addresses").compactMap { item in
      ScalarType.address.read(item, findings)
    }
  }

  /// The items of a list; a finding and none when it is not one.
  func items(_ child: MappingReader.Child, expected: String) -> [MappingReader.Child] {
    guard case .sequence(let nodes) = child.node.value else {
      findings.error(
        child.key, at: child.node.mark, "expected \(expected), found \(child.node.found)")
      return []
    }
    return nodes.enumerated().map { index, node in
      let key = "\(child.key)[\(index)]"
      findings.note(key, at: node.mark)
      return MappingReader.Child(key: key, node: node)
    }
  }
}

extension ScalarType where Value == AddressRange {
  static let addressRange = ScalarType(
    expected: "an address such as 192.0.2.1, or a range such as 10.0.0.0/8 without bits behind its "
      + "length",
    parse: { AddressRange(parsing: $0) })
}

extension ScalarType where Value == UpstreamConfiguration.WireProtocol {
  static let wireProtocol = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == TransportKind {
  static let transport = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}
