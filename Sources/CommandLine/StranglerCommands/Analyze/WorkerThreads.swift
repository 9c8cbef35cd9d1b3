// SPDX-License-Identifier: Apache-2.0
internal import DependencyGraph
internal import Dispatch
internal import Foundation
internal import Synchronization

extension Workers {
  /// So many threads, one for each processor when not given, told of on a progress line.
  static func threads(_ threads: Int?, _ line: ProgressLine? = nil) -> Workers {
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    return Workers { count, body in
      let finished = Mutex(0)
      let lanes = min(threads, count)
      DispatchQueue.concurrentPerform(iterations: lanes) { lane in
        for index in stride(from: lane, to: count, by: lanes) {
          body(index)
          let done = finished.withLock { done in
            done += 1
            return done
          }
          line?.update("runs", done: done, of: count)
        }
      }
    }
  }
}
