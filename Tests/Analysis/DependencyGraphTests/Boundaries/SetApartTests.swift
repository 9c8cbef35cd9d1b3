// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

/// What belongs to no service, or to each.
@Suite struct SetApartTests {
  @Test func `who answers only an operator is in each service, with what only it uses`() {
    var builder = SampleShop.builder()
    builder.type("HealthController", folder: "App/Products")
    builder.type("HealthAnswer", folder: "App/Products")
    builder.route("GET", "/health/live", "HealthController")
    builder.route("GET", "/health/ready", "HealthController")
    builder.refer("AppRoutes", "HealthController", .construction)
    builder.refer("HealthController", "HealthAnswer", .construction, times: 2)
    builder.refer("HealthController", "ProductRecord", .call)
    builder.table("products", .reads, by: "HealthController", in: "HealthController.ready")
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.compositionRoots == ["AppRoutes", "HealthAnswer", "HealthController"])
    #expect(!suggestion.services.flatMap(\.routes).contains { $0.path.hasPrefix("/health") })
    #expect(!suggestion.cuts.contains { $0.fromType == "HealthController" })
    // A route for users makes it one of the shop's.
    builder.route("GET", "/products/{id}/health", "HealthController")
    let other = BoundaryAnalysis().suggest(builder.model)
    #expect(other.compositionRoots == ["AppRoutes"])
    #expect(other.services.flatMap(\.routes).contains { $0.path == "/health/live" })
  }

  @Test func `what only the wiring uses is wiring, with all that only it needs`() {
    var builder = SampleShop.builder()
    for name in ["ErrorMiddleware", "ErrorAnswer", "ErrorAnswer2"] {
      builder.type(name, folder: "App/Support")
    }
    builder.refer("AppRoutes", "ErrorMiddleware", .construction)
    builder.refer("ErrorMiddleware", "ErrorAnswer", .construction)
    builder.refer("ErrorMiddleware", "JSONProblem", .call)
    builder.refer("ErrorAnswer", "ErrorAnswer2", .storedProperty)
    #expect(
      BoundaryAnalysis().suggest(builder.model).compositionRoots
        == ["AppRoutes", "ErrorAnswer", "ErrorAnswer2", "ErrorMiddleware"])
    // Not where somebody else needs a part of it.
    builder.refer("OrderController", "ErrorAnswer2", .construction)
    #expect(BoundaryAnalysis().suggest(builder.model).compositionRoots == ["AppRoutes"])
  }

  @Test func `who mounts the handlers of most areas may answer a page beside`() {
    var builder = SampleShop.builder()
    builder.route("GET", "/", "AppRoutes")
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.compositionRoots == ["AppRoutes"])
    // With data of its own it is no wiring.
    builder.table("visits", .writes, by: "AppRoutes")
    #expect(BoundaryAnalysis().suggest(builder.model).compositionRoots == [])
  }

  @Test func `who mounts handlers need not mount those of areas that answer nothing`() {
    var builder = SampleShop.builder()
    builder.route("GET", "/", "AppRoutes")
    for area in 0..<4 {
      for index in 0..<5 {
        builder.type("Part\(area)x\(index)", folder: "App/Part\(area)")
        for other in 0..<index {
          builder.refer("Part\(area)x\(index)", "Part\(area)x\(other)", .call, times: 3)
        }
      }
    }
    #expect(BoundaryAnalysis().suggest(builder.model).compositionRoots == ["AppRoutes"])
  }

  @Test func `migrations go with the service that owns their tables`() {
    var builder = SampleShop.builder()
    builder.type("AppSetup", folder: "App")
    builder.refer("AppSetup", "AppRoutes", .call)
    let migrations = [
      "CreateThings": ["orders"], "AddNote": ["payments"], "DropLabel": ["shipments"],
      "FillGap": ["products"], "AddIndex": ["orders"], "CreateOther": ["others"],
    ]
    for (name, tables) in migrations.sorted(by: { $0.key < $1.key }) {
      builder.type(name, folder: "App/Migrations/001")
      builder.refer("AppSetup", name, .construction)
      for table in tables { builder.table(table, .defines, by: name, in: "\(name).prepare") }
    }
    builder.table("products", .writes, by: "FillGap", in: "FillGap.prepare")
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    var homes: [String: String] = [:]
    for service in suggestion.services {
      for type in service.types where migrations[type.name] != nil {
        homes[type.name] = service.name
      }
    }
    #expect(
      homes == [
        "CreateThings": "orders", "AddIndex": "orders", "AddNote": "payments",
        "DropLabel": "shipments", "FillGap": "products",
      ])
    #expect(suggestion.services.count == 4)
    // Nobody owns the table of the last one.
    #expect(suggestion.compositionRoots == ["AppRoutes", "AppSetup", "CreateOther"])
  }

  @Test func `who makes its own table and uses it is no migration`() {
    var builder = SampleShop.builder()
    builder.table("orders", .defines, by: "OrderRepository", in: "OrderRepository.setUp")
    builder.type("Plain", folder: "App")
    builder.table("orders", .defines, by: "Plain", in: "Plain.prepare")
    let model = builder.model.canonical()
    let facts = UnitFacts(model)
    let found = Migrations(
      model, facts, isInScope: [Bool](repeating: true, count: facts.units.count))
    #expect(found.units.map { model.displayName(facts.units.units[$0].types[0]) } == ["Plain"])
  }

  @Test func `what most services of the finished division use is shared, if it is a value`() {
    var builder = SampleShop.builder()
    builder.type("Page", folder: "App/Support")
    for area in SampleShop.areas.prefix(3) {
      builder.refer("\(area)Service", "Page", .construction)
      builder.refer("\(area)Controller", "Page", .signature)
    }
    func late(_ builder: ModelBuilder) -> [String] {
      let code = PreparedCode(builder.model.canonical(), AnalysisOptions(), .serial)
      let names = code.facts.units.units.map { code.model.displayName($0.types[0]) }
      let services = names.map { name in
        name == "Page" ? 0 : SampleShop.areas.firstIndex { name.hasPrefix($0) }
      }
      let roles = services.map { $0 == nil ? UnitRole.compositionRoot : .member }
      return UnitRoles.lateKernel(code, services, roles).map { names[$0] }
    }
    #expect(late(builder) == ["Page"])
    var storing = builder
    storing.table("pages", .maps, by: "Page")
    #expect(late(storing) == [])
    var needing = builder
    needing.refer("Page", "OrderRecord", .storedProperty)
    #expect(late(needing) == [])
    var dominated = builder
    for name in ["OrderRepository", "OrderRecord", "OrderRequest", "PaymentRepository"] {
      dominated.refer(name, "Page", .construction)
    }
    #expect(late(dominated) == ["Page"])
    for index in 0..<4 {
      dominated.type("OrderView\(index)")
      dominated.refer("OrderView\(index)", "Page", .construction)
    }
    #expect(late(dominated) == [])
  }
}
