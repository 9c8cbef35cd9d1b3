// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

@testable import SourceScanning

@Suite struct CoChangeTests {
  private static let files: [String: FileID] = [
    "A.swift": FileID(0), "B.swift": FileID(1), "C.swift": FileID(2),
  ]

  private func commit(
    _ paths: String..., author: String = "Ada", address: String = "ada@example.org"
  ) -> LoggedCommit {
    LoggedCommit(author: author, address: address, changes: paths.map { .changed($0) })
  }

  private func counted(_ commits: [LoggedCommit]) -> CoChangeCounter {
    var counter = CoChangeCounter(files: Self.files)
    for commit in commits { counter.add(commit) }
    return counter
  }

  @Test func `each common commit makes a pair a little stronger`() throws {
    let together = commit("A.swift", "B.swift", "README.md")
    #expect(counted([together]).history().coChanges.isEmpty)
    var last = 0.0
    for count in 2...12 {
      let pairs = counted(Array(repeating: together, count: count)).history().coChanges
      let pair = try #require(pairs.first)
      #expect(pair.shared == count && pair.degree == 1 && pair.weight == Double(count) / 2)
      // No single commit adds more than a quarter.
      #expect(pair.strength > last && pair.strength - last < 0.25, "\(count)")
      last = pair.strength
    }
    #expect(last > 0.85 && last < 1)
  }

  @Test func `the smaller the part of what both files do, the weaker is a pair`() throws {
    let together = Array(repeating: commit("A.swift", "B.swift"), count: 5)
    var last = 1.0
    for alone in stride(from: 0, through: 50, by: 2) {
      let pairs = counted(together + Array(repeating: commit("A.swift"), count: alone)).history()
        .coChanges
      let strength = pairs.first?.strength ?? 0
      #expect(strength <= last && last - strength < 0.4, "\(alone)")
      last = strength
    }
    // 5 of (5 + 62) / 2 is below 15 %.
    #expect(
      counted(together + Array(repeating: commit("A.swift"), count: 57)).history()
        .coChanges.isEmpty)
  }

  @Test func renamesAreFollowedAndCountNothing() {
    let renamed = LoggedCommit(
      author: "Ada", address: "ada@example.org",
      changes: [.renamed(from: "Old.swift", to: "A.swift", isEdited: false)])
    let older = Array(repeating: commit("Old.swift", "B.swift"), count: 5)
    let history = counted([renamed] + older).history()
    #expect(history.coChanges.map(\.shared) == [5])
    #expect(history.authorship.first?.changes == 5)
  }

  @Test func swappedNamesAreFollowed() {
    let swap = LoggedCommit(
      author: "Ada", address: "ada@example.org",
      changes: [
        .renamed(from: "A.swift", to: "B.swift", isEdited: false),
        .renamed(from: "B.swift", to: "A.swift", isEdited: false),
      ])
    let history = counted([swap] + Array(repeating: commit("A.swift"), count: 3)).history()
    #expect(history.authorship.map(\.file) == [FileID(1)])
  }

  @Test func massCommitsAndProgramsAreLeftOut() {
    let mass = LoggedCommit(
      author: "Ada", address: "ada@example.org",
      changes: (0...30).map { .changed($0 == 0 ? "A.swift" : "other\($0)") })
    let bot = commit("A.swift", author: "renovate[bot]", address: "29139614+renovate[bot]@x.y")
    let counter = counted([mass, bot])
    #expect(counter.commits == 0)
    #expect((counter.massCommits, counter.commitsByPrograms) == (1, 1))
    #expect(counter.history() == ChangeHistory())
  }

  @Test func `commits to what was not read are none of the code's`() {
    let counter = counted(
      Array(repeating: commit("README.md"), count: 60) + [commit("A.swift", "README.md")])
    #expect(counter.commits == 1)
    // Of one commit nobody knows who works on the code.
    #expect(counter.history().mostChanges == nil)
  }

  @Test func authorsAreKnownByAddress() {
    let history = counted([
      commit("A.swift", author: "Ada L.", address: "Ada@example.org"),
      commit("A.swift", author: "ada", address: "ada@example.org"),
      commit("A.swift", "B.swift", author: "Bob", address: "bob@example.org"),
    ]).history()
    let both = history.authors(of: [FileID(0), FileID(1)])
    #expect(both.map(\.name) == ["Ada L.", "Bob"])
    #expect(both.map(\.changes) == [2, 2])
  }
}

@Suite struct GitLogParserTests {
  private func parsed(_ text: String, pieceSize: Int) -> [LoggedCommit] {
    var parser = GitLogParser()
    var commits: [LoggedCommit] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      parser.take(rest.prefix(pieceSize)) { commits.append($0) }
      rest = rest.dropFirst(pieceSize)
    }
    parser.finish { commits.append($0) }
    return commits
  }

  @Test(arguments: [1, 2, 7, 1_000]) func recordsInPieces(size: Int) {
    let text =
      "\u{1}Ada\u{2}ada@x\0\nM\0a \"b\"\n.swift\0R097\0old.swift\0new.swift\0D\0gone\0"
      + "\u{1}Nobody\u{2}\0\u{1}Bob\u{2}bob@x\0\nR100\0a\0b\0C075\0c\0d\0"
    #expect(
      parsed(text, pieceSize: size) == [
        LoggedCommit(
          author: "Ada", address: "ada@x",
          changes: [
            .changed("a \"b\"\n.swift"),
            .renamed(from: "old.swift", to: "new.swift", isEdited: true), .removed("gone"),
          ]),
        LoggedCommit(author: "Nobody", address: ""),
        LoggedCommit(
          author: "Bob", address: "bob@x",
          changes: [.renamed(from: "a", to: "b", isEdited: false), .changed("d")]),
      ])
  }
}
