// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

struct RouteRule: CustomTestStringConvertible {
  var rule: String
  var source: String
  var routes: [String]
  var testDescription: String { rule }

  init(_ rule: String, _ source: String, _ routes: [String]) {
    self.rule = rule
    self.source = source
    self.routes = routes
  }

  static let all: [RouteRule] = [
    .init(
      "Hummingbird closures and parameters",
      """
      struct App { func build() {
        let router = Router(context: Context.self)
        router.get("/orders/:id") { request, context in "" }
        router.post("orders") { _, _ in "" }
        router.get { _, _ in "" }
      } }
      """,
      ["GET /orders/{id} App", "POST /orders App", "GET / App"]),
    .init(
      "groups, chained and kept",
      """
      struct App { func build() {
        let router = Router()
        let api = router.group("api").group("v1")
        api.get("a") { _, _ in "" }.post("b") { _, _ in "" }
        api.add(middleware: Log()).get("c") { _, _ in "" }
      } }
      """,
      ["GET /api/v1/a App", "POST /api/v1/b App", "GET /api/v1/c App"]),
    .init(
      "prefix of the caller",
      """
      struct Orders {
        func addRoutes(to group: RouterGroup<Context>) { group.get(":id", use: show) }
        func show() -> String { "" }
      }
      struct App { func build() {
        let router = Router()
        Orders().addRoutes(to: router.group("orders"))
      } }
      """,
      ["GET /orders/{id} Orders"]),
    .init(
      "opaque router parameter handed on twice",
      """
      struct Inner { func add(to group: some RouterMethods<Context>) { group.get("x") { _, _ in "" } } }
      struct Outer { func add(to group: some RouterMethods<Context>) { Inner().add(to: group.group("in")) } }
      struct App { func build() {
        let router = Router()
        Outer().add(to: router.group("one"))
        Outer().add(to: router.group("two"))
      } }
      """,
      ["GET /one/in/x Inner", "GET /two/in/x Inner"]),
    .init(
      "route collection mounted at a path",
      """
      struct Todos {
        var endpoints: RouteCollection<Context> {
          RouteCollection(context: Context.self).get(":id", use: show).delete(use: clear)
        }
        func show() {}
        func clear() {}
      }
      struct App { func build() {
        let router = Router()
        router.addRoutes(Todos().endpoints, atPath: "/todos")
      } }
      """,
      ["GET /todos/{id} Todos", "DELETE /todos Todos"]),
    .init(
      "Vapor collection, variadic path, closure group",
      """
      import Vapor
      struct Orders: RouteCollection {
        func boot(routes: any RoutesBuilder) throws {
          let orders = routes.grouped("orders")
          orders.get(use: index)
          orders.group(":orderID") { order in order.delete("lines", ":line", use: remove) }
          orders.on(.PATCH, "raw", body: .stream, use: index)
        }
        func index() {}
        func remove() {}
      }
      func routes(_ app: Application) throws {
        try app.grouped("api").register(collection: Orders())
      }
      """,
      [
        "GET /api/orders Orders", "DELETE /api/orders/{orderID}/lines/{line} Orders",
        "PATCH /api/orders/raw Orders",
      ]),
    .init(
      "handler of another type and constant path",
      """
      enum Paths { static let orders = "orders" }
      struct Controller { func list() {} }
      struct App {
        let controller = Controller()
        func build(router: Router<Context>) { router.get("\\(Paths.orders)/all", use: controller.list) }
      }
      """,
      ["GET /orders/all Controller"]),
    .init(
      "pieces of paths in constants, lists and sums",
      """
      import Vapor
      struct Rules: RouteCollection {
        static let uri: PathComponent = .constant("rules")
        static let item: PathComponent = .parameter("id")
        static let both: [PathComponent] = [.constant("rules"), ":id"]
        static var tail: [PathComponent] { ["y", "z"] }
        func boot(routes: any RoutesBuilder) throws {
          let rules = routes.grouped("api").grouped(Rules.uri).grouped(Authenticator())
          rules.get(use: list)
          rules.get(Self.item, use: list)
          rules.get([.constant("a"), .parameter("b"), .catchall], use: list)
          routes.get(Rules.both, use: list)
          routes.get(Rules.both + Self.tail, use: list)
          routes.get("p/q".pathComponents, use: list)
          routes.get(PathComponent(stringLiteral: "one"), .init(stringLiteral: "two"), use: list)
        }
        func list() {}
      }
      struct Authenticator {}
      """,
      [
        "GET /api/rules Rules", "GET /api/rules/{id} Rules", "GET /api/rules/a/{b}/** Rules",
        "GET /rules/{id} Rules", "GET /rules/{id}/y/z Rules", "GET /p/q Rules",
        "GET /one/two Rules",
      ]),
    .init(
      "what is computed leaves a hole, and a middleware none",
      """
      struct Paths {
        let root = "/shop"
        var orders: [PathComponent] { made() }
        func made() -> [PathComponent] { [] }
      }
      struct App { func build(router: Router<Context>, name: String) {
        let paths = Paths()
        router.get(paths.root, use: list)
        router.get(paths.orders, use: list)
        router.group(name).get("a", use: list)
        router.get("users/\\(name)/edit", use: list)
        router.group(Log()).get("b", use: list)
        router.on("c", method: .get, use: list)
        router.get(elsewhere(), use: list)
      }
        func list() {}
      }
      struct Log {}
      """,
      [
        "GET /shop App", "GET /{?} App", "GET /{?}/a App", "GET /users/{?}/edit App", "GET /b App",
        "GET /c App", "GET /{?} App",
      ]),
    .init(
      "paths in cases and switches leave a hole where their text is not fixed",
      """
      import Vapor
      enum Place: String { case orders, carts = "my-carts" }
      enum Site {
        case home, order(Int)
        var pathComponents: [PathComponent] { switch self { case .home: []; case .order: ["o"] } }
        var path: String { switch self { case .home: "home"; case .order(let id): "o/\\(id)" } }
      }
      extension PathComponent {
        static let customers: PathComponent = "customers"
        static var computed: PathComponent { made() }
        static func numbered(_ number: Int) -> PathComponent { made() }
      }
      func routes(_ app: Application, method: HTTPMethod) throws {
        app.get(PathComponent(stringLiteral: Place.carts.rawValue), use: list)
        app.get("a", .init(stringLiteral: Place.orders.rawValue), use: list)
        app.get(Site.home.pathComponents, use: list)
        app.get("b", Site.order(1).path, use: list)
        app.get(Site.home, use: list)
        app.get(.customers, ":id", use: list)
        app.get("c", .computed, use: list)
        app.get("d", .numbered(1), use: list)
        app.get("e", .elsewhere, use: list)
        app.on(.GET, "f", use: list)
        app.on(.RAW(value: "REPORT"), "g", use: list)
        app.on(method, "h", use: list)
        app.grouped(.customers).grouped(.authenticated).get("i", use: list)
      }
      func list() {}
      """,
      [
        "GET /my-carts", "GET /a/orders", "GET /{?}", "GET /b/{?}", "GET /{?}",
        "GET /customers/{id}", "GET /c/{?}", "GET /d/{?}", "GET /e/{?}", "GET /f", "* /g", "* /h",
        "GET /customers/i",
      ].map { $0 + " Sources/App/Main.swift" }),
    .init(
      "clients are not routers",
      "struct App { let client: HTTPClient; func f() { client.get(\"/orders\") { _ in } } }", []),
  ]
}

