// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import CLinuxEvents
  import Glibc

  /// A descriptor that becomes readable when another thread says so.
  final class WakeUp: EventHandler, Sendable {
    let descriptor: Int32

    /// nil when the system has no descriptor left.
    init?() {
      descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
      if descriptor < 0 { return nil }
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    /// From any thread. The counter is full only when a signal is waiting anyway.
    func signal() { _ = eventfd_write(descriptor, 1) }

    func handle(_ readiness: Readiness) {
      var count: eventfd_t = 0
      _ = eventfd_read(descriptor, &count)
    }
  }
#endif
