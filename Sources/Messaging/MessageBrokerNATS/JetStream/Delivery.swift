// SPDX-License-Identifier: Apache-2.0

/// What the subject says that a delivery's acknowledgements go to: `$JS.ACK.` and, between dots,
/// stream, consumer, deliveries, stream sequence, consumer sequence, time, messages pending; with
/// domain and account before the stream since server 2.10
/// (https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md).
struct Delivery: Equatable {
  /// Position in the stream.
  var sequence: UInt64
  /// How often it was delivered to the group, this time included.
  var count: Int

  /// Nil when it is no such subject.
  init?(replySubject: String) {
    let parts = replySubject.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 9, parts[0] == "$JS", parts[1] == "ACK" else { return nil }
    let first = parts.count == 9 ? 4 : 6
    guard let count = Int(parts[first]), let sequence = UInt64(parts[first + 1]) else {
      return nil
    }
    self.count = count
    self.sequence = sequence
  }

  /// What is sent to that subject.
  enum Answer: String {
    case acknowledge = "+ACK"
    /// Deliver it again, now.
    case giveBack = "-NAK"
    /// Somebody is still at it.
    case inProgress = "+WPI"
    /// Never deliver it again.
    case terminate = "+TERM"

    var bytes: [UInt8] { Array(rawValue.utf8) }
  }
}

/// How many messages a group has asked for and not got.
struct PullWindow: Equatable {
  /// Most messages that are asked for at once.
  let batch: Int
  /// Most messages that are held or asked for.
  let capacity: Int
  private(set) var outstanding = 0

  init(batch: Int, capacity: Int) {
    self.capacity = max(1, capacity)
    self.batch = max(1, min(batch, self.capacity))
  }

  /// How many to ask for now; nil while what was asked for will do.
  func due(held: Int) -> Int? {
    let room = capacity - held - outstanding
    // Asked for in large pieces, unless nothing would come otherwise.
    guard room > 0, outstanding == 0 || room >= (batch + 1) / 2 else { return nil }
    return min(batch, room)
  }

  mutating func asked(for count: Int) { outstanding += count }

  mutating func came() { outstanding = max(0, outstanding - 1) }

  /// A request is over; `unserved` of its messages did not come, nil when that is not known.
  mutating func ended(unserved: Int?) {
    outstanding = max(0, outstanding - (unserved ?? outstanding))
  }

  /// The connection is over, and what was asked for with it.
  mutating func reset() { outstanding = 0 }
}
