// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import CLinuxEvents
  import Glibc

  /// What became of an attempt to receive.
  enum Reception: Equatable {
    case bytes(Int)
    /// The peer sends nothing more.
    case end
    /// Nothing is there now.
    case empty
    /// The connection is broken.
    case broken
  }

  /// What became of an attempt to send.
  enum Transmission: Equatable {
    /// So many bytes were taken; fewer than given means that the kernel's buffer is full.
    case sent(Int)
    case broken
  }

  /// What became of an attempt to accept.
  enum Acceptance {
    case socket(SystemSocket, SocketName)
    case empty
    /// Descriptors or memory ran out; trying again at once would spin.
    case exhausted(errno: Int32)
  }

  /// The system calls on one non-blocking socket, with every outcome named. Signals never interrupt
  /// them for the caller, and a closed peer raises none.
  struct SystemSocket {
    static let closed = SystemSocket(descriptor: -1)

    let descriptor: Int32

    func receive(into memory: UnsafeMutableRawBufferPointer) -> Reception {
      while true {
        let count = receive_bytes(descriptor, memory.baseAddress, memory.count)
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        switch errno {
        case EINTR: continue
        case EAGAIN: return .empty
        default: return .broken
        }
      }
    }

    /// Sends both runs of bytes in one call.
    func send(
      _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Transmission {
      while true {
        let count =
          second.isEmpty
          ? send_bytes(descriptor, first.baseAddress, first.count, Self.noSignal)
          : gather(first, second)
        if count >= 0 { return .sent(count) }
        switch errno {
        case EINTR: continue
        case EAGAIN, ENOBUFS: return .sent(0)
        default: return .broken
        }
      }
    }

    private static let noSignal = Int32(MSG_NOSIGNAL)

    private func gather(
      _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Int {
      withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
        parts[0] = iovec(
          iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
        parts[1] = iovec(
          iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
        var message = msghdr()
        message.msg_iov = parts.baseAddress
        message.msg_iovlen = 2
        return sendmsg(descriptor, &message, Self.noSignal)
      }
    }

    /// The peer sees the end of what it receives.
    func finishOutput() { _ = Glibc.shutdown(descriptor, Int32(SHUT_WR)) }

    /// Linux frees the descriptor even when it reports an error, so there is nothing to try again.
    func close() { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    /// Small writes go out at once.
    func sendAtOnce() { setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    @discardableResult
    func setOption(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
      var value = value
      let size = socklen_t(MemoryLayout<Int32>.size)
      return setsockopt(descriptor, level, option, &value, size) == 0
    }
  }

  // MARK: - Connecting

  extension SystemSocket {
    private static let streamType =
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// Begins a connection, unless it failed at once. Writability tells when it is decided.
    static func connecting(to name: SocketName) -> Result<SystemSocket, ConnectFailure> {
      let socket = SystemSocket(descriptor: Glibc.socket(name.family, streamType, 0))
      if socket.descriptor < 0 { return .failure(ConnectFailure(errno: errno)) }
      socket.sendAtOnce()
      let outcome = name.withAddress { Glibc.connect(socket.descriptor, $0, $1) }
      // An interrupted connect goes on in the background like any other.
      if outcome == 0 || errno == EINPROGRESS || errno == EINTR { return .success(socket) }
      let failure = ConnectFailure(errno: errno)
      socket.close()
      return .failure(failure)
    }

    /// The error that ended an attempt to connect; 0 when it succeeded.
    var pendingError: Int32 {
      var value: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &size) == 0 ? value : errno
    }
  }

  /// Why a connection failed before anybody was asked for it.
  enum ConnectFailure: Error {
    /// The address cannot be reached from here.
    case unreachable
    /// Descriptors or memory ran out.
    case exhausted

    init(errno: Int32) { self = SystemErrorText.isExhaustion(errno) ? .exhausted : .unreachable }
  }

  // MARK: - Listening

  extension SystemSocket {
    /// Connections that the kernel keeps until they are accepted.
    private static let backlog: Int32 = 1024

    /// Binds and listens; a text says why when it cannot.
    ///
    /// - Parameter joins: shares the port with a listener of this process. The first one takes it
    ///   for itself, so that a second proxy by mistake is told that the port is in use.
    static func listening(on name: SocketName, joins: Bool) -> Result<SystemSocket, ListenFailure> {
      let socket = SystemSocket(descriptor: Glibc.socket(name.family, streamType, 0))
      if socket.descriptor < 0 { return .failure(.last) }
      socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
      if joins { socket.setOption(SOL_SOCKET, SO_REUSEPORT, 1) }
      var isBound = name.withAddress { Glibc.bind(socket.descriptor, $0, $1) == 0 }
      if !joins { socket.setOption(SOL_SOCKET, SO_REUSEPORT, 1) }
      isBound = isBound && Glibc.listen(socket.descriptor, backlog) == 0
      if isBound { return .success(socket) }
      let failure = ListenFailure.last
      socket.close()
      return .failure(failure)
    }

    /// The address it is bound to.
    var localName: SocketName? {
      SocketName { Glibc.getsockname(descriptor, $0, $1) == 0 }
    }

    func accept() -> Acceptance {
      while true {
        var descriptor: Int32 = -1
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let name = SocketName { address, size in
          descriptor = accept4(self.descriptor, address, size, flags)
          return descriptor >= 0
        }
        if let name { return .socket(SystemSocket(descriptor: descriptor), name) }
        switch errno {
        // The connection died while it waited, or a signal came: the next one may be fine.
        case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH:
          continue
        case EAGAIN: return .empty
        default: return .exhausted(errno: errno)
        }
      }
    }
  }

  /// Why a socket cannot listen.
  struct ListenFailure: Error {
    let text: String

    static var last: ListenFailure { ListenFailure(text: String(cString: strerror(errno))) }
  }
#endif
