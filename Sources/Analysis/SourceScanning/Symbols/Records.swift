// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A list whose first records an earlier run has kept: each is read when somebody first asks for
/// it, and may be replaced. Without such a run it is an array.
struct Records<Record: Sendable>: RandomAccessCollection, MutableCollection, Sendable {
  private let kept: KeptRecords<Record>?
  private let keptCount: Int
  private var replaced: [Int: Record] = [:]
  private var added: [Record]
  /// What stands for a kept record that this run may not ask for.
  private var standIn: StandIn?

  private struct StandIn: Sendable {
    var record: Record
    var isDead: @Sendable (Record) -> Bool
    var doubt: Doubt
  }

  init(_ records: [Record] = []) {
    kept = nil
    keptCount = 0
    added = records
  }

  init(kept: KeptRecords<Record>, _ records: [Record] = []) {
    self.kept = kept
    keptCount = kept.count
    added = records
  }

  /// From now on a kept record that is dead and was not replaced gives the stand-in, and doubt.
  mutating func bury(
    _ record: Record, doubt: Doubt, where isDead: @escaping @Sendable (Record) -> Bool
  ) {
    standIn = StandIn(record: record, isDead: isDead, doubt: doubt)
  }

  var startIndex: Int { 0 }
  var endIndex: Int { keptCount + added.count }

  mutating func append(_ record: Record) { added.append(record) }

  mutating func replace(_ index: Int, with record: Record) {
    if index < keptCount { replaced[index] = record } else { added[index - keptCount] = record }
  }

  /// Takes back what was put in the place of a kept record.
  mutating func restore(_ index: Int) { replaced[index] = nil }

  /// As the earlier run had it.
  func before(_ index: Int) -> Record? { index < keptCount ? kept?[index] : nil }

  subscript(index: Int) -> Record {
    _read {
      if index >= keptCount {
        yield added[index - keptCount]
      } else {
        yield early(index)
      }
    }
    _modify {
      if index >= keptCount {
        yield &added[index - keptCount]
      } else {
        var record = early(index)
        yield &record
        replaced[index] = record
      }
    }
  }

  private func early(_ index: Int) -> Record {
    if let record = replaced[index] { return record }
    guard let kept else { preconditionFailure("no record is kept") }
    let record = kept[index]
    guard let standIn, standIn.isDead(record) else { return record }
    standIn.doubt.note()
    return standIn.record
  }
}

/// Records of an earlier run, read one by one, from any thread.
final class KeptRecords<Record: Sendable>: Sendable {
  let count: Int
  private let decode: @Sendable (Int) -> Record
  private let known = Mutex<[Int: Record]>([:])

  init(count: Int, decode: @escaping @Sendable (Int) -> Record) {
    self.count = count
    self.decode = decode
  }

  subscript(index: Int) -> Record {
    if let record = known.withLock({ $0[index] }) { return record }
    let record = decode(index)
    known.withLock { $0[index] = record }
    return record
  }
}

/// Noted where what an earlier run has kept may not answer: whoever relied on it starts anew.
final class Doubt: Sendable {
  private let isRaised = Atomic(false)

  func note() { isRaised.store(true, ordering: .relaxed) }
  var isNoted: Bool { isRaised.load(ordering: .relaxed) }
}

/// Members by name.
struct NamedMembers: Sendable {
  private var found: [String: [MemberID]] = [:]
  private let kept: (@Sendable (String) -> [MemberID]?)?

  /// - Parameter kept: what an earlier run had.
  init(kept: (@Sendable (String) -> [MemberID]?)? = nil) { self.kept = kept }

  /// Every name that this run found.
  var all: some Collection<String> { found.keys }

  subscript(name: String) -> [MemberID]? {
    get {
      guard let members = found[name] ?? kept?(name), !members.isEmpty else { return nil }
      return members
    }
    set { found[name] = newValue ?? [] }
  }

  mutating func append(_ member: MemberID, named name: String) {
    if kept == nil {
      found[name, default: []].append(member)
    } else {
      self[name] = (self[name] ?? []) + [member]
    }
  }
}
