// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  private typealias Target = OutboxSettings.RabbitMQTarget

  static let rabbitMQForm = "{ servers: [amqp://127.0.0.1:5672], exchange: shop }"

  func decodeRabbitMQTarget(_ child: MappingReader.Child) -> OutboxSettings.RabbitMQTarget? {
    guard var reader = MappingReader(child, expected: Self.rabbitMQForm, findings) else {
      return nil
    }
    let servers = decodeServers(
      &reader, as: .rabbitMQAddress, such: "amqp://127.0.0.1:5672",
      credentials: "user with password-env or password-file")
    let exchange = reader.required("exchange", as: .rabbitMQName)
    var target = Target(servers: servers, exchange: exchange ?? "")
    if let host = reader.value("virtual-host", as: .text) { target.virtualHost = host }
    target.login = decodeLogin(&reader)
    target.authorities = reader.child("tls").flatMap(decodeAuthorities)
    target.cloudEventsSource = reader.value("cloud-events", as: .text)
    if let groups = reader.child("groups") { target.groups = decodeGroups(groups) }
    target.creation = reader.child("create").flatMap(decodeCreation)
    reader.finish()
    if reader.has("groups"), !reader.has("create") {
      findings.error(
        reader.path("groups"), at: reader.mark,
        "expected create beside it: the queues of groups are made, or an administrator's work")
    }
    return servers.isEmpty || exchange == nil ? nil : target
  }

  private func decodeGroups(_ child: MappingReader.Child) -> [OutboxSettings.RabbitMQTarget.Group] {
    let expected = "groups by name, such as { mail: [order] }"
    guard let reader = MappingReader(child, expected: expected, findings) else { return [] }
    return reader.children.map { name, child in
      if ScalarType.rabbitMQName.parse(name) == nil {
        findings.error(
          child.key, at: child.node.mark, "expected \(ScalarType.rabbitMQName.expected)")
      }
      let types = items(child, expected: "a list of aggregate types such as [order, cart]")
        .compactMap { ScalarType.aggregateType.read($0, findings) }
      return Target.Group(name, aggregateTypes: types)
    }
  }

  private func decodeCreation(
    _ child: MappingReader.Child
  ) -> OutboxSettings.RabbitMQTarget.Creation? {
    let expected = "{ max-bytes, replicas }, each of which may be left out"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var creation = Target.Creation()
    creation.maxBytes = reader.value("max-bytes", as: .size)
    if let child = reader.child("replicas"), let count = ScalarType.count.read(child, findings) {
      creation.replicas = count
      if !(1...99).contains(count) {
        findings.error(child.key, at: child.node.mark, "expected 1 to 99, found \(count)")
      }
    }
    reader.finish()
    return creation
  }
}

extension ScalarType where Value == String {
  fileprivate static let rabbitMQAddress = ScalarType(
    expected: "an address such as amqp://127.0.0.1:5672 or amqps://mq.internal:5671"
  ) { text in
    ["amqp://", "amqps://"].contains { scheme in
      text.hasPrefix(scheme) && NetworkAddress(parsing: String(text.dropFirst(scheme.count))) != nil
    } ? text : nil
  }

  fileprivate static let rabbitMQName = ScalarType(
    expected: "a name of at most 120 characters without blanks that does not begin with amq."
  ) { text in
    !text.isEmpty && text.utf8.count <= 120 && !text.hasPrefix("amq.")
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
  }

  fileprivate static let aggregateType = ScalarType(
    expected: "an aggregate type: letters, digits, '-', '_' and '.'"
  ) { text in
    !text.isEmpty && text.utf8.count <= 200
      && text.utf8.allSatisfy { PathSegmentBytes.isAlphanumeric($0) || "-_.".utf8.contains($0) }
      ? text : nil
  }
}
