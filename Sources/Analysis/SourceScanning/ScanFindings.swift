// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// What the reader should know about files that were left out or read in part.
struct ScanFindings {
  /// Lines from which a file is pointed at: people do not write such.
  static let linesOfLargeFile = 50_000

  let discovery: SourceDiscovery.Result
  let files: [ReadFile]

  /// Manifests whose targets are not all known: files may be counted to the wrong module.
  static func findings(
    ofManifests problems: [(path: String, problem: ManifestReader.Problem)]
  ) -> [Finding] {
    problems.map { path, problem in
      let reason =
        switch problem {
        case .unreadable: "cannot be read; check its permissions"
        case .tooLarge:
          "has more than \(ManifestReader.sizeLimit) bytes and was left out"
        case .tooDeep: "is nested too deeply; what stands deeper was left out"
        case .doesNotParse: "does not parse; what could be read of it was used"
        }
      return Finding(
        id: "manifest-not-read", severity: .warning,
        message: "the manifest \(path) \(reason), so modules follow the folders")
    }
  }

  /// Names that several modules give to types of theirs.
  static func findings(ofNames types: [TypeDeclaration]) -> [Finding] {
    let named = types.filter { $0.kind != .fileScope && !$0.qualifiedName.contains(".") }
    let shared = Dictionary(grouping: named, by: \.qualifiedName)
      .mapValues { ($0, Set($0.map(\.module)).sorted()) }
      .filter { $0.value.1.count > 1 }.sorted { $0.key < $1.key }
    guard let (name, (declarations, modules)) = shared.first else { return [] }
    return [
      Finding(
        id: "same-name", severity: .note,
        message:
          "\(counted(shared.count, "type name")) \(shared.count == 1 ? "is" : "are") declared "
          + "in more than one module, the first is \(name) in \(modules.joined(separator: " and ")); "
          + "the module before the name tells them apart",
        locations: declarations.map(\.position))
    ]
  }

  /// Routes that stand in a report with a hole.
  static func findings(ofRoutes routes: [RouteRegistration]) -> [Finding] {
    let unread = routes.filter { $0.path.contains(RouteRegistration.unread) }
    guard !unread.isEmpty else { return [] }
    return [
      Finding(
        id: "route-not-read", severity: .warning,
        message: "\(unread.count) of \(counted(routes.count, "route")) "
          + "\(unread.count == 1 ? "has" : "have") a path that the code computes: "
          + "\(RouteRegistration.unread) stands for what could not be read of it, and the proxy's "
          + "first routes go without",
        locations: Set(unread.map(\.position)).sorted())
    ]
  }

  /// Names that may be tables.
  static func findings(ofTablesLeftOut uses: [TableUse]) -> [Finding] {
    guard let first = uses.first else { return [] }
    let rest = uses.count - 1
    return [
      Finding(
        id: "table-not-sure", severity: .note,
        message:
          "\(counted(uses.count, "name")) that a single text mentions as SQL mentions tables "
          + "\(rest == 0 ? "was" : "were") left out, because it may be prose: \(first.table)"
          + (rest == 0 ? "" : " and \(rest) more"),
        locations: uses.map(\.position))
    ]
  }

  func findings() -> [Finding] {
    var findings: [Finding] = []
    for (index, file) in files.enumerated() {
      for problem in file.problems {
        findings.append(finding(problem, in: file, at: FileID(index)))
      }
      if file.lines >= Self.linesOfLargeFile {
        findings.append(
          Finding(
            id: "large-file", severity: .note,
            message: "\(file.facts.path) has \(file.lines) lines; all of it was read, and what a "
              + "tool writes is better left out: ignore of the section analysis does that",
            locations: [SourcePosition(file: FileID(index), line: 1, column: 1)]))
      }
    }
    note(
      "unreadable-folder", .warning, discovery.unreadableFolders, "folder", "cannot be listed")
    note(
      "symbolic-link", .note, discovery.links, "symbolic link",
      discovery.links.count == 1 ? "was not followed" : "were not followed")
    if discovery.testFiles > 0 {
      findings.append(
        Finding(
          id: "tests-left-out", severity: .note,
          message: leftOut(discovery.testFiles, "test file")))
    }
    if discovery.generatedFiles > 0 {
      findings.append(
        Finding(
          id: "generated-left-out", severity: .note,
          message: leftOut(discovery.generatedFiles, "generated file")))
    }
    if discovery.ignoredFiles > 0 {
      findings.append(
        Finding(
          id: "ignored-left-out", severity: .note,
          message: leftOut(discovery.ignoredFiles, "file") + " as the configuration says"))
    }
    for pattern in discovery.idlePatterns {
      findings.append(
        Finding(
          id: "ignore-without-match", severity: .note,
          message: "no Swift file fits \(pattern) of analysis.ignore; patterns are paths below the "
            + "folder that is analysed, and ** stands for any number of folders"))
    }
    func leftOut(_ count: Int, _ what: String) -> String {
      "\(counted(count, what)) \(count == 1 ? "was" : "were") left out"
    }
    func note(
      _ id: String, _ severity: Finding.Severity, _ paths: [String], _ noun: String,
      _ happened: String
    ) {
      guard let first = paths.first else { return }
      let named = paths.count == 1 ? first : "the first is \(first)"
      findings.append(
        Finding(
          id: id, severity: severity,
          message: "\(counted(paths.count, noun)) \(happened): \(named)"))
    }
    return findings
  }

  private func finding(_ problem: ReadFile.Problem, in file: ReadFile, at id: FileID) -> Finding {
    func place(_ offset: UInt32) -> [SourcePosition] {
      let location = file.facts.location(of: offset)
      return [SourcePosition(file: id, line: location.line, column: location.column)]
    }
    let path = file.facts.path
    let start = [SourcePosition(file: id, line: 1, column: 1)]
    return switch problem {
    case .unreadable:
      Finding(
        id: "unreadable-file", severity: .error,
        message: "\(path) cannot be read; check its permissions", locations: start)
    case .tooLarge(let bytes):
      Finding(
        id: "file-too-large", severity: .warning,
        message: "\(path) has \(bytes) bytes, more than the limit, and was left out",
        locations: start)
    case .invalidUTF8:
      Finding(
        id: "invalid-utf8", severity: .warning,
        message: "\(path) is not valid UTF-8; the broken bytes were replaced", locations: start)
    case .doesNotParse(let offset):
      Finding(
        id: "parse-failure", severity: .warning,
        message: "\(path) does not parse; what could be read of it was used",
        locations: place(offset))
    case .bracketTower(let offset):
      Finding(
        id: "nesting-too-deep", severity: .warning,
        message:
          "\(path) nests more than \(BracketTower.limit) brackets and was left out",
        locations: place(offset))
    case .longChain(let calls, let offset):
      Finding(
        id: "long-chain", severity: .note,
        message: "\(path) chains \(counted(calls, "call")) in one expression; all of it was read",
        locations: place(offset))
    case .tooDeep(let offset):
      Finding(
        id: "nesting-too-deep", severity: .warning,
        message:
          "\(path) nests expressions more than \(FileLowering.depthLimit) deep; the rest was left out",
        locations: place(offset))
    }
  }
}
