// SPDX-License-Identifier: Apache-2.0
import CLinuxEvents
import Glibc

/// An edge-triggered epoll instance whose sources are named by a number.
struct EventPoller: ~Copyable {
  private static let batch = 256

  private let descriptor: Int32
  private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: batch)

  init() throws {
    descriptor = try BenchmarkError.check(epoll_create1(Int32(EPOLL_CLOEXEC)), "epoll")
  }

  deinit {
    close(descriptor)
    events.deallocate()
  }

  func add(_ socket: Int32, as source: Int) throws {
    var event = epoll_event()
    event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLET.rawValue
    event.data.u64 = UInt64(source)
    try BenchmarkError.check(epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event), "epoll_ctl")
  }

  /// Calls `body` for each source with something to do, after at most so many milliseconds.
  func wait(milliseconds: Int32, _ body: (Int) throws -> Void) throws {
    let count = epoll_wait(descriptor, events, Int32(Self.batch), milliseconds)
    if count < 0, errno != EINTR { throw BenchmarkError(call: "epoll_wait") }
    for index in 0..<Int(max(0, count)) { try body(Int(events[index].data.u64)) }
  }
}

/// A timer that fires at a steady rate and counts the firings nobody waited for.
struct SteadyTimer: ~Copyable {
  let descriptor: Int32

  init(perSecond rate: Double) throws {
    let descriptor = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK))
    var setting = itimerspec()
    setting.it_interval.tv_nsec = Int(1e9 / rate)
    setting.it_value.tv_nsec = Int(1e9 / rate)
    let outcome = timerfd_settime(descriptor, 0, &setting, nil)
    self.descriptor = descriptor
    try BenchmarkError.check(outcome, "a timer of \(rate) a second")
  }

  deinit { close(descriptor) }

  /// Firings since the last call.
  func firings() -> UInt64 {
    var count: UInt64 = 0
    let length = read(descriptor, &count, MemoryLayout<UInt64>.size)
    return length == MemoryLayout<UInt64>.size ? count : 0
  }
}
