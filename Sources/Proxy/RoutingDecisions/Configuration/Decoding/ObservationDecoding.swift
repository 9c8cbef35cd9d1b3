// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  func decodeAccessLog(_ child: MappingReader.Child) -> AccessLogConfiguration? {
    guard var reader = MappingReader(child, expected: "{ path, sample, query }", findings) else {
      return nil
    }
    let path = reader.required("path", as: .text)
    let sample = reader.value("sample", as: .share) ?? 1
    let query = reader.value("query", as: .truth) ?? true
    reader.finish()
    return path.map { AccessLogConfiguration(path: $0, sample: sample, includesQuery: query) }
  }

  func decodeJournal(_ child: MappingReader.Child) -> JournalConfiguration? {
    let expected = "{ path or url, installation, proxy-name }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let url = reader.value("url", as: .text)
    let path = url == nil ? reader.required("path", as: .text) : reader.value("path", as: .text)
    let installation = reader.required("installation", as: .name)
    let name = reader.value("proxy-name", as: .name)
    if url != nil, path != nil {
      findings.error(reader.path("url"), at: reader.mark, "expected path or url, found both")
    }
    reader.finish()
    guard let installation, let place = url.map(Place.postgreSQL) ?? path.map(Place.file) else {
      return nil
    }
    return JournalConfiguration(place, installation: installation, proxyName: name)
  }

  private typealias Place = JournalConfiguration.Place

  func decodeRegistry(_ child: MappingReader.Child) -> RegistryConfiguration? {
    let expected = "{ url, token-env or token-file }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let url = reader.value("url", as: .text)
    let variable = reader.value("token-env", as: .environmentVariable)
    let file = reader.value("token-file", as: .text)
    if variable != nil, file != nil {
      findings.error(
        reader.path("token-file"), at: reader.mark, "expected token-env or token-file, found both")
    }
    reader.finish()
    return RegistryConfiguration(
      url: url, tokenEnvironmentVariable: variable, tokenFile: file)
  }

  /// - Parameter serviceName: the name where the file has none.
  func decodeTracing(
    _ child: MappingReader.Child, serviceName: String = TracingConfiguration().serviceName
  ) -> TracingConfiguration? {
    let expected = "{ collector, sample, service-name }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var tracing = TracingConfiguration()
    tracing.collector = reader.value("collector", as: .webAddress)
    tracing.sample = reader.value("sample", as: .share) ?? tracing.sample
    tracing.serviceName = reader.value("service-name", as: .text) ?? serviceName
    reader.finish()
    return tracing
  }
}

extension ScalarType where Value == Double {
  static let share = ScalarType(expected: "a share from 0 to 1, such as 0.05") { text in
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    guard isPlain, let share = Double(text), (0...1).contains(share) else { return nil }
    return share
  }
}

extension ScalarType where Value == String {
  static let webAddress = ScalarType(
    expected: "an address such as http://127.0.0.1:4318/v1/traces"
  ) { text in
    let schemes = ["http://", "https://"]
    return schemes.contains { text.hasPrefix($0) && text.count > $0.count } ? text : nil
  }
}
