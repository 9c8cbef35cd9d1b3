// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// What one consumer group has not consumed yet: bounded, in order within a lane, one delivery of
/// a lane at a time.
package struct GroupQueue<Element> {
  /// Messages that keep their order: one key of one topic.
  package struct LaneKey: Hashable {
    package var topic: String
    package var key: String

    package init(topic: String, key: String) {
      self.topic = topic
      self.key = key
    }
  }

  private struct Lane {
    var elements: Deque<Element> = []
    var isBusy = false
  }

  package let capacity: Int
  package private(set) var count = 0
  private var lanes: [LaneKey: Lane] = [:]
  private var ready: Deque<LaneKey> = []

  package init(capacity: Int) { self.capacity = max(1, capacity) }

  /// False when the queue is full; nothing has changed then.
  package mutating func offer(_ element: Element, lane key: LaneKey) -> Bool {
    guard count < capacity else { return false }
    count += 1
    var lane = lanes[key] ?? Lane()
    if lane.elements.isEmpty { ready.append(key) }
    lane.elements.append(element)
    lanes[key] = lane
    return true
  }

  /// The next delivery; its lane stays busy until `consumed` or `giveBack`.
  package mutating func take() -> (element: Element, lane: LaneKey)? {
    guard let key = ready.popFirst(), let element = lanes[key]?.elements.first else { return nil }
    lanes[key]?.isBusy = true
    return (element, key)
  }

  /// The delivery of the lane was consumed: the next one may be taken.
  package mutating func consumed(_ key: LaneKey) {
    guard var lane = lanes[key], lane.isBusy else { return }
    lane.isBusy = false
    lane.elements.removeFirst()
    count -= 1
    lanes[key] = lane.elements.isEmpty ? nil : lane
    if !lane.elements.isEmpty { ready.append(key) }
  }

  /// The delivery was not consumed: it comes again before later ones of its lane.
  package mutating func giveBack(_ key: LaneKey) {
    guard lanes[key]?.isBusy == true else { return }
    lanes[key]?.isBusy = false
    ready.append(key)
  }

  /// Removes what is not being delivered; deliveries at hand keep their lanes.
  package mutating func removeWaiting() {
    ready = []
    for (key, var lane) in lanes {
      count -= lane.elements.count - (lane.isBusy ? 1 : 0)
      lane.elements.removeLast(lane.elements.count - (lane.isBusy ? 1 : 0))
      lanes[key] = lane.isBusy ? lane : nil
    }
  }

  /// Empties the queue and returns what was in it.
  package mutating func removeAll() -> [Element] {
    defer {
      lanes = [:]
      ready = []
      count = 0
    }
    return lanes.values.flatMap(\.elements)
  }
}
