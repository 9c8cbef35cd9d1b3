// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Testing

/// Mappings as a person checks them: the shop's orders, and a table with a row that nobody thought
/// of.
@Suite("Data commands", .timeLimit(.minutes(2)))
struct DataCommandTests {
  private struct Report: Decodable {
    struct Item: Decodable {
      struct Counterexample: Decodable {
        let place: String
        let key: String
        let text: String
      }
      let line: Int?
      let key: String
      let message: String
      let counterexample: Counterexample?
    }
    struct Mapping: Decodable {
      struct Question: Decodable { let outcome: String }
      let name: String
      let questions: [Question]
    }
    let usable: Bool
    let diagnostics: [Item]
    let mappings: [Mapping]
  }

  private func run(_ arguments: String..., expecting code: Int32) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["data"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  @Test func `the shop's orders can move`() async throws {
    let scratch = try Scratch()
    for (program, file) in [
      (Executable.shopMonolith, "shop.sqlite"), (.ordersService, "orders.sqlite"),
    ] {
      let running = try program.start(["--port", "0", "--database", scratch.path + "/" + file])
      _ = try await running.text(after: "http://127.0.0.1:")
      running.signal(SIGTERM)
      #expect(await running.outcome().exitCode == 0)
    }
    let fixture = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../../fixtures/configs/data.yaml").standardized
    let text = try String(contentsOf: fixture, encoding: .utf8)
      .replacing("sqlite: ", with: "sqlite: \(scratch.path)/")
    let file = try scratch.write(text, to: "data.yaml")

    let checked = try await run("check", "--config", file, expecting: 0)
    #expect(checked.errors == "")
    #expect(checked.output.hasSuffix("data.yaml: 3 mappings can run, 0 warnings\n"))
    let planned = try await run("plan", "--config", file, expecting: 0)
    #expect(
      planned.output.contains("1. orders: shop.orders to orders.orders\n   1000 rows, 1 chunk"))
    #expect(planned.output.contains("2. products: ") || planned.output.contains("3. products: "))
    #expect(planned.output.contains("   left behind: cancelledReason\n"))
    #expect(planned.output.contains("   no reverse stream\n"))
    let shop = try DatabaseQueue(path: scratch.path + "/shop.sqlite")
    try await shop.write { db in
      try db.execute(sql: "UPDATE orders SET status = 'lost' WHERE id = 500")
    }
    let refused = try await run("check", "--config", file, "--rows", "10", expecting: 1)
    #expect(refused.output == "")
    #expect(
      refused.errors.contains(
        """
        error: data.mappings.orders.columns.status: not total: the value table lacks a value \
        that is there: in shop.orders id = 500, status = "lost" is not in the value table
        """))
    let json = try await run(
      "check", "--config", file, "--rows", "10", "--format", "json", expecting: 1)
    let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
    #expect(!report.usable && report.mappings.map(\.name) == ["orders", "order-lines", "products"])
    #expect(report.diagnostics.map(\.counterexample?.key) == ["id = 500"])
    #expect(report.diagnostics.first?.line == 23)
    #expect(report.mappings[0].questions.count { $0.outcome == "broken" } == 1)
  }

  @Test func `what cannot be used`() async throws {
    let scratch = try Scratch()
    let missing = try await run("check", "--config", scratch.path + "/no.yaml", expecting: 2)
    #expect(missing.errors.contains("cannot read"))
    let slip = try scratch.write(
      "data: { stores: { a: { sqlite: x } }, mappings: { m: { from: a.t, to: b.t, columns: { a: b } } } }",
      to: "slip.yaml")
    let slipped = try await run("check", "--config", slip, expecting: 1)
    #expect(slipped.errors.contains("slip.yaml:1:"))
    #expect(slipped.errors.contains("there is no store \"b\"; did you mean \"a\"?"))
    _ = try await run("plan", "--config", slip, expecting: 2)
    let gone = try scratch.write(
      """
      data:
        stores: { a: { sqlite: \(scratch.path)/gone.sqlite } }
        mappings: { m: { from: a.t, to: a.u, columns: { id: id } } }
      """, to: "gone.yaml")
    let lost = try await run("check", "--config", gone, expecting: 2)
    #expect(lost.errors.contains("a store cannot be read: there is no file"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/gone.sqlite"))
    _ = try await run("plan", "--config", gone, expecting: 2)
  }
}
