// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  func decodeOutbox(_ child: MappingReader.Child) -> OutboxSettings? {
    guard var reader = MappingReader(child, expected: "{ database, publish }", findings) else {
      return nil
    }
    let database = reader.required("database", as: .text)
    var settings = OutboxSettings(database: database ?? "")
    settings.relay = reader.value("relay", as: .name) ?? settings.relay
    settings.target = reader.child("publish").flatMap(decodeTarget)
    let counts: [(String, WritableKeyPath<OutboxSettings, Int>, ClosedRange<Int>)] = [
      ("batch", \.batch, 1...10_000), ("concurrency", \.concurrency, 1...1_000),
      ("attempts", \.attempts, 1...1_000),
    ]
    for (name, path, range) in counts {
      guard let child = reader.child(name), let count = ScalarType.count.read(child, findings)
      else { continue }
      settings[keyPath: path] = count
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
      guard let child = reader.child(name), let time = ScalarType.duration.read(child, findings)
      else { continue }
      settings[keyPath: path] = time
      if !(Duration.milliseconds(100)...Duration.seconds(3_600)).contains(time) {
        findings.error(child.key, at: child.node.mark, "expected 100ms to 1h")
      }
    }
    reader.finish()
    return database == nil ? nil : settings
  }

  private func decodeTarget(_ child: MappingReader.Child) -> OutboxSettings.Target? {
    guard var reader = MappingReader(child, expected: "{ url, token-env, source }", findings)
    else { return nil }
    let url = reader.required("url", as: .webAddress)
    var target = OutboxSettings.Target(url: url ?? "")
    target.tokenEnvironmentVariable = reader.value("token-env", as: .environmentVariable)
    target.source = reader.value("source", as: .text) ?? target.source
    reader.finish()
    return url == nil ? nil : target
  }
}
