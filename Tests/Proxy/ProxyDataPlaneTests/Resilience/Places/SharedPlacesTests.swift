// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import ResiliencePolicies
import Testing

@testable import ProxyDataPlane

@Suite("Places that all workers share", .timeLimit(.minutes(1)))
struct SharedPlacesTests {
  /// One worker's line, as its gate keeps it.
  private final class Worker {
    let places: SharedPlaces
    var waiting = 0
    var inFlight = 0

    init(_ places: SharedPlaces) { self.places = places }

    var id: ObjectIdentifier { ObjectIdentifier(self) }

    /// Whether the request is admitted, or stands in line.
    func come(_ receive: @escaping @Sendable () -> Void = {}) -> Bool {
      if waiting == 0, places.enter() {
        inFlight += 1
        return true
      }
      if waiting == 0 { places.begin(id, receive) }
      if places.stand() {
        waiting += 1
        if places.take() { take() }
        return true
      }
      if waiting == 0 { places.end(id) }
      return false
    }

    func take() {
      if waiting == 0 { return giveBack() }
      waiting -= 1
      inFlight += 1
      places.stepOut()
      if waiting == 0 { places.end(id) }
    }

    func leave() {
      inFlight -= 1
      giveBack()
    }

    private func giveBack() { if places.leave(id) { take() } }
  }

  @Test("One worker may have all places, and none is left idle for another")
  func oneWorker() {
    let places = SharedPlaces(BulkheadRules(inFlight: 2, queue: 1))
    let (busy, idle) = (Worker(places), Worker(places))
    #expect((0..<4).map { _ in busy.come() } == [true, true, true, false])
    #expect(busy.inFlight == 2 && busy.waiting == 1 && places.inFlight == 2)
    #expect(!idle.come())
    busy.leave()
    #expect(busy.inFlight == 2 && busy.waiting == 0)
    busy.leave()
    #expect(idle.come() && idle.inFlight == 1)
  }

  @Test("Lines of several workers take turns")
  func turns() {
    let places = SharedPlaces(BulkheadRules(inFlight: 1, queue: 10))
    let (first, second) = (Worker(places), Worker(places))
    let (toFirst, toSecond) = (Origin.Counter(), Origin.Counter())
    #expect(first.come())
    for _ in 0..<2 {
      let isInLine = [first.come { toFirst.add() }, second.come { toSecond.add() }]
      #expect(isInLine == [true, true])
    }
    first.leave()
    #expect(toSecond.value == 1 && first.inFlight == 0 && places.inFlight == 1)
    second.take()
    second.leave()
    #expect(toFirst.value == 1 && second.inFlight == 0 && places.inFlight == 1)
    first.take()
    first.leave()
    #expect(toSecond.value == 2 && places.inFlight == 1 && places.queued == 2)
  }

  /// What a loop of its own does to one worker.
  private final class Runner: @unchecked Sendable {  // used on its loop only
    let loop: any EventLoop
    private let worker: Worker
    private var random: SeededRandom
    private(set) var served = 0

    init(_ places: SharedPlaces, _ loop: any EventLoop, seed: UInt64) {
      worker = Worker(places)
      self.loop = loop
      random = SeededRandom(seed: seed)
    }

    /// Comes and leaves at random; what was handed over meanwhile is looked at in between.
    func step() {
      if random.next() % 2 == 0 {
        _ = worker.come { [self] in loop.execute { self.worker.take() } }
      } else {
        leave()
      }
    }

    func leave() {
      guard worker.inFlight > 0 else { return }
      served += 1
      worker.leave()
    }

    var isIdle: Bool { worker.inFlight == 0 && worker.waiting == 0 }
  }

  @Test("Whatever several threads do, the limit holds and nobody waits for ever")
  func threads() async throws {
    let places = SharedPlaces(BulkheadRules(inFlight: 3, queue: 8))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 4)
    let runners = (0..<4).map { Runner(places, group.next(), seed: 0x5eed_0100 + UInt64($0)) }
    for _ in 0..<200 {
      for runner in runners {
        runner.loop.execute { for _ in 0..<20 { runner.step() } }
      }
      #expect((0...3).contains(places.inFlight) && (0...8).contains(places.queued))
    }
    // Everybody who has a place leaves, until nobody waits for one and none is on its way.
    var isOver = false
    while !isOver || places.inFlight > 0 {
      try Task.checkCancellation()
      isOver = true
      for runner in runners {
        let isIdle = try await runner.loop.submit {
          runner.leave()
          return runner.isIdle
        }.get()
        isOver = isOver && isIdle
      }
    }
    #expect(places.queued == 0)
    try await group.shutdownGracefully()
  }
}
