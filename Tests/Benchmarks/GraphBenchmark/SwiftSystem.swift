// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation
import SourceScanning

/// Swift packages that this one depends on, as graphs of their types.
enum SwiftSystem {
  private static let names = ["swift-argument-parser", "hummingbird"]
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../.build/checkouts").standardized

  static func graphs() throws -> [(name: String, graph: ItemGraph)] {
    try names.map { name in
      let sources = folder.appending(path: "\(name)/Sources").path(percentEncoded: false)
      let edges = DependencyEdges(try SourceScanner().scan(folder: sources), level: .type)
      let links = edges.links.map { link in
        (from: edges.nodes[link.from], to: edges.nodes[link.to], weight: link.weight)
      }
      return (name, ItemGraph(links: links))
    }
  }
}
