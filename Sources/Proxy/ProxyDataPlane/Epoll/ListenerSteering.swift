// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import CLinuxEvents
  import Glibc

  /// Leads new connections past the listeners of an older process on the same port.
  ///
  /// The kernel gives a connection to one of the port's listeners when its first packet comes, and
  /// resets what a listener has not accepted when it closes. Listeners that get nothing any more
  /// can be closed at any time without that loss; so the newcomer asks for all connections to come,
  /// long before the older process is told to end.
  struct ListenerSteering {
    /// One of this process's listeners; which one does not matter.
    private let socket: SystemSocket
    private let own: Int

    init(_ socket: SystemSocket, own: Int) {
      self.socket = socket
      self.own = own
    }

    /// False when the kernel cannot do it: then the older process has to accept to its last moment.
    func begin() -> Bool {
      let others = listenersOnPort - own
      if others <= 0 { return true }
      // Listeners are numbered in the order in which they came.
      return steer_listeners(socket.descriptor, UInt32(others), UInt32(own)) == 0
    }

    /// The older process has left, and the kernel spreads connections over all listeners again.
    func endWhenAlone() -> Bool {
      if listenersOnPort > own { return false }
      _ = unsteer_listeners(socket.descriptor)
      return true
    }

    /// This process is about to close its listeners, and others stay: all connections go to those.
    ///
    /// The last listener takes the number of each that closes, and a number that nobody has makes
    /// the kernel choose among all. Older listeners come first; so the numbers right behind them
    /// lead to one that stays for as long as any of them is open, where as many or more follow.
    ///
    /// - Parameter asNewcomer: the older process has not left, and stays.
    func leave(asNewcomer: Bool) {
      let others = listenersOnPort - own
      if others <= 0 { return }
      let (first, count) = asNewcomer ? (0, others) : (own, max(1, others - own))
      _ = steer_listeners(socket.descriptor, UInt32(first), UInt32(count))
    }

    /// Listeners on this one's address and port, of all processes.
    private var listenersOnPort: Int {
      var status = stat()
      guard fstat(socket.descriptor, &status) == 0 else { return own }
      for table in ListenerTable.files {
        let listeners = ListenerTable.entries(in: table)
        guard let address = listeners.first(where: { $0.inode == status.st_ino })?.address else {
          continue
        }
        return listeners.count { $0.address == address }
      }
      return own
    }
  }
#endif
