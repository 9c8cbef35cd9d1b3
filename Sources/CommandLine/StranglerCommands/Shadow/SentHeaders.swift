// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import ShadowComparison

/// Header fields that `--header` gives to every request.
enum SentHeaders {
  static func parse(_ texts: [String]) throws -> [ComparedResponse.Header] {
    try texts.map { text in
      let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains(" ") else {
        throw ValidationError("--header: expected 'name: value', found \"\(text)\"")
      }
      return .init(name: parts[0], value: parts[1].trimmingCharacters(in: .whitespaces))
    }
  }
}
