// SPDX-License-Identifier: Apache-2.0
/// Which module a file belongs to: the target whose folder holds it, as far as the manifest can be
/// read without running it, else the folder layout.
struct ModuleMap: Sendable {
  /// Folder (with a trailing slash) and module, longest folder first.
  private(set) var folders: [(folder: String, module: String)] = []
  /// Names that the manifests define: traits that are on by default, and `.define` without a
  /// condition.
  private(set) var defines: Set<String> = []
  /// Manifests that were read in part or not at all.
  private(set) var problems: [(path: String, problem: ManifestReader.Problem)] = []
  /// Module of files outside of every known folder.
  let fallback: String

  /// - Parameters:
  ///   - manifests: relative path and bytes of each `Package.swift`; `nil` for one that cannot be
  ///     read.
  ///   - sources: relative paths of the files to place.
  ///   - rootName: name of the scanned folder.
  init(manifests: [(path: String, bytes: [UInt8]?)], sources: [String], rootName: String) {
    fallback = rootName
    let present = Self.folders(of: sources)
    for manifest in manifests {
      let package = String(manifest.path.dropLast("Package.swift".count))
      let reader = ManifestReader(bytes: manifest.bytes)
      if let problem = reader.problem { problems.append((manifest.path, problem)) }
      defines.formUnion(reader.defines)
      for target in reader.targets {
        let candidates =
          target.path.map { [$0] }
          ?? ["Sources", "Source", "src", "srcs", "Tests", "Plugins"].map { "\($0)/\(target.name)" }
        for candidate in candidates where present.contains(package + candidate) {
          folders.append((package + candidate + "/", target.name))
        }
      }
      // Manifests that build targets in helper functions still name them in literals.
      for folder in present where folder.hasPrefix(package + "Sources/") {
        let name = String(folder.split(separator: "/").last ?? "")
        if reader.literals.contains(name) { folders.append((folder + "/", name)) }
      }
    }
    folders.sort {
      $0.folder.utf8.count != $1.folder.utf8.count
        ? $0.folder.utf8.count > $1.folder.utf8.count : $0.folder < $1.folder
    }
  }

  var modules: Set<String> { Set(folders.map(\.module)) }

  func module(of path: String) -> String {
    if let found = folders.first(where: { path.hasPrefix($0.folder) }) { return found.module }
    let parts = path.split(separator: "/").dropLast()
    if let sources = parts.firstIndex(of: "Sources"), sources + 1 < parts.endIndex {
      return String(parts[sources + 1])
    }
    // Whoever has only the sources has them by target.
    if fallback == "Sources", let first = parts.first { return String(first) }
    return fallback
  }

  private static func folders(of sources: [String]) -> Set<String> {
    var present: Set<String> = []
    for source in sources {
      var folder = source[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        guard present.insert(String(folder)).inserted else { break }
      }
    }
    return present
  }
}
