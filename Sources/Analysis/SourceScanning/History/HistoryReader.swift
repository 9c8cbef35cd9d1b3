// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Reads the history of the scanned files from git, in one process and one pass.
struct HistoryReader {
  /// Commits that are read, newest first.
  static let commitLimit = 50_000

  struct Result: Equatable {
    var history: ChangeHistory?
    var findings: [Finding] = []
  }

  let root: String
  /// Paths relative to the root, in the model's order.
  let paths: [String]

  func read() -> Result {
    let git = GitCommand(folder: root)
    let place = git.lines(["rev-parse", "--is-shallow-repository", "--show-prefix"])
    guard let isShallow = place?.first, let prefix = place?.dropFirst().first else {
      return Result(findings: [
        Finding(
          id: "no-history", severity: .note,
          message: "no git repository can be read here, so nothing is known about changes")
      ])
    }
    // Where contents are missing, comparing them would fetch them.
    let isPartial = git.lines(["config", "--get", "extensions.partialClone"]) != nil
    var counter = CoChangeCounter(
      files: Dictionary(
        paths.enumerated().map { (prefix + $0.element, FileID($0.offset)) },
        uniquingKeysWith: { first, _ in first }))
    let (read, status) = count(with: git, isPartial: isPartial, into: &counter)
    var findings = findings(counter, commits: read, isShallow: isShallow == "true")
    if status != 0 {
      let end = status.map { "status \($0)" } ?? "it did not start"
      findings.append(
        read == 0
          ? Finding(
            id: "no-history", severity: .note,
            message: "git tells no commit here (\(end)), as where none was made yet or objects are "
              + "missing, so nothing is known about changes")
          : Finding(
            id: "history-incomplete", severity: .warning,
            message: "git log ended early (\(end)): what is known about changes rests on the "
              + "newest \(counted(read, "commit"))"))
    }
    return Result(history: read == 0 ? nil : counter.history(), findings: findings)
  }

  private func count(
    with git: GitCommand, isPartial: Bool, into counter: inout CoChangeCounter
  ) -> (commits: Int, status: Int32?) {
    var parser = GitLogParser()
    var commits = 0
    let status = git.run([
      "log", "--no-merges", isPartial ? "-M100%" : "-M", "--name-status", "-z", "--no-ext-diff",
      "--no-textconv", "--no-notes", "-O/dev/null", "--ignore-submodules",
      "--max-count=\(Self.commitLimit)",
      "--format=\(GitLogParser.format)",
    ]) { piece in
      parser.take(piece) { commit in
        commits += 1
        counter.add(commit)
      }
      return true
    }
    parser.finish { commit in
      commits += 1
      counter.add(commit)
    }
    return (commits, status)
  }

  private func findings(
    _ counter: CoChangeCounter, commits: Int, isShallow: Bool
  ) -> [Finding] {
    var findings: [Finding] = []
    if isShallow {
      findings.append(
        Finding(
          id: "shallow-clone", severity: .note,
          message: "the clone holds only \(counted(commits, "commit")); "
            + "`git fetch --unshallow` would tell more about changes"))
    }
    if commits >= Self.commitLimit {
      findings.append(
        Finding(
          id: "history-cut", severity: .note,
          message: "only the newest \(Self.commitLimit) commits were read"))
    }
    if counter.isPairLimitReached {
      findings.append(
        Finding(
          id: "history-cut", severity: .note,
          message: "more than \(CoChangeCounter.pairLimit) pairs of files changed together; "
            + "the oldest were left out"))
    }
    return findings
  }
}
