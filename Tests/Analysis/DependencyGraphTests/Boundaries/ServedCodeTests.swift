// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

/// What serves is told before anything is divided.
@Suite struct ServedCodeTests {
  private static func served(_ model: CodeModel) -> ServedCode {
    let model = model.canonical()
    return ServedCode(model, UnitFacts(model))
  }

  /// A library of two modules with many types, and a sample that answers one route.
  private static func library() -> ModelBuilder {
    var builder = ModelBuilder()
    for module in ["Core", "Extras"] {
      for index in 0..<20 {
        builder.type("\(module)\(index)", folder: module, module: module)
        if index > 0 { builder.refer("\(module)\(index)", "\(module)\(index - 1)", .call) }
      }
    }
    builder.refer("Extras0", "Core3", .storedProperty)
    builder.type("Sample", folder: "Sample", module: "Sample")
    builder.refer("Sample", "Core1", .construction)
    return builder
  }

  @Test func `one job makes no application of a library`() {
    var builder = Self.library()
    builder.job("Core2")
    let served = Self.served(builder.model)
    #expect(!served.isDividable && served.background == 1)
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.verdict.decision == .doNotSplit && suggestion.services.count == 1)
    #expect(suggestion.verdict.reason.contains("1 of them runs in the background"))
  }

  @Test func `a sample beside a library is all that serves`() {
    var builder = Self.library()
    builder.route("GET", "/", "Sample")
    let served = Self.served(builder.model)
    #expect(served.programs.map(\.tops) == [["Sample"]])
    #expect(served.programs.first?.modules == ["Sample"])
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(
      suggestion.verdict.reason
        == "Nothing to split: a single type of 41 types in 3 modules answers requests or runs jobs. "
        + "Sample has 1 route in 1 type: 1 separable type, fewer than 12. The rest are "
        + "modules that programs are built from.")
  }

  @Test func `a program is named by what is started`() {
    var builder = Self.library()
    for name in ["Web", "Worker", "Seeder"] { builder.type(name, folder: name, module: name) }
    builder.refer("Web", "Core0", .construction)
    builder.refer("Worker", "Core0", .construction)
    builder.refer("Seeder", "Extras1", .construction)
    builder.route("GET", "/", "Core1")
    builder.route("GET", "/more", "Core2")
    // Whoever starts the module that serves; `Sample` and `Extras` use it too.
    let served = Self.served(builder.model)
    #expect(served.programs.map(\.tops) == [["Sample", "Seeder", "Web", "Worker"]])
    #expect(
      served.programs.first?.sentence.hasPrefix("Sample, Seeder, Web and 1 more have 2 routes in ")
        == true)
    // Modules that use each other all around: those of them that serve.
    var ring = ModelBuilder()
    for name in ["A", "B", "C"] { ring.type(name, folder: name, module: name) }
    for (one, other) in [("A", "B"), ("B", "C"), ("C", "A")] { ring.refer(one, other, .call) }
    ring.route("GET", "/b", "B")
    ring.route("GET", "/c", "C")
    #expect(Self.served(ring.model).programs.map(\.tops) == [["B", "C"]])
  }

  @Test func `who tells only how a process is doing serves nobody`() {
    var builder = Self.library()
    for path in ["/health", "/health/ready", "/api/v1/_ping", "/internal/metrics"] {
      builder.route("GET", path, "Sample")
    }
    let served = Self.served(builder.model)
    #expect(served.programs.isEmpty && served.operational == 4)
    #expect(
      served.reason
        == "no other route that is answered and no job of a queue was recognised in 41 types in 3 "
        + "modules, so no part of it is known to serve anybody. 4 routes tell how a process is "
        + "doing, which serves no user. What serves in ways that are not recognised is not seen.")
  }

  @Test(arguments: [
    ("GET", "/health/records"), ("POST", "/metrics"), ("GET", "/patients/{id}/health"),
    ("GET", "/health/{id}"), ("GET", "/status"), ("GET", "/"),
  ])
  func `what looks like it and serves users does serve`(method: String, path: String) {
    var builder = Self.library()
    builder.route("GET", "/ping", "Sample")
    builder.route(method, path, "Sample")
    #expect(Self.served(builder.model).programs.map(\.routes) == [2])
  }

  @Test func `routes of tests serve nobody`() {
    var builder = SampleShop.builder()
    var model = builder.model
    for index in model.files.indices {
      model.files[index].path = "Tests/" + model.files[index].path
    }
    #expect(Self.served(model).programs.isEmpty)
    builder.job("OrderService")
    #expect(Self.served(builder.model).isDividable)
  }

  @Test func `the interface of a tool is no application`() {
    var builder = ModelBuilder()
    for index in 0..<120 {
      builder.type("Part\(index)", folder: "Tool", module: "Tool")
      if index > 0 { builder.refer("Part\(index - 1)", "Part\(index)", .call) }
    }
    for name in ["Status", "Control"] {
      builder.type(name, folder: "Tool", module: "Tool")
      builder.route("GET", "/\(name)", name)
      builder.refer(name, "Part0", .storedProperty)
    }
    let served = Self.served(builder.model)
    #expect(served.programs.count == 1 && !served.isDividable)
    #expect(
      BoundaryAnalysis().suggest(builder.model).verdict.reason.contains(
        "they are the interface of a program and not what it is there for"))
  }

  @Test func `an application is divided beside the library in its tree`() {
    var builder = SampleShop.builder()
    for index in 0..<20 {
      builder.type("Core\(index)", folder: "Core", module: "Core")
      builder.type("Other\(index)", folder: "Other", module: "Other")
      builder.refer("Other\(index)", "Core\(index)", .call)
      if index > 0 { builder.refer("Core\(index)", "Core\(index - 1)", .call) }
    }
    builder.refer("OrderService", "Core0", .call)
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.verdict.decision == .split)
    #expect(
      suggestion.services.map(\.name).sorted() == ["orders", "payments", "products", "shipments"])
    #expect(suggestion.modules.map(\.name) == ["Core", "Other"])
    #expect(suggestion.modules.first?.usedBy == ["orders"])
  }

  @Test func `what serves nothing inside an application is a module`() {
    var builder = SampleShop.builder()
    for index in 0..<8 {
      builder.type("Tariff\(index)", folder: "App/Tariffs")
      for other in 0..<index { builder.refer("Tariff\(index)", "Tariff\(other)", .call, times: 3) }
    }
    builder.refer("OrderService", "Tariff7", .call)
    builder.refer("ShipmentService", "Tariff7", .call)
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(
      suggestion.services.map(\.name).sorted() == ["orders", "payments", "products", "shipments"])
    #expect(suggestion.modules.map(\.types.count) == [8])
    #expect(suggestion.modules.first?.usedBy == ["orders", "shipments"])
    #expect(!suggestion.cuts.contains { $0.target.hasPrefix("Tariff") })
  }

  @Test func `who asks for more services than can be is told so`() throws {
    let many = BoundaryAnalysis(options: AnalysisOptions(services: 1_000)).suggest(SampleShop.model)
    let finding = try #require(many.findings.first { $0.id == "fewer-services" })
    #expect(finding.message.hasPrefix("1000 services were asked for and 20 are there"))
    let few = BoundaryAnalysis(options: AnalysisOptions(services: 4)).suggest(SampleShop.model)
    #expect(!few.findings.contains { $0.id == "fewer-services" })
  }

  @Test func `a table with one writer is asked for and not split`() {
    var builder = SampleShop.builder()
    builder.table("shipments", .reads, by: "PaymentRepository", in: "PaymentRepository.late")
    builder.table("shipments", .reads, by: "OrderRepository", in: "OrderRepository.late")
    builder.table("payments", .reads, by: "ShipmentRepository", in: "ShipmentRepository.paid")
    let cuts = BoundaryAnalysis().suggest(builder.model).cuts
    #expect(cuts.filter { $0.symbol == "shipments" }.map(\.seam) == [.apiCall, .apiCall])
    // Orders write the table of payments.
    #expect(Set(cuts.filter { $0.symbol == "payments" }.map(\.seam)) == [.splitTable])
  }

  @Test func `no single commit turns the verdict`() {
    var model = SampleShop.model
    func file(_ name: String) -> FileID {
      FileID(model.files.firstIndex { $0.path.hasSuffix("/\(name).swift") } ?? 0)
    }
    let (one, other) = (file("OrderService"), file("PaymentService"))
    var names: Set<[String]> = []
    var last: Quality?
    for shared in 3...8 {
      model.history = ChangeHistory(
        commits: 20,
        coChanges: [
          .init(
            first: min(one, other), second: max(one, other), shared: shared, degree: 0.8,
            weight: Double(shared))
        ])
      let found = BoundaryAnalysis().suggest(model)
      #expect(found.verdict.decision == .split, "\(shared)")
      names.insert(found.services.map(\.name).sorted())
      if let last { #expect(abs(last.stability - found.quality.stability) < 0.1, "\(shared)") }
      last = found.quality
    }
    #expect(names.count == 1)
  }
}
