// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation
import SourceScanning

/// The fixture monolith, what was planted in it, and what the analysis says about it.
enum ShopMonolith {
  struct Truth: Decodable {
    struct TypeArea: Decodable {
      var type: String
      var area: String
    }
    struct TableArea: Decodable {
      var table: String
      var area: String
      var writers: [String]
    }
    struct Route: Decodable {
      var method: String
      var path: String
      var controller: String
    }
    struct Planted: Decodable {
      struct GodType: Decodable { var type: String }
      struct Cycle: Decodable { var areas: [String] }
      struct SharedTable: Decodable {
        var table: String
        var owner: String
      }
      struct OutboundCall: Decodable {
        var type: String
        var path: String
      }
      struct Transaction: Decodable {
        var type: String
        var function: String
        var areas: [String]
      }
      var godType: GodType
      var cycle: Cycle
      var sharedTable: SharedTable
      var multiAreaTransaction: Transaction
      var sharedHelpers: [String]
      var job: [String]
      var outboundCall: [OutboundCall]
    }
    var areas: [String]
    var planted: Planted
    var routes: [Route]
    var tables: [TableArea]
    var types: [TypeArea]
  }

  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../fixtures/shop-monolith").standardized

  static func truth() throws -> Truth {
    let data = try Data(contentsOf: folder.appending(path: "truth.json"))
    return try JSONDecoder().decode(Truth.self, from: data)
  }

  /// Scanned and divided once: a debug build takes seconds.
  static let model = Result { try SourceScanner().scan(folder: folder.path(percentEncoded: false)) }

  /// The same code with one folder for each kind of type.
  static func layered() throws -> CodeModel {
    var model = try model.get()
    for index in model.files.indices {
      let parts = model.files[index].path.split(separator: "/")
      guard parts.count == 4, let name = parts.last else { continue }
      let kinds = [("Controller", "Handlers"), ("Service", "Logic"), ("Gateway", "Logic")]
      let kind = kinds.first { name.contains($0.0) }?.1 ?? "Persistence"
      model.files[index].path = "Sources/ShopMonolith/\(kind)/\(name)"
    }
    return model
  }

  static func suggestion() throws -> BoundarySuggestion { try found.get() }

  private static let found = Result { BoundaryAnalysis().suggest(try model.get()) }
}
