// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation

/// An opened index with what may be concluded from it.
struct CompilerEvidence {
  let store: IndexStore
  let tier: Reference.Tier
  /// Every reference of a covered file is in the index.
  let isComplete: Bool
  /// Absolute paths of the scanned files, in the model's order.
  let paths: [String]

  /// Replaces what syntax found where the compiler knows better.
  ///
  /// - Returns: how much of the model the index covers.
  func apply(
    to signals: inout [FileSignals], _ table: SymbolTable, _ numbering: TypeNumbering
  ) -> Finding {
    let overlay = IndexOverlay(
      table: table, numbering: numbering, store: store, paths: paths, tier: tier,
      isComplete: isComplete)
    overlay.apply(to: &signals)
    let references = signals.reduce(0) { sum, file in
      sum + file.references.count { $0.tier == tier }
    }
    let origin = tier == .buildIndex ? "a build" : "a check without dependencies"
    var message =
      "the index of \(origin) covers \(overlay.coveredFiles) of \(counted(paths.count, "file")) "
      + "and gives \(counted(references, "reference"))"
    if !store.staleFiles.isEmpty {
      message += "; \(counted(store.staleFiles.count, "file")) changed since"
    }
    guard overlay.coveredFiles > 0 else {
      return Finding(
        id: "index-covers-nothing", severity: .warning,
        message: message + ": it is of another folder, or older than every file; build again, "
          + "references were read from the syntax alone")
    }
    return Finding(id: "index-coverage", severity: .note, message: message)
  }
}

/// Finds or makes the index that the options ask for.
struct CompilerEvidenceReader {
  let options: ScanOptions
  let root: String
  /// Relative path and module of each scanned file.
  let files: [(path: String, module: String)]
  /// Names that `#if` finds defined.
  let defines: Set<String>

  struct Result {
    var evidence: CompilerEvidence?
    var findings: [Finding] = []
  }

  /// Asked for, and not there: nobody may take what follows for more than syntax.
  private static let nothingFound = Finding(
    id: "index-not-found", severity: .warning,
    message: "no build has left an index in .build, so references were read from the syntax alone; "
      + "`swift build` writes one, --index-store names one elsewhere, --precise needs none")

  /// - Throws: when an index was asked for and there is none to read.
  func read(progress: (Int) -> Void) throws(ScanError) -> Result {
    do throws(IndexUnavailable) {
      switch options.index {
      case .none: return Result()
      case .found:
        guard let path = newestStore() else { return Result(findings: [Self.nothingFound]) }
        do throws(IndexUnavailable) {
          return Result(evidence: try open(path, Toolchain(), .buildIndex, isComplete: true))
        } catch {
          return Result(findings: [
            Finding(
              id: "index-not-read", severity: .warning,
              message: "the index of a build in \(path) was not read: \(error.reason)")
          ])
        }
      case .store(let path):
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: absolute) else {
          throw IndexUnavailable(reason: "there is no index store at \(path)")
        }
        return Result(evidence: try open(absolute, Toolchain(), .buildIndex, isComplete: true))
      case .check: return Result(evidence: try check(progress))
      }
    } catch {
      throw ScanError(code: .indexUnavailable, folder: root, reason: error.reason)
    }
  }

  private func check(_ progress: (Int) -> Void) throws(IndexUnavailable) -> CompilerEvidence {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("strangler-index-" + UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let toolchain = try Toolchain()
    let build = IndexBuild(root: root, folder: folder)
    var modules: [String: [String]] = [:]
    for file in files { modules[file.module, default: []].append(file.path) }
    try build.run(
      modules: modules, defines: defines, threads: options.threads, progress: progress)
    return try open(build.storePath, toolchain, .compilerIndex, isComplete: false)
  }

  private func open(
    _ path: String, _ toolchain: Toolchain, _ tier: Reference.Tier, isComplete: Bool
  ) throws(IndexUnavailable) -> CompilerEvidence {
    let paths = files.map { root + "/" + $0.path }
    let scanned = Set(paths)
    let store = try IndexStore(library: toolchain.indexLibrary, store: path) { file in
      scanned.contains(file) ? FileTime.modification(of: file) : nil
    }
    return CompilerEvidence(store: store, tier: tier, isComplete: isComplete, paths: paths)
  }

  /// Where builds leave their index: `.build/TRIPLE/debug/index/store`, and what other tools put in
  /// folders of that kind. The one that was written last.
  private func newestStore() -> String? {
    let build = root + "/.build"
    func folders(_ path: String) -> [String] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      return names.sorted().map { path + "/" + $0 }
    }
    let candidates = folders(build) + folders(build).flatMap(folders)
    return candidates.map { $0 + "/index/store" }
      .compactMap { path in
        FileTime.modification(of: path + "/v5/units").map { (path: path, time: $0) }
      }
      .max { $0.time < $1.time }?.path
  }
}
