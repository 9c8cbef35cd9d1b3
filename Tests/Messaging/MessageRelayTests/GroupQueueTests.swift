// SPDX-License-Identifier: Apache-2.0

import MessageRelay
import Testing

struct GroupQueueTests {
  /// Lets expectations call the queue's mutating functions.
  private final class Subject {
    private var queue: GroupQueue<Int>

    init(capacity: Int) { queue = GroupQueue(capacity: capacity) }

    var count: Int { queue.count }
    func offer(_ element: Int, lane: String) -> Bool { queue.offer(element, lane: key(lane)) }
    func take() -> Int? { queue.take()?.element }
    func consumed(_ lane: String) { queue.consumed(key(lane)) }
    func giveBack(_ lane: String) { queue.giveBack(key(lane)) }
    func removeWaiting() { queue.removeWaiting() }
    func removeAll() -> [Int] { queue.removeAll() }
    private func key(_ lane: String) -> GroupQueue<Int>.LaneKey { .init(topic: "t", key: lane) }
  }

  @Test func aLaneDeliversOneAtATimeInOrder() {
    let queue = Subject(capacity: 8)
    for (element, key) in [(1, "a"), (2, "a"), (3, "b")] {
      #expect(queue.offer(element, lane: key))
    }
    #expect(queue.take() == 1)
    #expect(queue.take() == 3)
    #expect(queue.take() == nil)
    queue.consumed("a")
    #expect(queue.take() == 2)
  }

  @Test func refusesBeyondItsCapacity() {
    let queue = Subject(capacity: 2)
    #expect(queue.offer(1, lane: "a"))
    #expect(queue.offer(2, lane: "b"))
    #expect(!queue.offer(3, lane: "c"))
    #expect(queue.take() == 1)
    #expect(!queue.offer(3, lane: "c"))
    queue.consumed("a")
    #expect(queue.offer(3, lane: "c"))
  }

  @Test func whatIsGivenBackComesBeforeItsSuccessors() {
    let queue = Subject(capacity: 8)
    _ = queue.offer(1, lane: "a")
    _ = queue.offer(2, lane: "a")
    _ = queue.take()
    queue.giveBack("a")
    #expect(queue.take() == 1)
    queue.consumed("a")
    queue.consumed("a")
    #expect(queue.count == 1)
    #expect(queue.take() == 2)
  }

  @Test func whatIsAtHandKeepsItsLaneWhileTheRestIsRemoved() {
    let queue = Subject(capacity: 8)
    for (element, key) in [(1, "a"), (2, "a"), (3, "b")] {
      #expect(queue.offer(element, lane: key))
    }
    #expect(queue.take() == 1)
    queue.removeWaiting()
    #expect(queue.count == 1)
    #expect(queue.offer(4, lane: "a"))
    #expect(queue.offer(5, lane: "b"))
    #expect(queue.take() == 5)
    #expect(queue.take() == nil)
    queue.consumed("a")
    #expect(queue.take() == 4)
  }

  @Test func emptiesCompletely() {
    let queue = Subject(capacity: 2)
    _ = queue.offer(1, lane: "a")
    _ = queue.take()
    _ = queue.offer(2, lane: "a")
    #expect(queue.removeAll().sorted() == [1, 2])
    queue.giveBack("a")
    #expect(queue.take() == nil)
    #expect(queue.count == 0)
  }
}
