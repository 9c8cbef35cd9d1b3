// SPDX-License-Identifier: Apache-2.0

import Testing
import TraceSpans

@Suite("Batches of spans") struct SpanBatchesTests {
  private static func batches(waiting: Int = 8, batch: Int = 3) -> SpanBatches<Int> {
    var limits = SpanBatches<Int>.Limits()
    limits.waiting = waiting
    limits.batch = batch
    return SpanBatches(limits)
  }

  private static func text(_ action: SpanBatches<Int>.Action) -> String {
    switch action {
    case .send(let spans): "send \(spans)"
    case .wait(let until): "wait \(until)"
    case .rest: "rest"
    case .finish: "finish"
    }
  }

  private let later = ExportOutcome.unavailable("503", retryAfter: nil)

  @Test("A span waits for others for as long as the interval, and a full batch goes at once")
  func sending() {
    var batches = Self.batches()
    #expect(Self.text(batches.next(at: 0)) == "rest")
    #expect(batches.offer(1) == true)
    #expect(batches.offer(2) == false)
    #expect(Self.text(batches.next(at: 100)) == "wait 1100")
    #expect(Self.text(batches.next(at: 1_099)) == "wait 1100")
    #expect(Self.text(batches.next(at: 1_100)) == "send [1, 2]")
    batches.ended(.taken(refused: 0), at: 1_150)
    #expect(batches.exported == 2)
    #expect(Self.text(batches.next(at: 1_150)) == "rest")
    #expect([3, 4, 5, 6].map { batches.offer($0) } == [true, false, true, false])
    #expect(Self.text(batches.next(at: 1_200)) == "send [3, 4, 5]")
    batches.ended(.taken(refused: 1), at: 1_210)
    #expect(batches.exported == 4 && batches.lost == 1)
    #expect(Self.text(batches.next(at: 1_210)) == "wait 2210")
    batches.flush()
    #expect(Self.text(batches.next(at: 1_211)) == "send [6]")
  }

  @Test("What finds no room is lost and counted, and what waits is not")
  func limit() {
    var batches = Self.batches(waiting: 3, batch: 2)
    for span in 1...5 { _ = batches.offer(span) }
    #expect(batches.lost == 2 && batches.waiting == 3)
    // Those under way count until they are answered.
    #expect(Self.text(batches.next(at: 0)) == "send [1, 2]")
    #expect(batches.offer(6) == false)
    #expect(batches.lost == 3)
    batches.ended(.taken(refused: 0), at: 1)
    #expect(batches.offer(7) == true)
    #expect(Self.text(batches.next(at: 1)) == "send [3, 7]")
  }

  @Test("A batch is sent again with longer and longer waits, and is lost after four attempts")
  func retries() {
    var batches = Self.batches(batch: 1)
    _ = batches.offer(1)
    var waits: [String] = []
    var now: Int64 = 0
    for wait in [1_000, 2_000, 4_000] as [Int64] {
      #expect(Self.text(batches.next(at: now)) == "send [1]")
      batches.ended(later, at: now)
      waits.append(Self.text(batches.next(at: now)))
      now += wait
    }
    #expect(waits == ["wait 1000", "wait 3000", "wait 7000"])
    #expect(Self.text(batches.next(at: now)) == "send [1]")
    batches.ended(later, at: now)
    #expect(batches.lost == 1 && batches.exported == 0)
    #expect(Self.text(batches.next(at: now)) == "rest")
  }

  @Test("A collector's own wait is kept to, up to a limit; what it refuses is lost at once")
  func askedFor() {
    var batches = Self.batches(batch: 1)
    _ = batches.offer(1)
    _ = batches.offer(2)
    #expect(Self.text(batches.next(at: 0)) == "send [1]")
    batches.ended(.unavailable("429", retryAfter: 9_000), at: 0)
    #expect(Self.text(batches.next(at: 0)) == "wait 9000")
    #expect(Self.text(batches.next(at: 9_000)) == "send [1]")
    batches.ended(.unavailable("429", retryAfter: 900_000), at: 9_000)
    #expect(Self.text(batches.next(at: 9_000)) == "wait 39000")
    #expect(Self.text(batches.next(at: 39_000)) == "send [1]")
    batches.ended(.refused("400"), at: 39_000)
    #expect(batches.lost == 1)
    #expect(Self.text(batches.next(at: 39_000)) == "send [2]")
  }

  @Test("At the end all that waits goes out, each batch twice at most and without a pause")
  func end() {
    var batches = Self.batches(batch: 2)
    for span in 1...3 { _ = batches.offer(span) }
    #expect(Self.text(batches.next(at: 0)) == "send [1, 2]")
    batches.ended(later, at: 0)
    batches.close()
    #expect(batches.offer(4) == false)
    #expect(Self.text(batches.next(at: 1)) == "send [1, 2]")
    batches.ended(later, at: 1)
    #expect(batches.lost == 3)
    #expect(Self.text(batches.next(at: 1)) == "send [3]")
    batches.ended(.taken(refused: 0), at: 2)
    #expect(Self.text(batches.next(at: 2)) == "finish")
    #expect(batches.exported == 1)
  }

  @Test("What is given up is counted")
  func abandoned() {
    var batches = Self.batches()
    for span in 1...3 { _ = batches.offer(span) }
    #expect(Self.text(batches.next(at: 0)) == "send [1, 2, 3]")
    batches.abandon()
    #expect(batches.lost == 3 && batches.waiting == 0)
    #expect(Self.text(batches.next(at: 0)) == "finish")
  }
}
