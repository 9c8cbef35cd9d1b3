// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  private typealias Target = OutboxSettings.Target
  private typealias NATSTarget = OutboxSettings.NATSTarget

  private static let brokers = ["nats", "rabbitmq", "kafka"]
  private static let natsForm = "{ servers: [nats://127.0.0.1:4222], stream: SHOP }"

  /// `outbox.publish`: a target by the key that names its kind.
  func decodeOutboxTarget(_ child: MappingReader.Child) -> OutboxSettings.Target? {
    let expected =
      "{ url: https://orders.internal/events } or { nats: \(Self.natsForm) } or "
      + "{ rabbitmq: \(Self.rabbitMQForm) } or { kafka: \(Self.kafkaForm) }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    // Every kind is read, so that its own slips are told of beside the choice.
    let http = decodeHTTPTarget(&reader)
    let nats = reader.child("nats").flatMap(decodeNATSTarget)
    let rabbitMQ = reader.child("rabbitmq").flatMap(decodeRabbitMQTarget)
    let kafka = reader.child("kafka").flatMap(decodeKafkaTarget)
    let kinds = (["url"] + Self.brokers).filter(reader.has)
    reader.finish()
    if kinds.count != 1 {
      let found = kinds.isEmpty ? "" : ", found \(kinds.joined(separator: " and "))"
      findings.error(reader.key, at: reader.mark, "expected \(expected)\(found)")
      return nil
    }
    return http.map(Target.http) ?? nats.map(Target.nats) ?? rabbitMQ.map(Target.rabbitMQ)
      ?? kafka.map(Target.kafka)
  }

  private func decodeHTTPTarget(_ reader: inout MappingReader) -> OutboxSettings.HTTPTarget? {
    let url = reader.value("url", as: .webAddress)
    let details = [reader.child("token-env"), reader.child("source")]
    if !reader.has("url"), Self.brokers.contains(where: reader.has) {
      for child in details.compactMap(\.self) {
        findings.error(child.key, at: child.node.mark, "belongs to a url, and there is none")
      }
    }
    let token = details[0].flatMap { ScalarType.environmentVariable.read($0, findings) }
    let source = details[1].flatMap { ScalarType.text.read($0, findings) }
    guard let url else { return nil }
    var target = OutboxSettings.HTTPTarget(url: url, tokenEnvironmentVariable: token)
    target.source = source ?? target.source
    return target
  }

  private func decodeNATSTarget(_ child: MappingReader.Child) -> OutboxSettings.NATSTarget? {
    guard var reader = MappingReader(child, expected: Self.natsForm, findings) else { return nil }
    let servers = decodeServers(
      &reader, as: .natsAddress, such: "nats://127.0.0.1:4222",
      credentials: "credentials-file, or user with password-env or password-file")
    let stream = reader.required("stream", as: .natsName)
    var target = NATSTarget(servers: servers, stream: stream ?? "")
    target.credentials = decodeCredentials(&reader)
    target.authorities = reader.child("tls").flatMap(decodeAuthorities)
    target.subjectPrefix = reader.value("subject-prefix", as: .natsSubject)
    target.cloudEventsSource = reader.value("cloud-events", as: .text)
    target.duplicates = reader.child("duplicates").flatMap {
      decodeDuration($0, .milliseconds(100)...Duration.seconds(86_400), "100ms to 24h")
    }
    target.creation = reader.child("create").flatMap(decodeCreation)
    reader.finish()
    if let age = target.creation?.maxAge, let window = target.duplicates, window > age {
      findings.error(
        reader.path("duplicates"), at: reader.mark,
        "expected no more than create.max-age: what is gone is known no more")
    }
    return servers.isEmpty || stream == nil ? nil : target
  }

  /// - Parameters:
  ///   - example: an address.
  ///   - credentials: what to give in place of credentials in an address.
  func decodeServers(
    _ reader: inout MappingReader, as type: ScalarType<String>, such example: String,
    credentials: String
  ) -> [String] {
    let expected = "a list of addresses such as [\(example)]"
    guard let child = reader.child("servers") else {
      reader.missing("servers", expected)
      return []
    }
    let listed = items(child, expected: expected)
    if case .sequence = child.node.value, listed.isEmpty {
      findings.error(child.key, at: child.node.mark, "expected \(expected), found none")
    }
    return listed.compactMap { item in
      if case .scalar(let text) = item.node.value, text.contains("@") {
        // Not repeated: it may hold a password.
        findings.error(
          item.key, at: item.node.mark,
          "an address holds credentials: give \(credentials)")
        return nil
      }
      return type.read(item, findings)
    }
  }

  private func decodeCredentials(_ reader: inout MappingReader)
    -> OutboxSettings.NATSTarget.Credentials
  {
    let file = reader.value("credentials-file", as: .text)
    if file != nil, ["user", "password-env", "password-file"].contains(where: reader.has) {
      findings.error(
        reader.path("credentials-file"), at: reader.mark,
        "expected credentials-file or user, found both")
    }
    let login = decodeLogin(&reader)
    if let file { return .file(file) }
    if let login { return .user(login.user, password: login.password) }
    return .none
  }

  /// A user with a password; nil without one.
  func decodeLogin(_ reader: inout MappingReader) -> OutboxSettings.Login? {
    let user = reader.value("user", as: .text)
    let password = decodeSecret(&reader, "password")
    switch (user, password) {
    case (let user?, let password?): return OutboxSettings.Login(user: user, password: password)
    case (nil, nil): break
    case (.some, nil):
      reader.missing("password-env", "password-env or password-file beside user")
    case (nil, .some): reader.missing("user", "the user whose password it is")
    }
    return nil
  }

  /// A secret by the keys `NAME-env` and `NAME-file`; nil without one.
  func decodeSecret(_ reader: inout MappingReader, _ name: String) -> SecretPlace? {
    let variable = reader.value("\(name)-env", as: .environmentVariable)
    let file = reader.value("\(name)-file", as: .text)
    if variable != nil, file != nil {
      findings.error(
        reader.path("\(name)-file"), at: reader.mark,
        "expected \(name)-env or \(name)-file, found both")
    }
    return variable.map(SecretPlace.environment) ?? file.map(SecretPlace.file)
  }

  func decodeAuthorities(_ child: MappingReader.Child) -> String? {
    guard var reader = MappingReader(child, expected: "{ ca: file }", findings) else { return nil }
    let file = reader.required("ca", as: .text)
    reader.finish()
    return file
  }

  private func decodeCreation(
    _ child: MappingReader.Child
  ) -> OutboxSettings.NATSTarget.Creation? {
    let expected = "{ max-age, max-bytes, replicas }, each of which may be left out"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var creation = NATSTarget.Creation()
    if let age = reader.value("max-age", as: .durationOrOff) { creation.maxAge = age }
    creation.maxBytes = reader.value("max-bytes", as: .size)
    if let child = reader.child("replicas"), let count = ScalarType.count.read(child, findings) {
      creation.replicas = count
      if !(1...5).contains(count) {
        findings.error(child.key, at: child.node.mark, "expected 1 to 5, found \(count)")
      }
    }
    reader.finish()
    return creation
  }

  /// A time within bounds; nil with a finding when it is none.
  func decodeDuration(
    _ child: MappingReader.Child, _ range: ClosedRange<Duration>, _ expected: String
  ) -> Duration? {
    guard let time = ScalarType.duration.read(child, findings) else { return nil }
    if !range.contains(time) {
      findings.error(child.key, at: child.node.mark, "expected \(expected)")
    }
    return time
  }
}

extension ScalarType where Value == String {
  static let natsAddress = ScalarType(
    expected: "an address such as nats://127.0.0.1:4222 or tls://nats.internal:4222"
  ) { text in
    ["nats://", "tls://"].contains { scheme in
      text.hasPrefix(scheme) && NetworkAddress(parsing: String(text.dropFirst(scheme.count))) != nil
    } ? text : nil
  }

  static let natsName = ScalarType(
    expected: "the name of a stream, without blanks, \".\", \"*\", \">\", \"/\" and \"\\\""
  ) { text in
    !text.isEmpty && text.utf8.count <= 255
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !".*>/\\".utf8.contains($0) }
      ? text : nil
  }

  static let natsSubject = ScalarType(
    expected: "what subjects begin with, such as shop.events, without blanks and wildcards"
  ) { text in
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"*>".utf8.contains($0) }
    } ? text : nil
  }
}
