// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import CLinuxEvents
  import Glibc

  /// What a descriptor has become.
  struct Readiness: OptionSet {
    let rawValue: UInt32

    /// Bytes or connections are there, or the end is.
    static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer sends nothing behind what is there.
    static let ending = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Both directions are over.
    static let broken = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)

    fileprivate static let edges = Readiness(rawValue: EPOLLET.rawValue)
  }

  /// Whom a descriptor's events go to.
  protocol EventHandler: AnyObject {
    func handle(_ readiness: Readiness)
  }

  /// The kernel's list of descriptors and the objects behind them.
  ///
  /// Objects stand in a table by descriptor. A number that goes up with each registration tells the
  /// events of a closed descriptor from those of the one that got its number, so that closing in
  /// the middle of a batch is safe: the rest of the batch finds nobody.
  struct EventPoll: ~Copyable {
    private struct Slot {
      var handler: (any EventHandler)?
      var generation: UInt32 = 0
    }

    private static let batch = 256

    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private var slots: [Slot] = []

    /// nil when the system has no descriptor left.
    init?() {
      descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
      events = .allocate(capacity: Self.batch)
      if descriptor < 0 { return nil }
    }

    deinit {
      events.deallocate()
      if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    /// Every change of readiness is told once; false when the kernel refuses.
    mutating func addConnection(_ descriptor: Int32, _ handler: any EventHandler) -> Bool {
      add(descriptor, handler, [.readable, .writable, .ending, .edges])
    }

    /// Told as long as there is something to accept or read.
    mutating func addSource(_ descriptor: Int32, _ handler: any EventHandler) -> Bool {
      add(descriptor, handler, .readable)
    }

    private mutating func add(
      _ descriptor: Int32, _ handler: any EventHandler, _ interest: Readiness
    ) -> Bool {
      let index = Int(descriptor)
      while slots.count <= index { slots.append(Slot()) }
      slots[index].generation &+= 1
      var event = epoll_event()
      event.events = interest.rawValue
      event.data.u64 = UInt64(slots[index].generation) << 32 | UInt64(index)
      guard epoll_ctl(self.descriptor, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
        return false
      }
      slots[index].handler = handler
      return true
    }

    /// Events of a descriptor that is on the list go to another object from now on.
    mutating func replaceHandler(_ descriptor: Int32, _ handler: any EventHandler) {
      slots[Int(descriptor)].handler = handler
    }

    /// Hears no more of a descriptor that stays open.
    mutating func remove(_ descriptor: Int32) {
      let index = Int(descriptor)
      guard slots.indices.contains(index), slots[index].handler != nil else { return }
      slots[index].handler = nil
      slots[index].generation &+= 1
      var event = epoll_event()
      _ = epoll_ctl(self.descriptor, EPOLL_CTL_DEL, descriptor, &event)
    }

    /// Before the descriptor is closed, which takes it off the kernel's list.
    mutating func forget(_ descriptor: Int32) {
      let index = Int(descriptor)
      guard slots.indices.contains(index) else { return }
      slots[index].handler = nil
      slots[index].generation &+= 1
    }

    /// Waits for events; the number of them. `milliseconds` < 0 waits without an end.
    mutating func wait(milliseconds: Int32) -> Int {
      max(0, Int(epoll_wait(descriptor, events, Int32(Self.batch), milliseconds)))
    }

    /// An event of the batch; nil when its descriptor was closed since.
    func event(_ index: Int) -> (handler: any EventHandler, readiness: Readiness)? {
      precondition(index < Self.batch)
      let event = events[index]
      let slot = Int(truncatingIfNeeded: event.data.u64 & 0xffff_ffff)
      guard slot < slots.count, slots[slot].generation == UInt32(event.data.u64 >> 32),
        let handler = slots[slot].handler
      else { return nil }
      return (handler, Readiness(rawValue: event.events))
    }
  }
#endif
