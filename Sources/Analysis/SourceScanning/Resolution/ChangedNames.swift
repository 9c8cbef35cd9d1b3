// SPDX-License-Identifier: Apache-2.0

/// Names by which a walk may find something else than before.
struct ChangedNames {
  /// With more, walking everything is as good.
  static let limit = 1_000

  private var names: Set<UInt32> = []
  /// By value, for files to be held against.
  var sorted: [UInt32] { names.sorted() }

  /// `nil` when something changed that no name tells of: then everything is to be walked.
  ///
  /// - Parameter rest: what both have in common, where they are but the pieces that may differ.
  init?(from old: TableFingerprint, to new: TableFingerprint, within rest: TableFingerprint? = nil)
  {
    guard old.modules == new.modules, let strangers = Self.strangers(old.shapes, new.shapes) else {
      return nil
    }
    // Members of a type that has come or gone: nobody had its values before, or has them now.
    var onlyAlone: Set<UInt32> = []
    Self.compare(old.entries, new.entries, key: \.key) { one, other in
      guard let entry = one ?? other, one != other else { return }
      if strangers.contains(entry.owner), !entry.isFoundAlone {
        onlyAlone.insert(entry.name)
      } else {
        names.insert(entry.name)
      }
    }
    var (before, now) = (Self.counts(onlyAlone, old), Self.counts(onlyAlone, new))
    if let rest {
      let all = Self.counts(onlyAlone, rest)
      now = all.merging(now) { $0 + $1 }.merging(before) { $0 - $1 }
      before = all
    }
    // An extension of a protocol from elsewhere is taken where no other member has the name.
    names.formUnion(onlyAlone.filter { (before[$0] == 1) != (now[$0] == 1) })
    guard names.count <= Self.limit else { return nil }
  }

  /// Types of the tree that only one of both has; `nil` when one that both have is another now.
  private static func strangers(
    _ old: [TableFingerprint.Shape], _ new: [TableFingerprint.Shape]
  ) -> Set<UInt64>? {
    var strangers: Set<UInt64> = []
    var isSame = true
    compare(old, new, key: \.key) { one, other in
      if let one, let other {
        if one != other { isSame = false }
      } else if let single = one ?? other {
        switch single.origin {
        case .tree: strangers.insert(single.key)
        case .elsewhere: break
        case .elsewhereWithMore: isSame = false
        }
      }
    }
    return isSame ? strangers : nil
  }

  private static func counts(
    _ names: Set<UInt32>, _ print: TableFingerprint
  ) -> [UInt32: UInt32] {
    guard !names.isEmpty else { return [:] }
    var counts: [UInt32: UInt32] = [:]
    for entry in print.entries where entry.kind == .members && names.contains(entry.name) {
      counts[entry.name, default: 0] += entry.count
    }
    return counts
  }

  /// Walks two lists in order of key, side by side.
  private static func compare<Element>(
    _ old: [Element], _ new: [Element], key: (Element) -> UInt64,
    _ body: (Element?, Element?) -> Void
  ) {
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if right == new.count || (left < old.count && key(old[left]) < key(new[right])) {
        body(old[left], nil)
        left += 1
      } else if left == old.count || key(new[right]) < key(old[left]) {
        body(nil, new[right])
        right += 1
      } else {
        body(old[left], new[right])
        left += 1
        right += 1
      }
    }
  }
}

/// The names that stand in a file, each as four bytes, sorted.
struct FileNames: Sendable {
  private(set) var bytes: ArraySlice<UInt8>

  init(_ texts: some Sequence<String>) {
    var bytes: [UInt8] = []
    for name in Set(texts.map(TableFingerprint.name)).sorted() {
      withUnsafeBytes(of: name.littleEndian) { bytes.append(contentsOf: $0) }
    }
    self.bytes = bytes[...]
  }

  /// What `bytes` of another run held.
  init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  func contains(_ name: UInt32) -> Bool {
    bytes.withUnsafeBytes { raw in
      var low = 0
      var high = raw.count / 4
      while low < high {
        let middle = (low + high) / 2
        let found = UInt32(
          littleEndian: raw.loadUnaligned(fromByteOffset: middle * 4, as: UInt32.self))
        if found == name { return true }
        if found < name { low = middle + 1 } else { high = middle }
      }
      return false
    }
  }
}
