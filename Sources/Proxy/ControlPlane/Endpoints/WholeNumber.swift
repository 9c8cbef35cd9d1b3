// SPDX-License-Identifier: Apache-2.0

/// Whole numbers in requests, in paths, queries and bodies alike.
enum WholeNumber {
  /// Every program can hold all numbers up to this one exactly, also where its JSON numbers are
  /// doubles.
  static let largest: UInt64 = 9_007_199_254_740_991

  /// The number that digits stand for; nil with a sign, with anything else, and beyond the largest.
  static func parse(_ text: some StringProtocol) -> UInt64? {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = UInt64(text), number <= largest
    else { return nil }
    return number
  }
}
