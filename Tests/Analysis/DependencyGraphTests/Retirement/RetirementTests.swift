// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

/// Which code is dead once a service has taken over.
@Suite struct RetirementTests {
  private static let day: Int64 = 86_400_000
  private static let now: Int64 = 1_000 * day
  private static let quiet = QuietTime(days: 7, now: now)
  private static let own: Set = [
    "OrderController", "OrderService", "OrderLookup", "OrderStore", "Order", "Order.Line",
  ]

  /// A shop whose orders were taken out: routes, a service, a store; shipping stays.
  private static func shop() -> ModelBuilder {
    var shop = ModelBuilder()
    shop.type("App", kind: .struct)
    shop.type("Routes", kind: .enum)
    for area in ["Order", "Shipping"] {
      shop.type("\(area)Controller", folder: "App/\(area)")
      shop.type("\(area)Service", folder: "App/\(area)")
    }
    shop.type("OrderLookup", folder: "App/Order", kind: .protocol)
    shop.type("OrderStore", folder: "App/Order")
    shop.type("Order", folder: "App/Order")
    shop.type("Order.Line", folder: "App/Order", file: "Order")
    shop.type("Discount", folder: "App/Support")
    shop.type("Money", folder: "App/Support")
    shop.type("Forgotten", folder: "App/Support")
    shop.refer("App", "Routes", .call)
    shop.refer("Routes", "OrderController", .construction)
    shop.refer("Routes", "OrderService", .construction)
    shop.refer("Routes", "ShippingController", .construction)
    shop.refer("OrderController", "OrderService", .storedProperty)
    shop.refer("OrderService", "OrderLookup", .conformance)
    shop.refer("OrderService", "OrderStore", .storedProperty)
    shop.refer("OrderService", "Discount", .call)
    shop.refer("OrderStore", "Order", .construction)
    shop.refer("Order", "Order.Line", .storedProperty)
    shop.refer("Order.Line", "Money", .storedProperty)
    shop.refer("ShippingController", "ShippingService", .storedProperty)
    shop.refer("ShippingService", "Money", .signature)
    shop.refer("Discount", "Forgotten", .call)
    shop.refer("Forgotten", "Discount", .call)
    shop.route("GET", "/orders/{id}", "OrderController")
    shop.route("POST", "/orders", "OrderController")
    shop.route("GET", "/shipments", "ShippingController")
    shop.table("orders", .writes, by: "OrderStore", in: "OrderStore.save")
    return shop
  }

  private static func plan(
    _ shop: ModelBuilder, _ standings: [RouteStanding]? = nil
  ) -> RetirementPlan {
    let scope = RetirementScope(
      service: "orders", shop.model, types: Set(own.map { shop[$0] }))
    let gone = RouteStanding(
      route: "orders", .service(since: now - 30 * day), watchedSince: now - 20 * day)
    return scope.plan(standings ?? scope.routes.map { _ in gone }, quiet)
  }

  private static func fates(_ plan: RetirementPlan) -> [String: RetirementPlan.Fate] {
    Dictionary(
      plan.files.flatMap(\.types).map { ($0.name, $0.fate) },
      uniquingKeysWith: { first, _ in first })
  }

