// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import CNATS
  internal import Foundation
  internal import Synchronization
  internal import TransactionalMessaging

  /// Who hears what libnats tells on threads of its own.
  ///
  /// libnats is given a number instead of a pointer: a callback may come after whoever listened has
  /// gone, and then it finds nobody.
  final class NATSCallbacks: Sendable {
    enum Listener: Sendable {
      case messages(@Sendable (NATSMessage) -> Void)
      case answers(NATSLine)
      case connection(NATSLine)
    }

    private struct State {
      var listeners: [UInt: Listener] = [:]
      var next: UInt = 0
    }

    static let shared = NATSCallbacks()
    /// How long answers gather, in nanoseconds.
    private static let gathering = 50_000

    private let state = Mutex(State())

    func add(_ listener: Listener) -> UInt {
      state.withLock { state in
        state.next += 1
        state.listeners[state.next] = listener
        return state.next
      }
    }

    func remove(_ number: UInt) { state.withLock { $0.listeners[number] = nil } }

    // MARK: - On libnats' threads

    func came(
      _ message: OpaquePointer?, to subscription: OpaquePointer?,
      for closure: UnsafeMutableRawPointer?
    ) {
      defer { natsMsg_Destroy(message) }
      guard let message else { return }
      switch listener(closure) {
      case .messages(let hear): hear(NATSMessage(copying: message))
      case .answers(let line):
        line.answered(NATSAnswer(message: message))
        Self.letGather(subscription)
      case .connection, nil: break
      }
    }

    /// When the last answer that came was taken, waits a moment for more: whoever reads the socket
    /// would wake this thread for nearly each of them, which costs more than all else about them.
    private static func letGather(_ subscription: OpaquePointer?) {
      var messages: Int32 = 0
      guard natsSubscription_GetPending(subscription, &messages, nil) == NATS_OK, messages == 0
      else { return }
      var moment = timespec(tv_sec: 0, tv_nsec: gathering)
      nanosleep(&moment, nil)
    }

    func ended(_ connection: OpaquePointer?, _ closure: UnsafeMutableRawPointer?) {
      guard case .connection(let line) = listener(closure) else { return }
      let reason = Self.lastError(connection) ?? "the server closed it"
      line.end(BrokerError(.connection, "the connection was lost: \(reason)"))
    }

    func complained(_ connection: OpaquePointer?, _ closure: UnsafeMutableRawPointer?) {
      guard case .connection(let line) = listener(closure) else { return }
      if let text = Self.lastError(connection) { line.complained(text) }
    }

    private func listener(_ closure: UnsafeMutableRawPointer?) -> Listener? {
      state.withLock { $0.listeners[UInt(bitPattern: closure)] }
    }

    private static func lastError(_ connection: OpaquePointer?) -> String? {
      var text: UnsafePointer<CChar>?
      _ = natsConnection_GetLastError(connection, &text)
      guard let text, text.pointee != 0 else { return nil }
      return String(cString: text)
    }
  }

  extension NATSMessage {
    /// A copy of what libnats holds.
    init(copying message: OpaquePointer) {
      let length = Int(natsMsg_GetDataLength(message))
      let data = UnsafeRawBufferPointer(start: natsMsg_GetData(message), count: max(0, length))
      self.init(
        natsMsg_GetSubject(message).map { String(cString: $0) } ?? "",
        reply: natsMsg_GetReply(message).map { String(cString: $0) },
        headers: Self.headers(of: message), payload: Array(data))
    }

    private static func headers(of message: OpaquePointer) -> [String: String] {
      var names: UnsafeMutablePointer<UnsafePointer<CChar>?>?
      var count: Int32 = 0
      guard natsMsgHeader_Keys(message, &names, &count) == NATS_OK, let names else { return [:] }
      defer { free(names) }
      var headers: [String: String] = [:]
      for index in 0..<Int(count) {
        var value: UnsafePointer<CChar>?
        guard let name = names[index], natsMsgHeader_Get(message, name, &value) == NATS_OK
        else { continue }
        headers[String(cString: name)] = value.map { String(cString: $0) } ?? ""
      }
      return headers
    }
  }
#endif
