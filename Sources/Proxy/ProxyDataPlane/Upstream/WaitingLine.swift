// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// What stands in a line.
protocol Waiter: AnyObject {
  /// Nobody waits behind one that was served or that gave up.
  var isWaiting: Bool { get }
}

/// Those who wait for their turn, in the order in which they came.
///
/// One that gives up stays where it is and is only counted, until it meets the head of the line or
/// half of the line gave up. So neither a crowd that times out at once nor a full line that turns
/// others away is walked once for each of them.
struct WaitingLine<Element: Waiter> {
  private var places = Deque<Element>()
  private var withdrawn = 0

  /// Those who still wait.
  var count: Int { places.count &- withdrawn }
  var isEmpty: Bool { count == 0 }
  /// What the line takes in memory, with those who gave up: at most twice `count`, and one.
  var length: Int { places.count }

  mutating func append(_ waiter: Element) { places.append(waiter) }

  /// One in the line stopped to wait.
  mutating func noteWithdrawal() {
    withdrawn &+= 1
    dropWithdrawnHead()
    if withdrawn * 2 > places.count { sweep() }
  }

  /// Takes out the first who waits, of those that `isServed` lets pass.
  mutating func next(where isServed: (Element) -> Bool = { _ in true }) -> Element? {
    dropWithdrawnHead()
    guard let index = places.firstIndex(where: { $0.isWaiting && isServed($0) }) else { return nil }
    return places.remove(at: index)
  }

  /// Takes out all who wait and of whom that is true.
  mutating func removeAll(where isOut: (Element) -> Bool) -> [Element] {
    sweep()
    var out: [Element] = []
    places.removeAll { waiter in
      if isOut(waiter) { out.append(waiter) } else { return false }
      return true
    }
    return out
  }

  private mutating func dropWithdrawnHead() {
    while withdrawn > 0, let first = places.first, !first.isWaiting {
      places.removeFirst()
      withdrawn &-= 1
    }
  }

  private mutating func sweep() {
    if withdrawn == 0 { return }
    places.removeAll { !$0.isWaiting }
    withdrawn = 0
  }
}
