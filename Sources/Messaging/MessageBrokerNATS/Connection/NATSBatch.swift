// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import CNATS
  internal import Foundation
  internal import Synchronization
  internal import TransactionalMessaging

  /// Messages that are sent one after the other without a wait in between, each answered by itself.
  final class NATSBatch: Sendable {
    /// Takes the answer to a message, given by its place, or why there will be none; on any thread.
    typealias Taker = @Sendable (Int, Result<NATSAnswer, BrokerError>) -> Void

    let messages: [NATSMessage]
    private let take: Taker
    private let open: Atomic<Int>
    private let withdrawn = Atomic(false)
    private let waiter = Mutex<CheckedContinuation<Void, Never>?>(nil)

    init(_ messages: [NATSMessage], take: @escaping Taker) {
      self.messages = messages
      self.take = take
      open = Atomic(messages.count)
    }

    /// What was not sent yet is not sent any more.
    var isWithdrawn: Bool { withdrawn.load(ordering: .acquiring) }

    func withdraw() { withdrawn.store(true, ordering: .releasing) }

    /// Whom to wake when all are answered.
    func wait(_ waiter: CheckedContinuation<Void, Never>) {
      self.waiter.withLock { $0 = waiter }
    }

    /// Once for each message.
    func answered(_ place: Int, _ answer: Result<NATSAnswer, BrokerError>) {
      take(place, answer)
      guard open.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
      waiter.withLock { waiter in
        defer { waiter = nil }
        return waiter
      }?.resume()
    }
  }

  /// An answer while libnats holds it: only within the call that it was given to.
  struct NATSAnswer {
    let message: OpaquePointer

    /// Whether these bytes stand somewhere in it.
    func contains(_ text: StaticString) -> Bool {
      let data = UnsafeRawBufferPointer(
        start: natsMsg_GetData(message), count: Int(max(0, natsMsg_GetDataLength(message))))
      let sought = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
      guard data.count >= sought.count else { return false }
      return (0...data.count - sought.count).contains { start in
        data[start] == sought[0] && data[start..<start + sought.count].elementsEqual(sought)
      }
    }

    /// What outlives it.
    var copy: NATSMessage { NATSMessage(copying: message) }

    /// The number that ends its subject.
    var token: UInt64? {
      guard let subject = natsMsg_GetSubject(message), let dot = strrchr(subject, 0x2E) else {
        return nil
      }
      var token: UInt64 = 0
      var digit = dot + 1
      guard digit.pointee != 0 else { return nil }
      while digit.pointee != 0 {
        guard (0x30...0x39).contains(digit.pointee) else { return nil }
        let (shifted, isTooLarge) = token.multipliedReportingOverflow(by: 10)
        let (sum, overflows) = shifted.addingReportingOverflow(UInt64(digit.pointee - 0x30))
        if isTooLarge || overflows { return nil }
        token = sum
        digit += 1
      }
      return token
    }
  }
#endif
