// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import SourceScanning

@Suite(.timeLimit(.minutes(1))) struct BytesAtWorkTests {
  @Test func `no more bytes are at work than the limit, but for one file that is larger`() {
    let limit = 100
    let gate = BytesAtWork(limit: limit)
    let atWork = Mutex<[Int]>([])
    let sizes = (0..<400).map { ($0 * 37) % 130 }
    let fits = StackedThreads.map(sizes, threads: 8) { _, size in
      gate.enter(size)
      defer { gate.leave(size) }
      let now = atWork.withLock { now in
        now.append(size)
        return now
      }
      defer { atWork.withLock { now in now.firstIndex(of: size).map { _ = now.remove(at: $0) } } }
      return now.reduce(0, +) <= limit || now.count { $0 > 0 } == 1
    }
    #expect(fits.count == sizes.count && fits.allSatisfy { $0 })
  }
}
