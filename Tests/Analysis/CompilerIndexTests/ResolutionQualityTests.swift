// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import SourceScanning
import Testing

/// Compares what the scanner infers from syntax with what the compiler knows.
///
/// The compiler's side is the index store that the debug build of these tests writes beside them,
/// so the comparison costs no build of its own. Any other build can be compared as well, and
/// `INDEX_DETAILS=1` lists the differences:
///
///     INDEX_STORE=DIR/.build/debug/index/store INDEX_SOURCES=DIR swift test --filter
///     ResolutionQuality
@Suite(.enabled(if: BuildIndex.isAvailable, "needs the index of a debug build"))
struct ResolutionQualityTests {
  private static let precision = 0.97
  private static let recall = 0.95
  private static let environment = ProcessInfo.processInfo.environment

  @Test(.timeLimit(.minutes(5)), arguments: Corpus.available)
  func typeEdges(corpus: Corpus) throws {
    let index = try IndexStore(library: BuildIndex.library, store: corpus.store) {
      // A build folder that has seen a file go still holds its records.
      $0.hasPrefix(corpus.root + "/") && FileManager.default.fileExists(atPath: $0)
    }
    let sources = try index.files.map { try String(contentsOfFile: $0, encoding: .utf8) }
    let compiler = IndexedEdges(index, sources: sources)
    let truth = compiler.edges()
    let found = try scannedEdges(root: corpus.root, files: Set(index.files))
      .filter { compiler.isKnown($0.from) && compiler.isKnown($0.to) }
    let correct = Double(truth.intersection(found).count)
    let precision = correct / Double(max(1, found.count))
    let recall = correct / Double(max(1, truth.count))
    let figures = "\(truth.count) edges, precision \(precision), recall \(recall)"
    if Self.environment["INDEX_DETAILS"] != nil {
      let missed = truth.subtracting(found).map { "missed " + compiler.text($0) }.sorted()
      let invented = found.subtracting(truth).map { "invented " + compiler.text($0) }.sorted()
      let lines = ["\(corpus): \(figures)"] + missed + invented
      FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    }
    #expect(truth.count > 100)
    #expect(precision >= Self.precision, "\(figures)")
    #expect(recall >= Self.recall, "\(figures)")
  }

  private func scannedEdges(root: String, files: Set<String>) throws -> Set<TypeEdge> {
    let model = try SourceScanner(options: ScanOptions(includeGenerated: true)).scan(folder: root)
    func place(_ type: TypeID) -> String? {
      let declaration = model.types[Int(type.index)]
      guard declaration.kind != .fileScope else { return nil }
      let position = declaration.position
      let path = root + "/" + model.files[Int(position.file.index)].path
      guard files.contains(path) else { return nil }
      return "\(path):\(position.line):\(position.column)"
    }
    var edges: Set<TypeEdge> = []
    for reference in model.references {
      let path = root + "/" + model.files[Int(reference.position.file.index)].path
      guard files.contains(path), let from = place(reference.from), let to = place(reference.to),
        from != to
      else { continue }
      edges.insert(TypeEdge(from: from, to: to))
    }
    return edges
  }
}

/// A folder whose code the index of a build covers.
struct Corpus: CustomTestStringConvertible, CustomStringConvertible {
  var root: String
  var store: String
  var description: String { root.split(separator: "/").last.map(String.init) ?? root }
  var testDescription: String { description }

  /// This package's analysis, the argument parser where the build has it, and what is asked for.
  static var available: [Corpus] {
    let environment = ProcessInfo.processInfo.environment
    var corpora = [
      Corpus(root: BuildIndex.packageRoot + "/Sources/Analysis", store: BuildIndex.store)
    ]
    if FileManager.default.fileExists(
      atPath: BuildIndex.products + "/Modules/ArgumentParser.swiftmodule")
    {
      let checkout = "/.build/checkouts/swift-argument-parser/Sources"
      corpora.append(Corpus(root: BuildIndex.packageRoot + checkout, store: BuildIndex.store))
    }
    if let store = environment["INDEX_STORE"], let root = environment["INDEX_SOURCES"] {
      corpora.append(Corpus(root: root, store: store))
    }
    return corpora
  }
}

/// Where the index of the running build lies.
enum BuildIndex {
  static let packageRoot: String = {
    var path = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { path.deleteLastPathComponent() }
    return path.path
  }()
  static let products = packageRoot + "/.build/debug"
  static let store = products + "/index/store"
  /// Beside the toolchain's other libraries; the compiler is on the search path when tests run.
  static let library: String = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for folder in folders {
      let compiler = URL(fileURLWithPath: String(folder) + "/swiftc").resolvingSymlinksInPath()
      let candidate = compiler.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("lib/libIndexStore.so").path
      if FileManager.default.fileExists(atPath: candidate) { return candidate }
    }
    return ""
  }()
  static var isAvailable: Bool {
    !library.isEmpty && FileManager.default.fileExists(atPath: store)
  }
}
