// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

@Suite struct BaselineTests {
  private static let baseline = BoundaryBaseline(BoundaryAnalysis().study(SampleShop.model))

  @Test func `the sources that it was written from pass`() {
    let check = Self.baseline.check(SampleShop.model)
    #expect(check.passes)
    #expect(check.new == [] && check.stale == [] && check.grown == [] && check.shrunk == [])
    #expect(check.places.now == 6 && check.places.before == 6)
  }

  @Test func `moved lines change nothing`() {
    var model = SampleShop.model
    for index in model.references.indices { model.references[index].position.line += 100 }
    for index in model.tableUses.indices { model.tableUses[index].position.line += 100 }
    #expect(Self.baseline.check(model).passes)
  }

  @Test func `a new crossing fails and says where`() throws {
    var builder = SampleShop.builder()
    builder.refer("PaymentService", "ProductService", .call, symbol: "price")
    let check = Self.baseline.check(builder.model)
    #expect(!check.passes)
    let new = try #require(check.new.first)
    #expect(check.new.count == 1)
    #expect(new.fromService == "payments" && new.toService == "products")
    #expect(new.crossing.from == "App.PaymentService" && new.crossing.symbol == "price")
    #expect(new.locations.map(\.file) == ["Sources/App/Services/PaymentService.swift"])
  }

  @Test func `a new use of a foreign table fails`() {
    var builder = SampleShop.builder()
    builder.table("orders", .reads, by: "ShipmentRepository", in: "ShipmentRepository.find")
    let check = Self.baseline.check(builder.model)
    #expect(check.new.map(\.crossing.to) == ["table orders"])
    #expect(check.new.map(\.toService) == ["orders"])
  }

  @Test func `more places of a known crossing are shown and pass`() throws {
    var builder = SampleShop.builder()
    builder.refer("OrderService", "ProductService", .call, symbol: "price", times: 2)
    let check = Self.baseline.check(builder.model)
    #expect(check.passes)
    let grown = try #require(check.grown.first)
    #expect(grown.before == 1 && grown.crossing.count == 3)
    #expect(check.places.now == 8)
  }

  @Test func `an entry that nothing matches is stale and fails`() {
    var model = SampleShop.model
    model.references.removeAll { $0.symbol == "price" }
    let check = Self.baseline.check(model)
    #expect(!check.passes)
    #expect(check.stale.map(\.symbol) == ["price"])
  }

  @Test func `fewer places are shown and pass`() throws {
    var model = SampleShop.model
    let first = try #require(model.references.firstIndex { $0.symbol == "scheduleShipment" })
    model.references.remove(at: first)
    let check = Self.baseline.check(model)
    #expect(check.passes && check.shrunk.map(\.before) == [2])
  }

  @Test func `a new type counts to the service it shares most with`() {
    var builder = SampleShop.builder()
    builder.type("OrderDiscount", folder: "App/Models")
    builder.refer("OrderService", "OrderDiscount", .storedProperty)
    builder.refer("OrderDiscount", "OrderRecord", .signature)
    builder.type("Loner", folder: "Elsewhere")
    let check = Self.baseline.check(builder.model)
    #expect(check.passes)
    #expect(check.newTypes.map(\.type).sorted() == ["App.Loner", "App.OrderDiscount"])
    #expect(check.newTypes.first { $0.type == "App.OrderDiscount" }?.service == "orders")
    #expect(check.newTypes.first { $0.type == "App.Loner" }?.service == nil)
  }

  @Test func `what is new in a file of one service counts to that one, whatever it uses`() {
    var builder = SampleShop.builder()
    builder.type("Leak", folder: "App/Services", file: "PaymentService")
    builder.refer("Leak", "OrderService", .call, symbol: "cancel", times: 9)
    let check = Self.baseline.check(builder.model)
    #expect(check.newTypes.map(\.service) == ["payments"])
    #expect(check.new.map(\.crossing.symbol) == ["cancel"])
    #expect(!check.passes)
  }

  @Test func `a baseline of another code base knows nothing`() {
    var other = ModelBuilder()
    other.type("Elsewhere")
    #expect(Self.baseline.check(other.model).knownTypes == 0)
    #expect(Self.baseline.check(SampleShop.model).knownTypes == Self.baseline.types)
  }

  @Test func `a type keeps its key when another of its name comes, goes or moves`() throws {
    func shop(helpers: [(folder: String, file: String)]) -> CodeModel {
      var model = SampleShop.model
      for (folder, file) in helpers {
        var builder = ModelBuilder()
        builder.type("OrderService", folder: folder, file: file)
        let id = FileID(model.files.count)
        model.files += builder.model.files
        var type = builder.model.types[0]
        type.position.file = id
        model.types.append(type)
      }
      return model
    }
    // Another file declares a private type of the same name.
    let second = shop(helpers: [("Elsewhere", "Helper")])
    let check = Self.baseline.check(second)
    #expect(check.new == [] && check.stale == [])
    #expect(check.newTypes.map(\.type) == ["App.OrderService@Sources/Elsewhere/Helper.swift"])

    // A baseline that knows both holds when one of them is gone or has moved.
    let both = BoundaryBaseline(BoundaryAnalysis().study(second))
    #expect(both.check(second).passes)
    #expect(both.check(SampleShop.model).passes)
    let moved = both.check(shop(helpers: [("Other/Place", "Helper")]))
    #expect(moved.passes && moved.newTypes == [])

    // A baseline written before files were noted knows the place from the key.
    var old = both
    old.files = nil
    #expect(old.check(SampleShop.model).passes)
  }

  @Test func `a type that was taken apart is told by its members however few it has left`() {
    var baseline = Self.baseline
    #expect(baseline.typesToTell(SampleShop.model) == [])
    baseline.takenApart = ["App.OrderService", "App.PaymentService", "App.Gone"]
    var builder = SampleShop.builder()
    builder.member("pay", of: "PaymentService")
    #expect(baseline.typesToTell(builder.model) == ["App.OrderService"])
  }

  @Test func `a table keeps its owner, however many new types come to use it elsewhere`() {
    var builder = SampleShop.builder()
    for number in 1...4 {
      builder.type("Report\(number)", folder: "App/Reports")
      builder.refer("Report\(number)", "ProductService", .call, symbol: "find")
      builder.table("payments", .maps, by: "Report\(number)")
    }
    let check = Self.baseline.check(builder.model)
    #expect(Self.baseline.tableOwners?["payments"] == "payments")
    #expect(check.newTypes.allSatisfy { $0.service == "products" })
    // The four are what is new; what payments does with its own table is as it was.
    #expect(Set(check.new.map(\.crossing.from).filter { !$0.hasPrefix("App.Report") }) == [])
    #expect(check.new.map(\.toService) == Array(repeating: "payments", count: 4))
    #expect(check.stale == [])
    // A baseline of before finds the owner anew.
    var old = Self.baseline
    old.tableOwners = nil
    #expect(old.check(builder.model).new.contains { $0.crossing.from.hasPrefix("App.Payment") })
  }

  @Test func `borders stay where they are when the code would be divided differently`() {
    var builder = SampleShop.builder()
    // Enough to pull shipments and orders together in a new division.
    for _ in 0..<30 {
      builder.refer("OrderService", "ShipmentService", .call, symbol: "scheduleShipment")
    }
    let check = Self.baseline.check(builder.model)
    #expect(check.passes && check.grown.count == 1)
  }
}
