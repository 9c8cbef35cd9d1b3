// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import Testing

/// Nobody finds a setting that stands in no file.
@Suite("Files that show the settings") struct CompleteFileTests {
  private static func files() throws -> [DecodedConfiguration] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/configs").standardized
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return names.filter { $0.hasSuffix(".yaml") }.sorted()
      .map { ConfigurationFile.load(folder.appending(path: $0).path) }
  }

  /// `upstreams.orders.tls` as `upstreams.*.tls`, `routes[1].name` as `routes[].name`.
  private static func general(_ key: String) -> String {
    let parts = key.split(separator: ".").map { part in
      part.contains("[") ? String(part.prefix { $0 != "[" }) + "[]" : String(part)
    }
    let named: Set = ["upstreams", "cutovers", "headers", "query", "parts"]
    let namedInData: Set = ["stores", "mappings", "columns", "filter", "fill", "values", "on"]
    return parts.enumerated().map { index, part in
      let isName =
        index > 0
        && (parts[0] == "data"
          ? namedInData.contains(parts[index - 1])
          : named.contains(parts[index - 1])
            && (index == 1 || ["match", "compose"].contains(parts[index - 2])))
      return isName ? "*" : part
    }.joined(separator: ".")
  }

  @Test func `each of them is valid, without a warning`() throws {
    let files = try Self.files()
    #expect(files.count >= 5)
    for file in files { #expect(file.diagnostics == []) }
  }

  @Test func `together they hold every key that is known`() throws {
    let files = try Self.files()
    let known = Set(files.flatMap(\.knownKeys).map(Self.general))
    let shown = Set(files.flatMap(\.keys).map(Self.general))
    // Known for the sake of a finding that says why it is not taken.
    let refused: Set = [
      "routes[].sticky[].issued-cookie", "upstreams.*.hash-by[].issued-cookie",
    ]
    // In a comment beside the one that is shown: only one of them can stand.
    let alternatives: Set = [
      "outbox.publish.nats.credentials-file", "outbox.publish.nats.password-env",
      "outbox.publish.rabbitmq.password-env", "outbox.publish.kafka.password-env",
    ]
    #expect(
      known.subtracting(shown).subtracting(refused).subtracting(alternatives).sorted() == [])
    #expect(known.count > 150)
  }
}
