// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions

/// The one way an entry becomes bytes. It is part of the product's contract, so that an auditor's
/// own program can check a journal, and never changes within a version.
///
/// The bytes are `strangler-journal-1` and a line feed, then these fields, each as its length in
/// bytes in decimal, a colon, its UTF-8 text and a comma (a netstring):
///
///     sequence, previous hash (hexadecimal), kind (moved | cutover | reverted),
///     sequence reverted to or nothing, time in milliseconds, actor, reason,
///     automatic | manual, cutover, number of moves,
///     then for each move: route, from, to in hundredths of a percent;
///     hash of the configuration, state, evidence
///
/// `cutover`, `state` and `evidence` are `-` when absent and start with `+` when there. The
/// previous hash of the first entry is that of the first line and one field, the installation's
/// name.
package enum JournalEncoding {
  private static let header = "strangler-journal-1\n"

  /// Why bytes are no entry.
  package enum Failure: Error, Sendable, Equatable {
    case otherVersion
    case malformed
  }

  static func bytes(
    sequence: UInt64, previous: JournalHash, _ record: JournalRecord
  ) -> [UInt8] {
    var fields = ["\(sequence)", previous.description]
    switch record.kind {
    case .moved: fields += ["moved", ""]
    case .cutover: fields += ["cutover", ""]
    case .reverted(let target): fields += ["reverted", "\(target)"]
    }
    fields += ["\(record.time)", record.actor, record.reason]
    fields += [record.isAutomatic ? "automatic" : "manual", optional(record.cutover)]
    fields.append("\(record.moves.count)")
    for move in record.moves {
      fields += [move.route, "\(move.from.hundredths)", "\(move.to.hundredths)"]
    }
    fields += [record.configurationHash, optional(record.state), optional(record.evidence)]
    return bytes(fields)
  }

  /// What stands before the first entry.
  static func genesis(installation: String) -> [UInt8] { bytes([installation]) }

  private static func bytes(_ fields: [String]) -> [UInt8] {
    var bytes = Array(header.utf8)
    for field in fields {
      bytes += "\(field.utf8.count):".utf8
      bytes += field.utf8
      bytes.append(UInt8(ascii: ","))
    }
    return bytes
  }

  private static func optional(_ text: String?) -> String { text.map { "+" + $0 } ?? "-" }

  /// Reads what `canonicalBytes` wrote; `hash` is what the store kept beside it.
  package static func entry(
    _ bytes: [UInt8], hash: JournalHash
  ) throws(Failure) -> JournalEntry {
    guard bytes.starts(with: header.utf8) else { throw .otherVersion }
    var fields = JournalFields(bytes.dropFirst(header.utf8.count))
    guard let sequence = fields.next().flatMap({ UInt64($0) }),
      let previous = fields.next().flatMap({ JournalHash($0) }),
      let kind = kind(fields.next(), fields.next()),
      let time = fields.next().flatMap({ Int64($0) }),
      let actor = fields.next(), let reason = fields.next(),
      let cause = fields.next(), ["automatic", "manual"].contains(cause),
      let cutover = fields.nextOptional(), let moves = moves(&fields),
      let configuration = fields.next(), let state = fields.nextOptional(),
      let evidence = fields.nextOptional(), fields.isAtEnd
    else { throw .malformed }
    let record = JournalRecord(
      kind, time: time, actor: actor, reason: reason, isAutomatic: cause == "automatic",
      cutover: cutover, moves: moves, configurationHash: configuration, state: state,
      evidence: evidence)
    let entry = JournalEntry(sequence: sequence, previous: previous, record: record, hash: hash)
    // Digits such as "+1" or "01" would read alike: only the one canonical form is an entry.
    guard entry.canonicalBytes == bytes else { throw .malformed }
    return entry
  }

  private static func kind(_ name: String?, _ target: String?) -> JournalRecord.Kind? {
    switch name {
    case "moved": .moved
    case "cutover": .cutover
    case "reverted": target.flatMap { UInt64($0) }.map { .reverted(to: $0) }
    default: nil
    }
  }

  private static func moves(_ fields: inout JournalFields) -> [JournalRecord.Move]? {
    guard let count = fields.next().flatMap({ Int($0) }), count >= 0 else { return nil }
    var moves: [JournalRecord.Move] = []
    while moves.count < count {
      guard let route = fields.next(), let from = share(fields.next()),
        let to = share(fields.next())
      else { return nil }
      moves.append(JournalRecord.Move(route: route, from: from, to: to))
    }
    return moves
  }

  private static func share(_ text: String?) -> Percentage? {
    text.flatMap { Int($0) }.flatMap { Percentage(hundredths: $0) }
  }
}

/// Reads netstrings.
private struct JournalFields {
  /// Digits of the longest length that is read: a field has less than a gigabyte.
  private static let mostDigits = 9

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func next() -> String? {
    let digits = rest.prefix(Self.mostDigits).prefix { (0x30...0x39).contains($0) }
    guard let length = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
    let tail = rest.dropFirst(digits.count)
    guard tail.first == UInt8(ascii: ":"), tail.count >= length + 2 else { return nil }
    let field = tail.dropFirst().prefix(length)
    let behind = tail.dropFirst(1 + length)
    guard behind.first == UInt8(ascii: ",") else { return nil }
    rest = behind.dropFirst()
    return String(validating: field, as: UTF8.self)
  }

  /// Nil when malformed, otherwise the text or its absence.
  mutating func nextOptional() -> String?? {
    guard let text = next() else { return nil }
    if text == "-" { return .some(nil) }
    return text.hasPrefix("+") ? .some(String(text.dropFirst())) : nil
  }
}
