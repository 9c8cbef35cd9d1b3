// SPDX-License-Identifier: Apache-2.0

/// Decisions that were carried out and are not in the journal yet, as bytes that are kept beside
/// it.
///
/// One slot holds all of them: a line `strangler-overdue-1 GENERATION LENGTH SHA256`, then LENGTH
/// bytes, in which each record is an entry (`JournalEncoding`) of a chain of its own that begins
/// with the installation's name, as a netstring. The hash is that of the generation in decimal, a
/// line feed and those bytes. Of two slots, of which one may have been torn by a crash, the later
/// sound one counts.
package struct OverdueRecords: Sendable, Equatable {
  /// Counts how often they were written.
  package var generation: UInt64
  /// Oldest first.
  package var records: [JournalRecord]

  private static let name = "strangler-overdue-1"
  /// Of the longest first line.
  private static let longestLine = 160

  package init(generation: UInt64, records: [JournalRecord]) {
    self.generation = generation
    self.records = records
  }

  /// - Throws: `JournalChain.Refusal` for a record that no journal takes.
  package func bytes(installation: String) throws(JournalChain.Refusal) -> [UInt8] {
    var chain = JournalChain(installation: installation)
    var payload: [UInt8] = []
    for record in records {
      let entry = try chain.append(record).canonicalBytes
      payload += Array("\(entry.count):".utf8) + entry + [UInt8(ascii: ",")]
    }
    let hash = Self.hash(generation, payload)
    return Array("\(Self.name) \(generation) \(payload.count) \(hash)\n".utf8) + payload
  }

  /// Reads a slot; nil when it is empty, torn, or another installation's.
  package init?(_ slot: [UInt8], installation: String) {
    guard let end = slot.prefix(Self.longestLine).firstIndex(of: UInt8(ascii: "\n")) else {
      return nil
    }
    let line = String(decoding: slot[..<end], as: UTF8.self).split(separator: " ")
    guard line.count == 4, line[0] == Self.name, let generation = UInt64(line[1]),
      let length = Int(line[2]), length >= 0, length <= slot.count - end - 1
    else { return nil }
    let payload = Array(slot[(end + 1)...].prefix(length))
    guard Self.hash(generation, payload).description == line[3],
      let records = Self.records(payload, installation)
    else { return nil }
    self.init(generation: generation, records: records)
  }

  private static func hash(_ generation: UInt64, _ payload: [UInt8]) -> JournalHash {
    JournalHash(of: Array("\(generation)\n".utf8) + payload)
  }

  private static func records(_ payload: [UInt8], _ installation: String) -> [JournalRecord]? {
    var verifier = JournalVerifier(installation: installation)
    var records: [JournalRecord] = []
    var rest = payload[...]
    while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      guard let length = Int(String(decoding: rest[..<colon], as: UTF8.self)), length >= 0 else {
        return nil
      }
      let tail = rest[(colon + 1)...]
      guard tail.count > length, tail[tail.startIndex + length] == UInt8(ascii: ",") else {
        return nil
      }
      let bytes = Array(tail.prefix(length))
      guard let entry = try? JournalEncoding.entry(bytes, hash: JournalHash(of: bytes)),
        (try? verifier.check(entry)) != nil
      else { return nil }
      records.append(entry.record)
      rest = tail.dropFirst(length + 1)
    }
    return rest.isEmpty ? records : nil
  }
}
