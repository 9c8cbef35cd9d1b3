// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

/// Scans real sources with random damage. Whatever comes out, it comes out: no crash, findings
/// instead of failures, and facts that survive the cache.
///
/// `SCAN_FUZZ_ROUNDS=5000 SCAN_FUZZ_SEED=7 swift test -c release --filter MutatedSource` runs for
/// longer and elsewhere; a failure names its round, and the seed with the round makes it again.
@Suite struct MutatedSourceTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["SCAN_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 40
  private static let seed = environment["SCAN_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
  /// Debug builds parse slowly.
  private static let sourceLimit = 6 << 10
  private static let knownFindings: Set<String> = [
    "parse-failure", "invalid-utf8", "nesting-too-deep",
  ]

  private func corpus() throws -> [[UInt8]] {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<5 { folder.deleteLastPathComponent() }
    let sources = folder.appendingPathComponent("Sources/Analysis/SourceScanning").path
    let names = try FileManager.default.subpathsOfDirectory(atPath: sources).sorted()
    return names.filter { $0.hasSuffix(".swift") }
      .compactMap { FileManager.default.contents(atPath: sources + "/" + $0).map { [UInt8]($0) } }
      .filter { $0.count <= Self.sourceLimit }
  }

  @Test(.timeLimit(.minutes(60))) func damagedSourcesAreScanned() throws {
    let corpus = try corpus()
    try #require(corpus.count > 10)
    for round in 0..<Self.rounds {
      var mutation = Mutation(seed: Self.seed &* 1_000_003 &+ UInt64(round))
      let first = mutation.mutate(mutation.pick(corpus), with: mutation.pick(corpus))
      let second = mutation.mutate(mutation.pick(corpus), with: mutation.pick(corpus))
      check([first, second], "round \(round) of seed \(Self.seed)")
    }
  }

  private func check(_ sources: [[UInt8]], _ comment: Comment) {
    let options = ScanOptions(threads: 1)
    let modules = ModuleMap(manifests: [], sources: [], rootName: "App")
    let reader = FileReader(
      root: "", options: options, modules: modules, conditions: BuildConditions())
    let read = StackedThreads.map(sources, threads: 1) { index, bytes in
      var file = ReadFile(facts: FileFacts(path: "\(index).swift", module: "App"))
      reader.parse(bytes, into: &file)
      let kept = file.keep(as: ContentHash(bytes))
      let back = try? ReadFile(path: "\(index).swift", module: "App", kept: kept)
      return (file: file, isKept: back?.everything == file.everything)
    }
    #expect(read.allSatisfy { $0.isKept }, comment)
    let assembly = ModelAssembly(
      options: options, discovery: SourceDiscovery.Result(), read: read.map(\.file))
    let model = assembly.model { _, _ in }
    #expect(Set(model.findings.map(\.id)).isSubset(of: Self.knownFindings), comment)
    #expect(
      model.references.allSatisfy { reference in
        model.types.indices.contains(Int(reference.from.index))
          && model.types.indices.contains(Int(reference.to.index))
          && reference.position.line >= 1 && reference.position.column >= 1
      }, comment)
  }
}

/// Damage that follows from a seed alone.
private struct Mutation {
  private var state: UInt64
  private static let fragments = [
    "{", "}", "(", ")", "[", "]", "<", ">", "\"", "\"\"\"", "#if os(Linux)\n", "#endif\n", "@",
    "\\(",
    "extension Self {", "struct A: A {", "class B: C, C: B {", "typealias T = T.T\n", "?!", "\0",
    "/*",
    "associatedtype E: E.E\n", "func f<T: T>(_: T) where T == T.T {}", ".init", "case let .x(y):",
    "if let a { } else ", "switch x { ", "\u{FEFF}", "é", "some any (", "await try ", "\r\n", "`",
  ]

  init(seed: UInt64) { state = seed }

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ mixed >> 31) % UInt64(max(1, bound)))
  }

  mutating func pick(_ corpus: [[UInt8]]) -> [UInt8] { corpus[next(corpus.count)] }

  mutating func mutate(_ source: [UInt8], with other: [UInt8]) -> [UInt8] {
    var bytes = source
    for _ in 0...next(6) {
      let start = next(bytes.count + 1)
      let end = min(bytes.count, start + next(200))
      switch next(7) {
      case 0: bytes.removeSubrange(start..<end)
      case 1: bytes.insert(contentsOf: bytes[start..<end], at: next(bytes.count + 1))
      case 2: if start < bytes.count { bytes[start] = UInt8(next(256)) }
      case 3:
        let from = next(other.count + 1)
        bytes.insert(contentsOf: other[from..<min(other.count, from + next(300))], at: start)
      case 4: bytes.removeSubrange(start...)
      case 5:
        let fragment = Self.fragments[next(Self.fragments.count)]
        bytes.insert(
          contentsOf: String(repeating: fragment, count: 1 + next(4)).utf8, at: start)
      default: bytes.insert(contentsOf: Self.fragments[next(Self.fragments.count)].utf8, at: start)
      }
    }
    return bytes
  }
}
