// SPDX-License-Identifier: Apache-2.0

/// One place at which a service is offered (RFC 2782).
package struct ServiceRecord: Sendable, Hashable {
  package let priority: UInt16
  package let weight: UInt16
  package let port: UInt16
  package let target: DNSName

  package init(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName) {
    self.priority = priority
    self.weight = weight
    self.port = port
    self.target = target
  }
}

/// What a server answered to a question for SRV records.
package struct DNSAnswer: Sendable, Equatable {
  /// Why an answer is of no use.
  package enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
    /// It answers something else, as somebody might send who guesses.
    case otherQuestion
    /// It ends too early, or leads round in circles.
    case malformed
    /// There is no such name.
    case noSuchName
    /// The server cannot or will not answer; its code (RFC 1035, RCODE).
    case refused(code: Int)

    package var description: String {
      switch self {
      case .otherQuestion: "the answer is to another question"
      case .malformed: "the answer cannot be read"
      case .noSuchName: "there is no such name"
      case .refused(let code): "the server refused with the code \(code)"
      }
    }
  }

  /// It did not fit: the whole of it has to be asked for over TCP.
  package var isTruncated = false
  /// Each once, in the server's order.
  package var records: [ServiceRecord] = []
  /// Seconds for which they may be relied on: the least of theirs; 0 where there are none.
  package var timeToLive: UInt32 = 0

  /// Reads the answer to a question.
  package init(_ bytes: [UInt8], to question: DNSQuestion) throws(Problem) {
    var reader = DNSReader(bytes)
    let (id, flags) = (try reader.number(), try reader.number())
    guard id == question.id, flags & 0x8000 != 0 else { throw .otherQuestion }
    let counts = (questions: try reader.number(), answers: try reader.number())
    _ = (try reader.number(), try reader.number())
    isTruncated = flags & 0x0200 != 0
    guard counts.questions == 1, try reader.name() == question.name,
      try reader.number() == DNSQuestion.service, try reader.number() == DNSQuestion.internet
    else { throw .otherQuestion }
    switch flags & 0x000F {
    case 0: break
    case 3: throw .noSuchName
    case let code: throw .refused(code: Int(code))
    }
    // What was cut off is asked for again.
    if isTruncated { return }
    try readRecords(&reader, count: counts.answers, name: question.name)
  }

  /// Records of the name, or of the one that it is another name of.
  private mutating func readRecords(
    _ reader: inout DNSReader, count: UInt16, name: DNSName
  ) throws(Problem) {
    var wanted = name
    var lives: [UInt32] = []
    for _ in 0..<count {
      let owner = try reader.name()
      let (type, kind) = (try reader.number(), try reader.number())
      let life = UInt32(try reader.number()) << 16 | UInt32(try reader.number())
      let length = Int(try reader.number())
      let end = try reader.end(ofNext: length)
      if owner == wanted, kind == DNSQuestion.internet {
        // A life with the first bit set is none (RFC 2181).
        let seconds = life & 0x8000_0000 == 0 ? life : 0
        if type == Self.alias {
          wanted = try reader.name()
          lives.append(seconds)
        } else if type == DNSQuestion.service {
          let record = ServiceRecord(
            priority: try reader.number(), weight: try reader.number(), port: try reader.number(),
            target: try reader.name())
          if !records.contains(record) { records.append(record) }
          lives.append(seconds)
        }
      }
      reader.skip(to: end)
    }
    timeToLive = records.isEmpty ? 0 : lives.min() ?? 0
  }

  private static let alias: UInt16 = 5
}

/// Goes through a message.
private struct DNSReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func number() throws(DNSAnswer.Problem) -> UInt16 {
    guard place + 2 <= bytes.count else { throw .malformed }
    defer { place += 2 }
    return UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
  }

  func end(ofNext length: Int) throws(DNSAnswer.Problem) -> Int {
    guard place + length <= bytes.count else { throw .malformed }
    return place + length
  }

  mutating func skip(to end: Int) { place = end }

  /// A name; parts that stand elsewhere in the message are followed, always further to the front.
  mutating func name() throws(DNSAnswer.Problem) -> DNSName {
    var labels: [[UInt8]] = []
    var length = 1
    var at = place
    var end: Int?
    var before = place
    while true {
      guard at < bytes.count else { throw .malformed }
      let count = Int(bytes[at])
      switch count >> 6 {
      case 0 where count == 0:
        place = end ?? at + 1
        return DNSName(labels: labels)
      case 0:
        guard at + 1 + count <= bytes.count else { throw .malformed }
        length += count + 1
        if length > 255 { throw .malformed }
        labels.append(bytes[at + 1..<at + 1 + count].map(DNSName.small))
        at += count + 1
      case 3:
        guard at + 2 <= bytes.count else { throw .malformed }
        let target = (count & 0x3F) << 8 | Int(bytes[at + 1])
        guard target < before else { throw .malformed }
        end = end ?? at + 2
        (at, before) = (target, target)
      default: throw .malformed
      }
    }
  }
}
