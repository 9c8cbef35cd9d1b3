// SPDX-License-Identifier: Apache-2.0

internal import TransactionalMessaging

/// What an answer says about an event.
enum AnswerMeaning {
  /// Answers about the address, the credentials or the service as a whole: every other event would
  /// get the same, so the relay waits instead of parking all aggregates one by one.
  private static let troubles: Set<Int> = [
    401, 403, 404, 405, 407, 408, 410, 421, 429, 502, 503, 504,
  ]

  /// Nil for 2xx.
  static func failure(status: Int, text: String) -> PublishFailure? {
    if (200..<300).contains(status) { return nil }
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let reason = words.isEmpty ? "answered \(status)" : "answered \(status): \(words)"
    // A redirection is the address's, too: an answer from elsewhere would be no acknowledgement.
    let isTrouble = troubles.contains(status) || (300..<400).contains(status)
    return isTrouble ? .unavailable(reason) : .rejected(reason)
  }
}
