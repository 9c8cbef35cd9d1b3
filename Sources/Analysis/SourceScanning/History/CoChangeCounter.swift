// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Counts which files change together, commit by commit from the newest to the oldest.
///
/// Studies of co-change want five shared commits and 30 % of what both files do. A threshold would
/// let one commit decide, so pairs are kept from far below, and `ChangeHistory.CoChange.strength`
/// weighs them. Commits of many files and those of programs say nothing about what belongs
/// together.
struct CoChangeCounter {
  /// A single common commit is as often chance.
  static let minimumShared = 2
  static let changeSetLimit = 30
  /// Distinct pairs that are counted; histories of real projects stay far below.
  static let pairLimit = 4_000_000

  private struct Pair {
    var shared = 0
    var weight = 0.0
  }

  /// Files of the model by path in the repository.
  private let files: [String: FileID]
  /// Paths of the past by the file that they have become.
  private var successors: [String: FileID] = [:]
  private var pairs: [UInt64: Pair] = [:]
  private var revisions: [FileID: Int] = [:]
  /// By file, then by address of the author.
  private var changes: [FileID: [String: Int]] = [:]
  private var nameOfAddress: [String: String] = [:]

  private(set) var commits = 0
  private(set) var commitsByPrograms = 0
  private(set) var massCommits = 0
  private(set) var isPairLimitReached = false

  init(files: [String: FileID]) { self.files = files }

  private func file(at path: String) -> FileID? { successors[path] ?? files[path] }

  mutating func add(_ commit: LoggedCommit) {
    defer { follow(commit) }
    if Self.isProgram(commit) {
      commitsByPrograms += 1
      return
    }
    guard commit.changes.count <= Self.changeSetLimit else {
      massCommits += 1
      return
    }
    // Of who works on what was read, a commit to something else tells nothing.
    guard commit.changes.contains(where: touches) else { return }
    commits += 1
    let changed = Set(commit.changes.compactMap(changedFile)).sorted()
    guard !changed.isEmpty else { return }
    let address = commit.address.lowercased()
    if nameOfAddress[address] == nil { nameOfAddress[address] = commit.author }
    for file in changed {
      revisions[file, default: 0] += 1
      changes[file, default: [:]][address, default: 0] += 1
    }
    let weight = 1 / Double(max(1, commit.changes.count - 1))
    for (index, first) in changed.enumerated() {
      for second in changed[(index + 1)...] { count(first, second, weight) }
    }
  }

  private mutating func count(_ first: FileID, _ second: FileID, _ weight: Double) {
    let key = UInt64(UInt32(bitPattern: first.index)) << 32 | UInt64(UInt32(second.index))
    var pair = pairs[key] ?? Pair()
    guard pair.shared > 0 || pairs.count < Self.pairLimit else {
      isPairLimitReached = true
      return
    }
    pair.shared += 1
    pair.weight += weight
    pairs[key] = pair
  }

  private func touches(_ change: LoggedCommit.Change) -> Bool {
    switch change {
    case .changed(let path), .renamed(_, let path, _): file(at: path) != nil
    case .removed: false
    }
  }

  /// A file that only moved was not worked on.
  private func changedFile(_ change: LoggedCommit.Change) -> FileID? {
    switch change {
    case .changed(let path): file(at: path)
    case .renamed(_, let path, let isEdited): isEdited ? file(at: path) : nil
    case .removed: nil
    }
  }

  /// What older commits call by the old name is this file.
  private mutating func follow(_ commit: LoggedCommit) {
    var renamed: [(old: String, file: FileID?)] = []
    for case .renamed(let old, let new, _) in commit.changes {
      renamed.append((old, file(at: new)))
    }
    for (old, file) in renamed { successors[old] = file }
  }

  private static let programs: Set<String> = [
    "dependabot", "dependabot-preview", "renovate", "github-actions", "greenkeeper", "swift-ci",
    "semantic-release-bot", "weblate", "pre-commit-ci", "snyk-bot", "jenkins", "web-flow",
  ]

  static func isProgram(_ commit: LoggedCommit) -> Bool {
    let name = commit.author.lowercased()
    let address = commit.address.lowercased()
    return name.hasSuffix("[bot]") || address.contains("[bot]@") || programs.contains(name)
      || programs.contains(String(address.prefix { $0 != "@" }))
  }

  /// What was counted, without pairs that tell nothing.
  func history() -> ChangeHistory {
    var kept: [ChangeHistory.CoChange] = []
    for (key, pair) in pairs where pair.shared >= Self.minimumShared {
      let first = FileID(Int(key >> 32))
      let second = FileID(Int(key & 0xFFFF_FFFF))
      let (ofFirst, ofSecond) = (revisions[first] ?? 0, revisions[second] ?? 0)
      let degree = 2 * Double(pair.shared) / Double(max(1, ofFirst + ofSecond))
      guard degree > ChangeHistory.CoChange.leastDegree else { continue }
      kept.append(
        .init(
          first: first, second: second, shared: pair.shared, degree: degree, weight: pair.weight))
    }
    kept.sort { ($0.first, $0.second) < ($1.first, $1.second) }
    return ChangeHistory(commits: commits, coChanges: kept, authorship: authorship())
  }

  private func authorship() -> [ChangeHistory.Authorship] {
    changes.sorted { $0.key < $1.key }.flatMap { file, byAddress in
      var byName: [String: Int] = [:]
      for (address, count) in byAddress {
        byName[nameOfAddress[address] ?? address, default: 0] += count
      }
      return byName.map { ChangeHistory.Authorship(file: file, author: $0.key, changes: $0.value) }
        .sorted { $0.changes != $1.changes ? $0.changes > $1.changes : $0.author < $1.author }
    }
  }
}
