// SPDX-License-Identifier: Apache-2.0
import Foundation
import SwiftParser
import SwiftSyntax
import Synchronization

/// What reading and parsing alone cost: no scan of the same files can be faster.
struct ParseFloor {
  private static let stackBytes = 64 << 20

  /// Parses each file and drops its tree. Returns seconds.
  static func measure(_ paths: [String], threads: Int) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    let next = Mutex(0)
    let finished = DispatchSemaphore(value: 0)
    for _ in 0..<threads {
      let thread = Thread {
        while true {
          let index = next.withLock { next in
            defer { next += 1 }
            return next
          }
          guard index < paths.count else { break }
          guard let data = FileManager.default.contents(atPath: paths[index]) else { continue }
          data.withUnsafeBytes { bytes in
            let tree = Parser.parse(source: bytes.bindMemory(to: UInt8.self))
            precondition(tree.totalLength.utf8Length == bytes.count)
          }
        }
        finished.signal()
      }
      thread.stackSize = Self.stackBytes
      thread.start()
    }
    for _ in 0..<threads { finished.wait() }
    return (clock.now - start) / .seconds(1)
  }
}
