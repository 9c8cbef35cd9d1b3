// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  private typealias Target = OutboxSettings.KafkaTarget

  static let kafkaForm = "{ servers: [plaintext://127.0.0.1:9092] }"

  func decodeKafkaTarget(_ child: MappingReader.Child) -> OutboxSettings.KafkaTarget? {
    guard var reader = MappingReader(child, expected: Self.kafkaForm, findings) else { return nil }
    let servers = decodeServers(
      &reader, as: .kafkaAddress, such: "plaintext://127.0.0.1:9092",
      credentials: "user with password-env or password-file")
    var target = Target(servers: servers)
    target.login = decodeLogin(&reader)
    if let child = reader.child("mechanism") {
      target.mechanism = ScalarType.kafkaMechanism.read(child, findings) ?? target.mechanism
      if !reader.has("user") {
        findings.error(child.key, at: child.node.mark, "belongs to a user, and there is none")
      }
    }
    target.authorities = reader.child("tls").flatMap(decodeAuthorities)
    target.cloudEventsSource = reader.value("cloud-events", as: .text)
    if let child = reader.child("largest-message"),
      let size = ScalarType.size.read(child, findings)
    {
      target.largestMessage = size
      if !(1_000...1_000_000_000).contains(size) {
        findings.error(child.key, at: child.node.mark, "expected 1000 bytes to 1 GB, found \(size)")
      }
    }
    reader.finish()
    let secure = servers.count { $0.hasPrefix("ssl://") }
    if secure > 0, secure < servers.count {
      findings.error(
        reader.path("servers"), at: reader.mark, "expected plaintext:// or ssl://, found both")
    }
    if secure == 0, !servers.isEmpty, reader.has("tls") {
      findings.error(
        reader.path("tls"), at: reader.mark, "expected addresses with ssl:// beside it")
    }
    return servers.isEmpty ? nil : target
  }
}

extension ScalarType where Value == String {
  fileprivate static let kafkaAddress = ScalarType(
    expected: "an address such as plaintext://127.0.0.1:9092 or ssl://kafka.internal:9093"
  ) { text in
    ["plaintext://", "ssl://"].contains { scheme in
      text.hasPrefix(scheme) && NetworkAddress(parsing: String(text.dropFirst(scheme.count))) != nil
    } ? text : nil
  }
}

extension ScalarType where Value == OutboxSettings.KafkaTarget.Mechanism {
  fileprivate static let kafkaMechanism = ScalarType(
    expected: Value.allCases.map(\.rawValue).joined(separator: ", ")
  ) { Value(rawValue: $0) }
}
