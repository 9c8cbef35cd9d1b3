// Four threads count under one Mutex: without a race, or with `race` beside the lock. `.ci/sanitize
// thread` runs it both ways first, so that neither a false report nor a blind sanitizer goes unseen.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

final class Counter: @unchecked Sendable {
  let lock = Mutex(0)
  var besideTheLock = 0
}

let races = CommandLine.arguments.contains("race")
let counter = Counter()
let threads = (0..<4).map { _ in
  let thread = Thread {
    for _ in 0..<20_000 {
      counter.lock.withLock { value in
        // Long enough under the lock that threads meet and take its slow path.
        for _ in 0..<50 { value += 1 }
        if !races { counter.besideTheLock += 1 }
      }
      if races { counter.besideTheLock += 1 }
    }
  }
  thread.start()
  return thread
}
while threads.contains(where: { !$0.isFinished }) { Thread.sleep(forTimeInterval: 0.01) }
