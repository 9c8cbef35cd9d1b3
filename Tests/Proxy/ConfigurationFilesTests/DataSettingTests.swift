// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import DataMapping
import Foundation
import RoutingDecisions
import Testing

/// The section `data`, as a file says it.
@Suite struct DataSettingTests {
  private func read(_ text: String) throws -> DecodedData {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("data-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try text.write(to: file, atomically: true, encoding: .utf8)
    return ConfigurationFile.data(file.path)
  }

  private static let stores = "stores: { a: { sqlite: a.sqlite }, b: { url: postgresql://u@h/d } }"

  /// The one mapping of a file, with its columns or what else stands in it.
  private func mapping(_ text: String) throws -> DecodedData {
    try read("data:\n  \(Self.stores)\n  mappings:\n    m: { from: a.t, to: b.s.u, \(text) }")
  }

  @Test func `the least`() throws {
    let decoded = try mapping("columns: { id: id }")
    #expect(decoded.diagnostics == [])
    let settings = try #require(decoded.settings)
    #expect(
      settings.stores == [
        .init(name: "a", place: .file("a.sqlite")),
        .init(name: "b", place: .postgreSQL("postgresql://u@h/d")),
      ])
    #expect(
      settings.mappings == [
        TableMapping(
          name: "m", legacy: .init(store: "a", table: "t"), new: .init(store: "b", table: "s.u"),
          columns: [.init("id", .rename("id"))])
      ])
  }

  @Test func `all operations`() throws {
    let decoded = try mapping(
      """
      columns: {
        a: { from: x, cast: decimal, scale: 2 },
        b: { from: x, cast: timestamp, unit: seconds, form: iso },
        c: { constant: "" }, d: { constant: null }, e: { concat: [x, y], separator: "-" },
        f: { split: x, separator: " ", part: 1, of: 2 }, g: { from: x, values: { 1: one, "": none } },
        h: { from: x, values: { 1: one }, otherwise: rest, reverse: false },
        i: { join: other, on: { x: id, y: no }, take: z } },
      key: [a], tenant: { column: x, from: -5, to: 5 }, leave: [n], fill: { n: null, o: "1" },
      filter: { x: 1, y: null, z: [1, null], w: { not: [2] } }, reverse: false
      """)
    #expect(decoded.diagnostics == [])
    let mapping = try #require(decoded.settings?.mappings.first)
    var scaled = ColumnRule.Cast(.decimal)
    scaled.scale = 2
    var timed = ColumnRule.Cast(.timestamp)
    (timed.unit, timed.form) = (.seconds, .iso)
    #expect(
      mapping.columns == [
        .init("a", .cast("x", scaled)), .init("b", .cast("x", timed)), .init("c", .constant("")),
        .init("d", .constant(nil)), .init("e", .concat(["x", "y"], separator: "-")),
        .init("f", .split("x", separator: " ", part: 1, of: 2)),
        .init("g", .values("x", .init([.init("1", "one"), .init("", "none")]))),
        .init("h", .values("x", .init([.init("1", "one")], otherwise: "rest")), isReversed: false),
        .init(
          "i",
          .join(
            .init(
              "other", on: [.init(own: "x", other: "id"), .init(own: "y", other: "no")], take: "z"))
        ),
      ])
    #expect(mapping.key == ["a"] && mapping.left == ["n"] && !mapping.isReversed)
    #expect(mapping.fill == ["n": nil, "o": "1"])
    #expect(mapping.tenant == RowCondition("x", .range(from: -5, to: 5)))
    #expect(
      mapping.filter == [
        RowCondition("x", .oneOf(["1"])), RowCondition("y", .oneOf([nil])),
        RowCondition("z", .oneOf(["1", nil])), RowCondition("w", .noneOf(["2"])),
      ])
  }

  @Test(arguments: [
    ("columns: {}", "expected at least one column"),
    ("key: [id]", "missing; expected columns of the new table with where they come from"),
    ("columns: { a: { form: x } }", "expected a legacy column, or one of { from: total, ... }"),
    ("columns: { a: { from: x, constant: y } }", "found from and constant"),
    ("columns: { a: { from: x, part: 1 } }", "belongs to \"split\", and there is none"),
    ("columns: { a: { from: x, scale: 1 } }", "belongs to \"cast\", and there is none"),
    ("columns: { a: { from: x, otherwise: y } }", "belongs to \"values\", and there is none"),
    ("columns: { a: { from: x, cast: int } }", "expected one of integer, decimal, real, text"),
    (
      "columns: { a: { from: x, cast: integer, values: { b: c } } }", "a cast or values, found both"
    ),
    ("columns: { a: { from: x, cst: integer } }", "unknown key; did you mean \"cast\"?"),
    ("columns: { a: { from: x, values: {} } }", "expected new values by legacy ones"),
    ("columns: { a: { concat: [x, y] } }", "missing; expected a text that is not empty"),
    ("columns: { a: { join: x, take: y } }", "missing; expected { own column: column of the"),
    ("columns: { a: x }, tenant: { column: x }", "expected { column, from: 1, to: 1000 } or"),
    ("columns: { a: x }, tenant: { column: x, from: 2, to: 1 }", "whose end is not before it"),
    ("columns: { a: x }, filter: { x: { nt: 1 } }", "missing; expected a value, null or a list"),
    ("columns: { a: x }, filter: { x: [] }", "expected at least one value"),
    ("columns: { a: x }, colums: { b: y }", "unknown key; did you mean \"columns\"?"),
  ])
  func `slips in a mapping are told of with their place`(text: String, message: String) throws {
    let decoded = try mapping(text)
    #expect(decoded.settings == nil)
    #expect(
      decoded.diagnostics.first?.message.contains(message) == true, "\(decoded.diagnostics)")
    #expect(decoded.diagnostics.first?.location?.line == 4)
    #expect(decoded.diagnostics.first?.key.hasPrefix("data.mappings.m") == true)
  }

  @Test(arguments: [
    ("a: b", "missing; expected { stores, mappings }"),
    ("data: { mappings: {} }", "missing; expected stores by name"),
    ("data: { stores: {} }", "missing; expected mappings by name"),
    ("data: { stores: { a: {} }, mappings: {} }", "expected { sqlite: file } or { url:"),
    (
      "data: { stores: { a: { sqlite: x, url: \"postgresql://h/d\" } }, mappings: {} }",
      "found both"
    ),
    ("data: { stores: { a.b: { sqlite: x } }, mappings: {} }", "letters, digits, \"-\" and \"_\""),
    ("data: { stores: { a: { url: \"mysql://h/d\" } }, mappings: {} }", "expected an address such"),
    (
      "data: { stores: { a: { sqlite: x } }, mappings: { m: { from: t, to: a.t, columns: { a: b } } } }",
      "expected a store and a table, such as legacy.orders, found \"t\""
    ),
    (
      "data: { stores: { a: { sqlite: x } }, mappings: { m: { from: a.t, to: b.t, columns: { a: b } } } }",
      "there is no store \"b\"; did you mean \"a\"?"
    ),
  ])
  func `slips around mappings`(text: String, message: String) throws {
    let decoded = try read(text)
    #expect(decoded.diagnostics.count == 1)
    #expect(decoded.diagnostics.first?.message.contains(message) == true, "\(decoded.diagnostics)")
  }

  @Test func `a password in an address is not repeated`() throws {
    let decoded = try read(
      "data: { stores: { a: { url: \"postgresql://u:s3cret@h/d\" } }, mappings: {} }")
    let text = decoded.diagnostics.map(\.description).joined()
    #expect(text.contains("it holds a password"))
    #expect(!text.contains("s3cret"))
  }

  @Test func `a proxy's file may hold it`() {
    let proxy = """
      upstreams: { legacy: { endpoints: [127.0.0.1:9001] } }
      routes: [ { name: all, match: { path: /** }, legacy: legacy } ]
      data: { stores: {}, mappings: { m: { from: a.t, to: b.t, columns: { id: id } } } }
      """
    let decoded = ConfigurationFile.decode(proxy, file: "s.yaml")
    #expect(decoded.diagnostics.map(\.key) == ["data.mappings.m.from", "data.mappings.m.to"])
  }

  @Test func `findings get the place of their key`() throws {
    let decoded = try read(
      """
      data:
        \(Self.stores)
        mappings:
          m:
            from: a.t
            to: b.t
            columns:
              id: id
              total: { from: cents, cast: decimal }
      """)
    let placed = decoded.placing([
      MappingFinding(
        "data.mappings.m.columns.total", "lossy",
        counterexample: .init(place: "a.t", key: "id = 7", text: "cents = 1 is odd")),
      MappingFinding("data.mappings.m.key", "missing", severity: .warning),
    ])
    #expect(placed.map(\.location?.line) == [9, 5])
    #expect(placed.map(\.severity) == [.error, .warning])
    #expect(
      placed[0].description.hasSuffix(
        ".yaml:9:16: error: data.mappings.m.columns.total: lossy: in a.t id = 7, cents = 1 is odd"))
  }
}
