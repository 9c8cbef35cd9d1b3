// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Makes an index without building: the compiler checks each module by itself.
///
/// It goes on when an import fails, and still records what it understood. Nothing is linked, no
/// plug-in is run, no dependency is resolved.
struct IndexBuild: Sendable {
  let root: String
  /// Folder for the store and the lists of files.
  let folder: String
  var storePath: String { folder + "/store" }

  /// - Parameters:
  ///   - modules: relative paths of the files of each module.
  ///   - progress: called after each module with the number of files done.
  func run(
    modules: [String: [String]], defines: Set<String>, threads: Int, progress: (Int) -> Void
  ) throws(IndexUnavailable) {
    let lists = modules.sorted { $0.key < $1.key }
    for (number, module) in lists.enumerated() { try writeLists(module.value, number) }
    let sizes = lists.map(\.value.count)
    var done = 0
    let names = lists.map(\.key)
    _ = StackedThreads.map(Array(names.indices), threads: threads) { completed in
      // Modules end in any order; what counts is that the number grows to the total.
      done = sizes.prefix(completed).reduce(0, +)
      progress(done)
    } _: { _, number in
      Toolchain.output(
        of: arguments(module: names[number], number: number, defines: defines)) != nil
    }
  }

  private func arguments(module: String, number: Int, defines: Set<String>) -> [String] {
    [
      "swiftc", "-frontend", "-typecheck", "-filelist", "\(folder)/\(number).files",
      "-index-unit-output-path-filelist", "\(folder)/\(number).units", "-index-store-path",
      storePath, "-module-name", moduleName(module), "-swift-version", "5", "-package-name", "x",
      "-suppress-warnings", "-module-cache-path", "\(folder)/modules",
    ] + defines.sorted().map { "-D" + $0 }
  }

  /// Targets may have names that modules may not.
  private func moduleName(_ target: String) -> String {
    let name = String(target.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    return name.first?.isNumber ?? true ? "_" + name : name
  }

  private func writeLists(_ files: [String], _ number: Int) throws(IndexUnavailable) {
    let paths = files.map { root + "/" + $0 }
    let units = files.indices.map { "\(folder)/\(number)-\($0).o" }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for (name, lines) in [("files", paths), ("units", units)] {
        let text = lines.map { $0 + "\n" }.joined()
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(number).\(name)"))
      }
    } catch {
      throw IndexUnavailable(reason: "cannot write to \(folder)")
    }
  }
}