@Suite struct RouteSignalTests {
  @Test(arguments: RouteRule.all) func routes(rule: RouteRule) {
    #expect(InlineSources(rule.source).model().routeLines == rule.routes)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["r", "r.group(\"in\")"])
  func `a router handed on twice at each of many levels ends at once`(again: String) {
    let levels = 40
    let functions = (0..<levels).map {
      "func r\($0)(_ r: Router<Context>) { r\($0 + 1)(r); r\($0 + 1)(\(again)) }"
    }
    let model = InlineSources(
      """
      struct App {
        func build() { let router = Router(context: Context.self); r0(router) }
        \(functions.joined(separator: "\n"))
        func r\(levels)(_ r: Router<Context>) { r.get("orders") { _, _ in "" } }
      }
      """
    ).model()
    let paths = model.routes.map(\.path)
    // A router that is the same each time has one path; one that differs has its limit.
    #expect(again == "r" ? paths == ["/orders"] : Set(paths).count == levels + 1)
  }

  @Test func `functions that hand a router on in a ring have the prefixes from outside of it`() {
    let model = InlineSources(
      """
      struct App {
        func build() { let router = Router(context: Context.self); one(router.group("api")) }
        func one(_ r: Router<Context>) { two(r); r.get("a") { _, _ in "" } }
        func two(_ r: Router<Context>) { one(r); three(r.group("x")); r.get("b") { _, _ in "" } }
        func three(_ r: Router<Context>) { two(r); r.get("c") { _, _ in "" } }
      }
      """
    ).model()
    #expect(model.routeLines == ["GET /api/a App", "GET /api/b App", "GET /api/x/c App"])
  }

  @Test func `a path that is computed is a finding`() {
    let model = InlineSources(
      """
      struct App { func build(router: Router<Context>, path: String) {
        router.get("a") { _, _ in "" }
        router.get(path) { _, _ in "" }
      } }
      """
    ).model()
    let finding = model.findings.first { $0.id == "route-not-read" }
    #expect(
      finding?.message
        == "1 of 2 routes has a path that the code computes: {?} stands for what could not be read "
        + "of it, and the proxy's first routes go without")
    #expect(finding?.locations.map(\.line) == [3])
  }

  @Test func aFrameworkWhoseSourceIsInTheTreeServesNobodyItself() {
    let model = InlineSources([
      "Sources/Hummingbird/Router.swift": """
      public final class Router {
        public init() {}
        public func get(_ path: String, use handler: () -> Void) { on(path, handler) }
        public func group(_ path: String) -> Router { self }
        func on(_ path: String, _ handler: () -> Void) {}
        func health(_ router: Router) { router.get("/inside") {} }
      }
      """,
      "Sources/Shop/App.swift": """
      import Hummingbird
      struct App { func build() {
        let router = Router()
        router.get("/orders") {}
        router.group("v1").get("carts") {}
      } }
      """,
    ]).model()
    #expect(model.routeLines == ["GET /orders App", "GET /v1/carts App"])
  }
}
