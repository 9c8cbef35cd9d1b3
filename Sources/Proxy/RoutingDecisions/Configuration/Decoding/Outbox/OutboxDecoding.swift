// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  func decodeOutbox(_ child: MappingReader.Child) -> OutboxSettings? {
    guard var reader = MappingReader(child, expected: "{ database, publish }", findings) else {
      return nil
    }
    let database = reader.required("database", as: .text)
    var settings = OutboxSettings(database: database ?? "")
    settings.relay = reader.value("relay", as: .name) ?? settings.relay
    settings.target = reader.child("publish").flatMap(decodeOutboxTarget)
    let counts: [(String, ClosedRange<Int>, (inout OutboxSettings, Int) -> Void)] = [
      ("batch", 1...10_000, { $0.batch = $1 }),
      ("concurrency", 1...10_000, { $0.concurrency = $1 }),
      ("attempts", 1...1_000, { $0.attempts = $1 }),
    ]
    for (name, range, set) in counts {
      guard let child = reader.child(name), let count = ScalarType.count.read(child, findings)
      else { continue }
      set(&settings, count)
      if !range.contains(count) {
        findings.error(
          child.key, at: child.node.mark,
          "expected \(range.lowerBound) to \(range.upperBound), found \(count)")
      }
    }
    let times: [(String, WritableKeyPath<OutboxSettings, Duration>)] = [
      ("lease", \.lease), ("timeout", \.timeout),
    ]
    for (name, path) in times {
      guard let child = reader.child(name),
        let time = decodeDuration(
          child, .milliseconds(100)...Duration.seconds(3_600), "100ms to 1h")
      else { continue }
      settings[keyPath: path] = time
    }
    settings.metrics = reader.value("metrics", as: .portOrAddress)
    settings.tracing = reader.child("tracing").flatMap {
      decodeTracing($0, serviceName: "strangler-relay")
    }
    reader.finish()
    return database == nil ? nil : settings
  }
}

extension ScalarType where Value == NetworkAddress {
  /// A port alone is one of this machine's.
  static let portOrAddress = ScalarType(
    expected: "a port, which only this machine reaches, or an address such as 10.0.0.5:9902"
  ) { text in
    NetworkAddress(parsing: text.utf8.contains(UInt8(ascii: ":")) ? text : "127.0.0.1:\(text)")
  }
}
