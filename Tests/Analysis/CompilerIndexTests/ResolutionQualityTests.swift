// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

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
  private static let environment = ProcessInfo.processInfo.environment

  @Test(.timeLimit(.minutes(5)), arguments: Corpus.available)
  func edges(corpus: Corpus) throws {
    let index = try corpus.index()
    let sources = try index.files.map { try String(contentsOfFile: $0, encoding: .utf8) }
    var compiler = IndexedEdges(index, sources: sources)
    let scanned = try ScannedEdges(root: corpus.root, files: Set(index.files))
    let types = Agreement(
      truth: compiler.edges(),
      found: scanned.types.filter { compiler.isKnown($0.from) && compiler.isKnown($0.to) })
    let files = Agreement(truth: compiler.fileEdges(), found: scanned.files)
    report("\(corpus): types \(types)")
    report("\(corpus): files \(files)")
    if Self.environment["INDEX_DETAILS"] != nil {
      report(types.differences { compiler.text($0) })
      report(files.differences { "\(compiler.text($0))" })
    }
    #expect(types.truth.count > 100 && files.truth.count > 40)
    #expect(types.precision >= 0.98 && types.recall >= 0.97, "\(types)")
    #expect(files.precision >= 0.96 && files.recall >= 0.95, "\(files)")
  }

  /// A build of everything has the two packages that the demand names.
  @Test(.enabled(if: environment["STRANGLER_AREAS"] == nil, "needs a build of all areas"))
  func `both packages are compared`() {
    let roots = Corpus.available.map(\.root)
    for package in ["swift-argument-parser", "hummingbird"] {
      #expect(roots.contains { $0.hasSuffix("/" + package) }, "\(package)")
    }
  }

  /// With the same index the scanner has nothing to guess.
  @Test(.timeLimit(.minutes(5))) func anIndexOverridesSyntax() throws {
    let corpus = Corpus.available[0]
    let index = try corpus.index()
    let sources = try index.files.map { try String(contentsOfFile: $0, encoding: .utf8) }
    var compiler = IndexedEdges(index, sources: sources)
    let scanned = try ScannedEdges(
      root: corpus.root, files: Set(index.files), index: .store(corpus.store))
    let types = Agreement(
      truth: compiler.edges(),
      found: scanned.types.filter { compiler.isKnown($0.from) && compiler.isKnown($0.to) })
    let files = Agreement(truth: compiler.fileEdges(), found: scanned.files)
    report("with the index: types \(types)")
    report("with the index: files \(files)")
    #expect(types.precision >= 0.999 && types.recall >= 0.999, "\(types)")
    #expect(files.precision >= 0.999 && files.recall >= 0.999, "\(files)")
    #expect(scanned.model.references.allSatisfy { $0.tier == .buildIndex })
    #expect(scanned.model.findings.contains { $0.id == "index-coverage" })
  }

  private func report(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}

/// Two sets of edges, one of which is right.
struct Agreement<Edge: Hashable>: CustomStringConvertible {
  var truth: Set<Edge>
  var found: Set<Edge>

  private var correct: Double { Double(truth.intersection(found).count) }
  var precision: Double { correct / Double(max(1, found.count)) }
  var recall: Double { correct / Double(max(1, truth.count)) }
  var description: String {
    func short(_ value: Double) -> String { String(format: "%.4f", value) }
    return "\(truth.count) edges, precision \(short(precision)), recall \(short(recall))"
  }

  func differences(_ text: (Edge) -> String) -> String {
    let missed = truth.subtracting(found).map { "missed " + text($0) }.sorted()
    let invented = found.subtracting(truth).map { "invented " + text($0) }.sorted()
    return (missed + invented).joined(separator: "\n")
  }
}

/// A folder whose code the index of a build covers.
struct Corpus: CustomTestStringConvertible, CustomStringConvertible {
  var root: String
  var store: String
  var description: String { root.split(separator: "/").suffix(2).joined(separator: "/") }
  var testDescription: String { description }

  func index() throws -> IndexStore {
    try IndexStore(library: BuildIndex.library, store: store) { file in
      file.hasPrefix(root + "/") ? FileTime.modification(of: file) : nil
    }
  }

  /// This package's analysis, two packages where the build has them, and what is asked for.
  static var available: [Corpus] {
    let environment = ProcessInfo.processInfo.environment
    var corpora = [
      Corpus(root: BuildIndex.packageRoot + "/Sources/Analysis", store: BuildIndex.store)
    ]
    for (module, package) in [
      ("ArgumentParser", "swift-argument-parser"), ("Hummingbird", "hummingbird"),
    ] {
      let module = BuildIndex.products + "/Modules/\(module).swiftmodule"
      guard FileManager.default.fileExists(atPath: module) else { continue }
      let checkout = BuildIndex.packageRoot + "/.build/checkouts/\(package)"
      corpora.append(Corpus(root: checkout, store: BuildIndex.store))
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
  static let library = (try? Toolchain())?.indexLibrary ?? ""
  static var isAvailable: Bool {
    !library.isEmpty && FileManager.default.fileExists(atPath: store)
  }
}
