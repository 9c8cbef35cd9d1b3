// SPDX-License-Identifier: Apache-2.0
/// Which module a file belongs to: the target whose folder holds it, as far as the manifest can be
/// read without running it, else the folder layout.
struct ModuleMap: Sendable {
  /// Folder (with a trailing slash; empty for the scanned folder itself) and module, longest folder
  /// first.
  private(set) var folders: [(folder: String, module: String)] = []
  /// Names that the manifests define: traits that are on by default, and `.define` without a
  /// condition.
  private(set) var defines: Set<String> = []
  /// Manifests that were read in part or not at all.
  private(set) var problems: [(path: String, problem: ManifestReader.Problem)] = []
  /// Module of files outside of every known folder.
  let fallback: String
  /// Folders that hold modules and are none, with a trailing slash.
  private var groups: Set<String> = []

  /// The manifest of a package that the scanned folder is a part of.
  struct Enclosing {
    /// The scanned folder inside of the package, with a trailing slash.
    var folder: String
    var bytes: [UInt8]?
  }

  /// - Parameters:
  ///   - manifests: relative path and bytes of each `Package.swift`; `nil` for one that cannot be
  ///     read.
  ///   - enclosing: the manifest above, which counts where it has targets in the scanned folder.
  ///   - sources: relative paths of the files to place.
  ///   - rootName: name of the scanned folder.
  ///   - importedNames: modules that the sources import; asked for only where no manifest tells
  ///     whether a folder is a module or holds some.
  init(
    manifests: [(path: String, bytes: [UInt8]?)], enclosing: Enclosing? = nil, sources: [String],
    rootName: String, importedNames: () -> Set<String> = { [] }
  ) {
    fallback = rootName
    let present = Self.folders(of: sources)
    for manifest in manifests {
      let package = String(manifest.path.dropLast("Package.swift".count))
      let reader = ManifestReader(bytes: manifest.bytes)
      if let problem = reader.problem { problems.append((manifest.path, problem)) }
      defines.formUnion(reader.defines)
      folders += Self.targets(reader, present) { candidate in
        present.contains(package + candidate) ? package + candidate + "/" : nil
      } source: { folder in
        folder.hasPrefix(package) ? String(folder.dropFirst(package.count)) : nil
      }
    }
    if let enclosing { addTargets(of: enclosing, present) }
    folders.sort {
      $0.folder.utf8.count != $1.folder.utf8.count
        ? $0.folder.utf8.count > $1.folder.utf8.count : $0.folder < $1.folder
    }
    groups = foundGroups(sources, present, importedNames)
  }

  var modules: Set<String> { Set(folders.map(\.module)) }

  func module(of path: String) -> String {
    if let found = folders.first(where: { path.hasPrefix($0.folder) }) { return found.module }
    guard let folder = layoutFolder(of: path) else { return fallback }
    let parts = folder.split(separator: "/")
    guard groups.contains(folder) else { return String(parts[parts.count - 1]) }
    let inside = path.split(separator: "/").dropLast().dropFirst(parts.count)
    return String(inside.first ?? parts[parts.count - 1])
  }

  /// Folder that the layout makes a module of: `Sources/X/` above the file, or `X/` where somebody
  /// has only the sources.
  private func layoutFolder(of path: String) -> String? {
    let parts = path.split(separator: "/").dropLast()
    if let sources = parts.firstIndex(of: "Sources"), sources + 1 < parts.endIndex {
      return parts[...(sources + 1)].joined(separator: "/") + "/"
    }
    guard fallback == "Sources", let first = parts.first else { return nil }
    return first + "/"
  }

  /// Folders of the layout that hold no file of their own, that nobody imports, and of whose
  /// folders somebody imports one: those are the modules.
  private func foundGroups(
    _ sources: [String], _ present: Set<String>, _ importedNames: () -> Set<String>
  ) -> Set<String> {
    var candidates: Set<String> = []
    var withFiles: Set<String> = []
    for source in sources where !folders.contains(where: { source.hasPrefix($0.folder) }) {
      guard let folder = layoutFolder(of: source) else { continue }
      if source.dropFirst(folder.count).contains("/") {
        candidates.insert(folder)
      } else {
        withFiles.insert(folder)
      }
    }
    candidates.subtract(withFiles)
    guard !candidates.isEmpty else { return [] }
    let imported = importedNames()
    return candidates.filter { group in
      func name(_ folder: some StringProtocol) -> String {
        String(folder.split(separator: "/").last ?? "")
      }
      let holdsModule = present.contains { folder in
        folder.hasPrefix(group) && !folder.dropFirst(group.count).contains("/")
          && imported.contains(name(folder))
      }
      return holdsModule && !imported.contains(name(group))
    }
  }

  private mutating func addTargets(of enclosing: Enclosing, _ present: Set<String>) {
    let (above, reader) = (enclosing.folder, ManifestReader(bytes: enclosing.bytes))
    let found = Self.targets(reader, present.union([""])) { candidate -> String? in
      let folder = candidate + "/"
      // The scanned folder is a part of the target.
      if above.hasPrefix(folder) { return "" }
      guard folder.hasPrefix(above) else { return nil }
      return present.contains(String(candidate.dropFirst(above.count)))
        ? String(folder.dropFirst(above.count)) : nil
    } source: { folder in
      folder.isEmpty ? String(above.dropLast()) : above + folder
    }
    // A manifest that knows nothing of the folder is somebody else's.
    guard !found.isEmpty else { return }
    folders += found
    defines.formUnion(reader.defines)
    let levels = above.count { $0 == "/" }
    if let problem = reader.problem {
      problems.append((String(repeating: "../", count: levels) + "Package.swift", problem))
    }
  }

  /// Folders and modules that a manifest tells of.
  ///
  /// - Parameters:
  ///   - place: the scanned folder's name of a folder of the package, where it is there.
  ///   - source: a scanned folder's path inside of the package.
  private static func targets(
    _ reader: ManifestReader, _ present: Set<String>, place: (String) -> String?,
    source: (String) -> String?
  ) -> [(folder: String, module: String)] {
    var found: [(folder: String, module: String)] = []
    for target in reader.targets {
      let candidates =
        target.path.map { [$0] }
        ?? ["Sources", "Source", "src", "srcs", "Tests", "Plugins"].map { "\($0)/\(target.name)" }
      found += candidates.compactMap { place($0).map { (folder: $0, module: target.name) } }
    }
    // Manifests that build targets in helper functions still name them in literals.
    for folder in present {
      guard let path = source(folder), path.hasPrefix("Sources/") else { continue }
      let name = String(path.split(separator: "/").last ?? "")
      if reader.literals.contains(name) {
        found.append((folder: folder.isEmpty ? "" : folder + "/", module: name))
      }
    }
    return found
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
