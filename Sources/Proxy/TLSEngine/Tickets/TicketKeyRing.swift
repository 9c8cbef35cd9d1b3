// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import Synchronization

/// The ticket keys of one process, shared by all its threads and kept over reloads.
package final class TicketKeyRing: Sendable {
  private let schedule: Mutex<TicketKeySchedule<tls_ticket_key>>
  private let clock: @Sendable () -> Int64

  /// nil when the system gives no random numbers.
  ///
  /// - Parameters:
  ///   - period: seconds that a key seals tickets.
  ///   - clock: seconds that never go back.
  package init?(period: Int64, clock: @escaping @Sendable () -> Int64) {
    guard let first = Self.randomKey() else { return nil }
    self.clock = clock
    schedule = Mutex(TicketKeySchedule(period: period, now: clock(), first: first))
  }

  private static func randomKey() -> tls_ticket_key? {
    var key = tls_ticket_key()
    let isFilled = withUnsafeMutableBytes(of: &key) { bytes in
      RAND_bytes(bytes.baseAddress, Int32(truncatingIfNeeded: bytes.count)) == 1
    }
    return isFilled ? key : nil
  }

  /// The key that seals tickets now.
  var current: tls_ticket_key {
    let now = clock()
    return schedule.withLock { schedule in
      schedule.advance(to: now, fresh: Self.randomKey)
      return schedule.current
    }
  }

  /// The key of that name, and whether it still seals tickets.
  func key(named name: UnsafeRawBufferPointer) -> (key: tls_ticket_key, isCurrent: Bool)? {
    let now = clock()
    return schedule.withLock { schedule in
      schedule.advance(to: now, fresh: Self.randomKey)
      if Self.name(of: schedule.current, is: name) { return (schedule.current, true) }
      guard let previous = schedule.previous, Self.name(of: previous, is: name) else { return nil }
      return (previous, false)
    }
  }

  private static func name(of key: tls_ticket_key, is name: UnsafeRawBufferPointer) -> Bool {
    withUnsafeBytes(of: key.name) { $0.elementsEqual(name) }
  }
}

// MARK: - OpenSSL's side

extension TicketKeyRing {
  /// Answers OpenSSL for a new ticket (`seals`) or one that a client shows: below 0 for an error,
  /// 0 for a ticket to ignore, 1 for a good one, 2 for a good one to replace.
  func prepare(
    _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>,
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, seals: Bool
  ) -> Int32 {
    let nameBytes = UnsafeMutableRawBufferPointer(
      start: name, count: MemoryLayout.size(ofValue: tls_ticket_key().name))
    if seals {
      var key = current
      guard RAND_bytes(vector, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 else { return -1 }
      withUnsafeBytes(of: key.name) { nameBytes.copyMemory(from: $0) }
      return tls_use_ticket_key(&key, vector, cipher, mac, 1) == 1 ? 1 : -1
    }
    guard let (found, isCurrent) = key(named: UnsafeRawBufferPointer(nameBytes)) else { return 0 }
    var key = found
    guard tls_use_ticket_key(&key, vector, cipher, mac, 0) == 1 else { return -1 }
    return isCurrent ? 1 : 2
  }
}
