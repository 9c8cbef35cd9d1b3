// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// Which sources belong to each service, as few patterns as say it exactly: a folder whose files
/// all belong to one service is one pattern.
struct SourceGlobs {
  private let owners: [String: Set<String>]

  init(_ services: [Service]) {
    var owners: [String: Set<String>] = [:]
    for service in services {
      for file in service.files {
        for folder in Self.folders(above: file) { owners[folder, default: []].insert(service.name) }
      }
    }
    self.owners = owners
  }

  /// Patterns of a service, sorted. A file with types of several services stands in each of them.
  func patterns(_ service: Service) -> [String] {
    Set(
      service.files.map { file in
        Self.folders(above: file).first { owners[$0] == [service.name] }.map { $0 + "/**" } ?? file
      }
    ).sorted()
  }

  /// Folders above a file, the outermost first; the analysed folder itself is not among them.
  private static func folders(above file: String) -> [String] {
    let parts = file.split(separator: "/").dropLast()
    return parts.indices.map { parts[parts.startIndex...$0].joined(separator: "/") }
  }
}
