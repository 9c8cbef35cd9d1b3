// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import GRDB
import Testing

@testable import ShopMonolith

/// `truth.json` is what the analysis is measured against, so it is held to the sources.
@Suite(.timeLimit(.minutes(1)))
struct TruthFileTests {
  private struct Truth: Decodable {
    struct TypePlace: Decodable, Hashable {
      let type: String
      let area: String
      let file: String
    }
    struct Table: Decodable {
      let table: String
      let area: String
      let writers: [String]
    }
    struct Route: Decodable {
      let method: String
      let path: String
      let controller: String
      let area: String
    }

    let areas: [String]
    let foundation: [String]
    let types: [TypePlace]
    let tables: [Table]
    let routes: [Route]
  }

  private let truth: Truth
  private let sources: [String: String]

  init() throws {
    let folder = FixtureFiles.url("shop-monolith")
    let data = try Data(contentsOf: folder.appending(path: "truth.json"))
    truth = try JSONDecoder().decode(Truth.self, from: data)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    var sources: [String: String] = [:]
    for name in names where name.hasPrefix("Sources/ShopMonolith/") && name.hasSuffix(".swift") {
      sources[name] = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    self.sources = sources
  }

  @Test func everyTypeIsListedWithTheAreaOfItsFolder() throws {
    let declaration = #/(?m)^(?:public )?(?:final )?(?:struct|class|enum|protocol|actor) (\w+)/#
    var declared: Set<Truth.TypePlace> = []
    for (file, source) in sources {
      let area = file.split(separator: "/")[2].lowercased()
      for match in source.matches(of: declaration) {
        declared.insert(.init(type: String(match.1), area: area, file: file))
      }
    }
    #expect(declared.count > 80)
    #expect(Set(truth.types) == declared)
    #expect(Set(truth.types.map(\.area)) == Set(truth.areas + truth.foundation))
  }

  @Test func everyTableOfTheDatabaseIsListed() async throws {
    let tables = try await ShopUnderTest().engine.database.read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT name FROM sqlite_master WHERE type = 'table'
          AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'
          """)
    }
    #expect(Set(truth.tables.map(\.table)) == Set(tables))
    let areas = Dictionary(truth.types.map { ($0.type, $0.area) }) { first, _ in first }
    for table in truth.tables {
      for writer in table.writers { #expect(areas[writer] != nil, "\(table.table): \(writer)") }
    }
  }

  /// A listed route answers something else than "no such route".
  @Test func everyListedRouteIsServed() async throws {
    let routes = truth.routes
    #expect(routes.count == 44)
    try await ShopUnderTest().client { client in
      for route in routes {
        let path = route.path.replacing("{id}", with: "999999").replacing("{sku}", with: "NONE")
        let answer =
          switch route.method {
          case "POST": try await client.post(path, "{}")
          case "PUT": try await client.put(path, "{}")
          case "DELETE": try await client.delete(path)
          default: try await client.get(path)
          }
        #expect(answer["error.code"] != "no-such-route", "\(route.method) \(route.path)")
      }
    }
  }
}
