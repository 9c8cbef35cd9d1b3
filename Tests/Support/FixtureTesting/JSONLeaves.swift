// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A JSON document as its leaves: path (`lines[0].sku`) to JSON text of the value.
package struct JSONLeaves: Sendable, Equatable {
  package private(set) var byPath: [String: String] = [:]

  package init(_ bytes: some Sequence<UInt8>) throws {
    add(try JSONDecoder().decode(Node.self, from: Data(bytes)), at: "")
  }

  package subscript(path: String) -> String? { byPath[path] }

  package var paths: Set<String> { Set(byPath.keys) }

  /// Without the leaves that differ on every request.
  package func withoutVolatile() -> JSONLeaves {
    var copy = self
    copy.byPath["servedAt"] = nil
    copy.byPath["requestId"] = nil
    return copy
  }

  /// Paths whose values differ, or that only one of both has.
  package func differences(from other: JSONLeaves) -> Set<String> {
    paths.union(other.paths).filter { byPath[$0] != other.byPath[$0] }
  }

  private mutating func add(_ node: Node, at path: String) {
    switch node {
    case .leaf(let text): byPath[path] = text
    case .array(let nodes):
      if nodes.isEmpty { byPath[path] = "[]" }
      for (index, node) in nodes.enumerated() { add(node, at: "\(path)[\(index)]") }
    case .object(let members):
      if members.isEmpty { byPath[path] = "{}" }
      for (name, node) in members { add(node, at: path.isEmpty ? name : "\(path).\(name)") }
    }
  }

  private enum Node: Decodable {
    case leaf(String)
    case array([Node])
    case object([String: Node])

    init(from decoder: any Decoder) throws {
      if let members = try? [String: Node](from: decoder) {
        self = .object(members)
      } else if let nodes = try? [Node](from: decoder) {
        self = .array(nodes)
      } else {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
          self = .leaf("null")
        } else if let flag = try? container.decode(Bool.self) {
          self = .leaf(String(flag))
        } else if let number = try? container.decode(Int64.self) {
          self = .leaf(String(number))
        } else if let number = try? container.decode(Double.self) {
          self = .leaf(String(number))
        } else {
          self = .leaf(try container.decode(String.self))
        }
      }
    }
  }
}
