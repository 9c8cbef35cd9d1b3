// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// The cuts that a page lists: all of them, or where they are too many the first of each border, so
/// that no border is without examples. What is counted is always counted over all.
struct ListedCuts {
  /// Cuts that a page holds; the JSON report has all.
  static let most = 5_000

  /// All places that cross from one service to another.
  struct Border: Equatable {
    var from: String
    var to: String
    var places: Int
  }

  /// By source and target.
  let borders: [Border]
  /// In the order of the suggestion.
  let cuts: [Cut]

  init(_ all: [Cut], most: Int = Self.most) {
    struct Ends: Hashable {
      var from: String
      var to: String
    }
    func ends(_ cut: Cut) -> Ends { Ends(from: cut.fromService, to: cut.toService) }
    var counts: [Ends: Int] = [:]
    for cut in all { counts[ends(cut), default: 0] += 1 }
    borders = counts.map { Border(from: $0.key.from, to: $0.key.to, places: $0.value) }
      .sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    guard all.count > most else {
      cuts = all
      return
    }
    let share = Self.share(of: counts.values.sorted(), most: most)
    var listed: [Ends: Int] = [:]
    cuts = all.filter { cut in
      listed[ends(cut), default: 0] += 1
      return listed[ends(cut), default: 0] <= share
    }
  }

  /// The most places that each border may list, at least one.
  private static func share(of sizes: [Int], most: Int) -> Int {
    var rest = most
    for (index, size) in sizes.enumerated() {
      let share = rest / (sizes.count - index)
      if size > share { return max(1, share) }
      rest -= size
    }
    return max(1, sizes.last ?? 1)
  }
}
