// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import SourceScanning

/// Edges as the scanner infers them from syntax, in the compiler's terms.
struct ScannedEdges {
  private(set) var types: Set<TypeEdge> = []
  private(set) var files: Set<FileEdge> = []
  let model: CodeModel

  /// - Parameter indexed: absolute paths of the files to compare; others play no part.
  init(
    root: String, files indexed: Set<String>, index: CompilerIndexUse = .none
  ) throws {
    let options = ScanOptions(includeGenerated: true, index: index)
    let model = try SourceScanner(options: options).scan(folder: root)
    self.model = model
    let paths = model.files.map { root + "/" + $0.path }
    func path(_ file: FileID) -> String? {
      let path = paths[Int(file.index)]
      return indexed.contains(path) ? path : nil
    }
    func place(_ type: TypeID) -> String? {
      let declaration = model.types[Int(type.index)]
      let position = declaration.position
      guard declaration.kind != .fileScope, let path = path(position.file) else { return nil }
      return "\(path):\(position.line):\(position.column)"
    }
    for reference in model.references where path(reference.position.file) != nil {
      guard let from = place(reference.from), let to = place(reference.to), from != to
      else { continue }
      types.insert(TypeEdge(from: from, to: to))
    }
    // What `analyze graph --level file` writes.
    let graph = DependencyEdges(model, level: .file)
    for link in graph.links {
      let (from, to) = (root + "/" + graph.nodes[link.from], root + "/" + graph.nodes[link.to])
      guard indexed.contains(from), indexed.contains(to) else { continue }
      files.insert(FileEdge(from: from, to: to))
    }
  }
}