  @Test func `all of it, and what only it needed`() {
    let plan = Self.plan(Self.shop())
    #expect(plan.isReady && !plan.isOver && plan.openRoutes.isEmpty)
    let names = Self.own.union(["Discount", "Forgotten"])
    #expect(Set(Self.fates(plan).keys) == names)
    #expect(plan.types(.dead).count == names.count && plan.files.allSatisfy { $0.fate == .dead })
    #expect(plan.files.flatMap(\.types).filter { !$0.isOfService }.count == 2)
    #expect(plan.lines(.dead) == 700)
    // The lines that wire it go with it.
    #expect(plan.edits.map(\.symbol) == ["OrderController", "OrderService"])
    #expect(
      plan.edits.map(\.location.file) == ["Sources/App/Routes.swift", "Sources/App/Routes.swift"])
    #expect(plan.tables.map(\.name) == ["orders"] && plan.tables.map(\.fate) == [.dead])
    #expect(plan.tables[0].uses.isEmpty)
    #expect(plan.routes.map(\.path) == ["/orders/{id}", "/orders"])
    #expect(
      plan.routes[0].evidence
        == "the service answers all of it for 30 days, legacy never in 20 logged days")
  }

  @Test(arguments: [
    (RouteStanding(.unknown("no file")), "nobody knows who answers it: no file"),
    (RouteStanding(.legacy(5)), "legacy answers 5 % of it"),
    (
      RouteStanding(.service(since: nil)),
      "nothing says since when the service answers all of it"
    ),
    (
      RouteStanding(.service(since: now - 5 * day / 2)),
      "the service answers all of it for 2.5 days only, not 7"
    ),
    (
      RouteStanding(.service(since: now - 9 * day), lastLegacy: now - day / 2),
      "legacy answered a request 0.5 days ago"
    ),
    (
      RouteStanding(.service(since: now - 9 * day), legacyRequests: 3),
      "legacy answered 3 requests since the proxy started; an access log would say when"
    ),
  ])
  func `a route that legacy answers, or may, holds its code`(
    standing: RouteStanding, objection: String
  ) {
    let gone = RouteStanding(.service(since: Self.now - 30 * Self.day))
    let plan = Self.plan(Self.shop(), [gone, standing])
    #expect(!plan.isReady)
    #expect(plan.openRoutes.map(\.objections) == [[objection]])
    #expect(plan.openRoutes.map(\.path) == ["/orders"])
    let controller = plan.files.flatMap(\.types).first { $0.name == "OrderController" }
    #expect(controller?.fate == .waiting && controller?.routes == ["POST /orders"])
    #expect(plan.types(.dead).isEmpty && plan.usedTypes.isEmpty)
  }

  @Test func `a request of long ago, and counted ones that the log dates, hold nothing`() {
    let old = RouteStanding(
      .service(since: Self.now - 30 * Self.day), lastLegacy: Self.now - 8 * Self.day,
      watchedSince: Self.now - 20 * Self.day, legacyRequests: 12)
    let plan = Self.plan(Self.shop(), [old, old])
    #expect(plan.isReady)
    #expect(plan.routes[0].evidence.hasSuffix("legacy last did 8 days ago"))
    let short = RouteStanding(
      .service(since: Self.now - 30 * Self.day), watchedSince: Self.now - 2 * Self.day)
    let doubts = Self.plan(
      Self.shop(), [short, RouteStanding(.service(since: Self.now - 8 * Self.day))]
    ).doubts
    #expect(doubts.contains("the access log goes back 2 days only"))
    #expect(doubts.contains("no access log says when legacy answered last"))
  }

  @Test func `a type that what stays uses stays, with what it needs`() throws {
    var shop = Self.shop()
    shop.refer("ShippingService", "OrderService", .call, symbol: "cancel", times: 2)
    let plan = Self.plan(shop)
    #expect(!plan.isReady && plan.openRoutes.isEmpty)
    let fates = Self.fates(plan)
    #expect(fates["OrderController"] == .dead && fates["OrderService"] == .used)
    #expect(fates["OrderStore"] == .used && fates["Order.Line"] == .used)
    // What only the service needed is needed now by what stays: nothing is to be said of it.
    #expect(fates["Discount"] == nil)
    let service = try #require(plan.usedTypes.first { $0.name == "OrderService" })
    #expect(service.uses.map(\.from) == ["ShippingService", "ShippingService"])
    #expect(service.uses.allSatisfy { $0.symbol == "cancel" && $0.kind == "call" && !$0.isGuess })
    #expect(service.uses[0].location.file == "Sources/App/Shipping/ShippingService.swift")
    let store = try #require(plan.usedTypes.first { $0.name == "OrderStore" })
    #expect(store.uses.isEmpty && store.needs == ["OrderService"])
    #expect(plan.edits.map(\.symbol) == ["OrderController"])
    #expect(plan.tables.map(\.fate) == [.used])
  }

  @Test func `a name of a member alone keeps a type, and that is doubted`() {
    var shop = Self.shop()
    shop.refer("ShippingService", "Order", .call, symbol: "total", byNameAlone: true)
    let plan = Self.plan(shop)
    #expect(Self.fates(plan)["Order"] == .used)
    #expect(plan.files.flatMap(\.doubts) == ["Order stays for the name of a member alone"])
  }

  @Test func `what is wired behind a protocol that stays is kept`() {
    var shop = Self.shop()
    shop.refer("ShippingService", "OrderLookup", .storedProperty)
    let plan = Self.plan(shop)
    let service = plan.usedTypes.first { $0.name == "OrderService" }
    #expect(service?.needs == ["OrderLookup"])
    #expect(Self.fates(plan)["OrderController"] == .dead)
  }

  @Test func `a conformance to what stays is doubted where nothing wires it`() {
    var shop = Self.shop()
    shop.type("Auditable", kind: .protocol)
    shop.refer("ShippingService", "Auditable", .conformance)
    shop.refer("OrderStore", "Auditable", .conformance)
    let plan = Self.plan(shop)
    #expect(plan.isReady && Self.fates(plan)["OrderStore"] == .dead)
    #expect(
      plan.files.flatMap(\.doubts)
        == ["OrderStore conforms to Auditable, which stays: it may be found by that at run time"])
  }

  @Test func `a table that what stays reads is told with its statements`() {
    var shop = Self.shop()
    shop.table("orders", .reads, by: "ShippingService", in: "ShippingService.list")
    let plan = Self.plan(shop)
    #expect(plan.isReady && plan.tables.map(\.fate) == [.used])
    #expect(plan.tables[0].uses.map(\.file) == ["Sources/App/Shipping/ShippingService.swift"])
  }

  @Test func `a job of the service is told, for no traffic shows it`() {
    var shop = Self.shop()
    shop.job("OrderStore")
    let plan = Self.plan(shop)
    #expect(plan.isReady && plan.jobs == ["OrderStore"])
    #expect(plan.doubts.contains { $0.hasPrefix("OrderStore runs by itself") })
  }

  @Test func `a file of which some stays is partly dead`() {
    var shop = Self.shop()
    shop.type("OrderStatus", folder: "App/Order", file: "Order")
    shop.refer("ShippingService", "OrderStatus", .signature)
    let plan = Self.plan(shop)
    let file = plan.files.first { $0.path == "Sources/App/Order/Order.swift" }
    #expect(file?.fate == .partly && file?.types.map(\.name) == ["Order", "Order.Line"])
    #expect(plan.isReady)
  }

  @Test func `tests of what goes go too, and keep nothing`() {
    var shop = Self.shop()
    shop.type("OrderTests", folder: "../Tests/AppTests")
    shop.refer("OrderTests", "OrderService", .construction)
    let plan = Self.plan(shop)
    #expect(plan.isReady && plan.tests == ["Sources/../Tests/AppTests/OrderTests.swift"])
  }

  @Test func `where nothing is left there is nothing to do`() {
    var shop = ModelBuilder()
    shop.type("ShippingController")
    shop.route("GET", "/shipments", "ShippingController")
    let plan = RetirementScope(service: "orders", shop.model, types: []).plan([], Self.quiet)
    #expect(plan.isOver && plan.isReady && plan.files.isEmpty && plan.routes.isEmpty)
  }

  @Test func `services of the analysis and of a baseline, by name`() throws {
    let study = BoundaryAnalysis().study(SampleShop.model)
    let baseline = BoundaryBaseline(study)
    let found = try RetirementScope(study, service: "orders")
    let agreed = try RetirementScope(baseline, SampleShop.model, service: "orders")
    #expect(!found.routes.isEmpty && found.routes == agreed.routes)
    #expect(found.plan([], Self.quiet).files == agreed.plan([], Self.quiet).files)
    let unknown = StudyQuestionError.unknownService(
      "order", near: ["orders"], all: study.names.sorted())
    #expect(throws: unknown) { try RetirementScope(study, service: "order") }
    #expect(throws: StudyQuestionError.self) {
      try RetirementScope(baseline, SampleShop.model, service: "order")
    }
  }
}
