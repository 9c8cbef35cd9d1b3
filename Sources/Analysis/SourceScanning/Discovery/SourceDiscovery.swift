// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation

/// Finds the Swift files of a folder. Never leaves it: symbolic links are counted, not followed, so
/// links that loop or lead to `/` cost nothing.
struct SourceDiscovery {
  /// Folders that hold copies, products or other people's code.
  static let skippedFolders: Set<String> = [
    "Pods", "Carthage", "DerivedData", "node_modules",
  ]

  struct Result {
    /// Relative paths in byte order.
    var sources: [String] = []
    /// Relative paths of package manifests.
    var manifests: [String] = []
    var testFiles = 0
    var generatedFiles = 0
    var ignoredFiles = 0
    /// Patterns of the configuration that no file of Swift fits.
    var idlePatterns: [String] = []
    var links: [String] = []
    var unreadableFolders: [String] = []
  }

  let root: String
  let options: ScanOptions
  private let ignored: [PathPattern]
  private var fitting: Set<Int> = []

  init(root: String, options: ScanOptions) {
    self.root = root
    self.options = options
    ignored = options.ignoredPaths.map(PathPattern.init)
  }

  mutating func discover() -> Result {
    var result = Result()
    var folders = [""]
    while let folder = folders.popLast() {
      visit(folder, &folders, &result)
    }
    result.sources.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    result.manifests.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    result.links.sort()
    result.unreadableFolders.sort()
    result.idlePatterns = ignored.indices.filter { !fitting.contains($0) }
      .map { options.ignoredPaths[$0] }
    return result
  }

  private mutating func visit(_ folder: String, _ folders: inout [String], _ result: inout Result) {
    let path = folder.isEmpty ? root : root + "/" + folder
    guard let entries = FolderEntry.entries(of: path) else {
      result.unreadableFolders.append(folder)
      return
    }
    for entry in entries where !entry.name.hasPrefix(".") {
      let name = entry.name
      let relative = folder.isEmpty ? name : folder + "/" + name
      switch entry.kind ?? FileStatus(path: root + "/" + relative)?.kind ?? .other {
      case .link:
        if name.hasSuffix(".swift") || !name.contains(".") { result.links.append(relative) }
      case .folder: if !Self.skippedFolders.contains(name) { folders.append(relative) }
      case .file: if name.hasSuffix(".swift") { classify(relative, name, &result) }
      case .other: continue
      }
    }
  }

  private mutating func classify(
    _ relative: String, _ name: String, _ result: inout Result
  ) {
    let patterns = ignored.indices.filter { ignored[$0].matches(relative) }
    fitting.formUnion(patterns)
    if name == "Package.swift" {
      result.manifests.append(relative)
    } else if name.hasPrefix("Package@swift") {
      return
    } else if !patterns.isEmpty {
      result.ignoredFiles += 1
    } else if !options.includeTests, SourceFile.isTest(relative) {
      result.testFiles += 1
    } else if Self.isGenerated(name), !options.includeGenerated {
      result.generatedFiles += 1
    } else {
      result.sources.append(relative)
    }
  }

  static func isGenerated(_ name: String) -> Bool {
    [".pb.swift", ".grpc.swift", ".generated.swift"].contains { name.hasSuffix($0) }
  }

}
