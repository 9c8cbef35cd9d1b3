// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

extension CutoverState {
  /// One line of JSON with sorted keys; doubles in their shortest exact form, so that decoding
  /// gives back every bit.
  package var json: String {
    let text = JSONText.encode(self, isPretty: false)
    return String(text.prefix { $0 != "\n" })
  }

  /// Reads what `json` wrote.
  package init(json: String) throws(UnusableState) {
    do {
      self = try JSONDecoder().decode(CutoverState.self, from: Data(json.utf8))
    } catch {
      throw .unreadable
    }
  }
}
