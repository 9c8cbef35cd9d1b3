// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Headers as the JSON object that the `headers` column holds, keys sorted.
package enum HeaderText {
  package static func encode(_ headers: [String: String]) throws -> String {
    guard !headers.isEmpty else { return "{}" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(headers), as: UTF8.self)
  }

  /// The headers, or why they cannot be read.
  package static func read(
    _ text: String, event: String
  ) -> (headers: [String: String], defect: String?) {
    do {
      return (try decode(text, event: event), nil)
    } catch {
      return ([:], "\(error)")
    }
  }

  package static func decode(_ text: String, event: String) throws -> [String: String] {
    guard text != "{}" else { return [:] }
    do {
      return try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    } catch {
      throw MessageStoreError(
        .corruptRow, "the headers of event \(event) are no JSON object of strings", cause: error)
    }
  }
}
