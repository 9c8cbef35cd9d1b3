// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation

@testable import SourceScanning

/// Sources in memory, scanned like files.
struct InlineSources {
  var files: [String: String]
  var options = ScanOptions(threads: 2)

  init(_ files: [String: String]) { self.files = files }
  init(_ source: String) { files = ["Sources/App/Main.swift": source] }

  func model() -> CodeModel {
    let paths = files.keys.sorted()
    let modules = ModuleMap(manifests: [], sources: paths, rootName: "App")
    var conditions = BuildConditions()
    conditions.modules = BuildConditions.toolchainModules.union(modules.modules)
    let reader = FileReader(root: "", options: options, modules: modules, conditions: conditions)
    let inputs = paths.map { (path: $0, bytes: Array((files[$0] ?? "").utf8)) }
    let read = StackedThreads.map(inputs, threads: options.threads) { _, input in
      var file = ReadFile(
        facts: FileFacts(path: input.path, module: modules.module(of: input.path)))
      reader.parse(input.bytes, into: &file)
      return file
    }
    return ModelAssembly(options: options, discovery: SourceDiscovery.Result(), read: read)
      .model { _, _ in }
  }

  /// `From -> To kind`, without repetition, sorted.
  func edges() -> [String] {
    let model = model()
    let edges = model.references.map {
      "\(model.name($0.from)) -> \(model.name($0.to)) \($0.kind)"
    }
    return Set(edges).sorted()
  }

  /// `From -> To`, whatever the kind.
  func pairs() -> [String] {
    let model = model()
    return Set(model.references.map { "\(model.name($0.from)) -> \(model.name($0.to))" }).sorted()
  }
}

extension CodeModel {
  func name(_ id: TypeID) -> String { types[Int(id.index)].qualifiedName }

  /// `table access Type function`, with `*` after uses in a transaction.
  var tableLines: [String] {
    tableUses.map { use in
      let function = use.function.isEmpty ? "" : " " + use.function
      return "\(use.table) \(use.access) \(name(use.type))\(function)"
        + (use.inTransaction ? "*" : "")
    }
  }

  var routeLines: [String] {
    routes.map { "\($0.method) \($0.path) \(name($0.handler))" }
  }
}

extension ReadFile {
  /// Everything that is known of a file, bodies included.
  var everything: String {
    "\(lines) \(isGenerated) \(problems) \(facts.path) \(facts.module) \(facts.lineStarts) "
      + "\(facts.imports) \(facts.declarations) \(String(describing: facts.topLevel)) "
      + "\(facts.outline) \(facts.body)"
  }
}

/// A folder on disk that lives as long as one test.
final class ScratchFolder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("scan-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func write(_ bytes: some Sequence<UInt8>, to file: String) throws {
    let url = URL(fileURLWithPath: path + "/" + file)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func write(_ text: String, to file: String) throws { try write(text.utf8, to: file) }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
