// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// Which sources belong to each service, as few patterns as say it exactly: a folder whose files
/// all belong to one service is one pattern.
struct SourceGlobs {
  /// Owners of what lies in each folder; nil stands for what belongs to no service.
  private let owners: [String: Set<String?>]

  /// - Parameter others: files that belong to no service.
  init(_ services: [Service], others: [String]) {
    var owners: [String: Set<String?>] = [:]
    func add(_ files: [String], _ owner: String?) {
      for file in files {
        for folder in Self.folders(above: file) { owners[folder, default: []].insert(owner) }
      }
    }
    for service in services { add(service.files, service.name) }
    add(others, nil)
    self.owners = owners
  }

  /// Patterns of a service, sorted. A file with types of several services stands in each of them.
  func patterns(_ service: Service) -> [String] { patterns(service.files, of: service.name) }

  /// Patterns of files that belong to a service, or to none.
  func patterns(_ files: [String], of owner: String?) -> [String] {
    Set(
      files.map { file in
        Self.folders(above: file).first { owners[$0] == [owner] }.map { $0 + "/**" } ?? file
      }
    ).sorted()
  }

  /// Folders above a file, the outermost first; the analysed folder itself is not among them.
  private static func folders(above file: String) -> [String] {
    let parts = file.split(separator: "/").dropLast()
    return parts.indices.map { parts[parts.startIndex...$0].joined(separator: "/") }
  }
}
