// SPDX-License-Identifier: Apache-2.0
import CLinuxEvents
import Glibc

/// Nanoseconds of the machine's steady clock.
struct Instant: Comparable {
  let nanoseconds: UInt64

  var milliseconds: UInt64 { nanoseconds / 1_000_000 }

  static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

  static func + (instant: Instant, seconds: Double) -> Instant {
    Instant(nanoseconds: instant.nanoseconds &+ UInt64(seconds * 1e9))
  }

  static func - (later: Instant, earlier: Instant) -> Double {
    Double(Int64(later.nanoseconds) - Int64(earlier.nanoseconds)) / 1e9
  }

  /// Lets time pass while other threads and processes work.
  static func wait(seconds: Double) {
    let end = Instant.now + seconds
    while case let left = end - .now, left > 0 { poll(nil, 0, Int32(max(1, left * 1000))) }
  }

  /// Asks every 20 ms until the answer is yes; false when it never was.
  static func wait(upTo seconds: Double, until isTrue: () -> Bool) -> Bool {
    let end = Instant.now + seconds
    while !isTrue() {
      if Instant.now >= end { return false }
      poll(nil, 0, 20)
    }
    return true
  }
}
