// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

/// Moves into the shared kernel and out of it.
@Suite struct WhatIfTests {
  private static func answer(
    _ moves: [(String, String)], _ change: (inout ModelBuilder) -> Void = { _ in }
  ) throws -> WhatIfAnswer {
    var builder = SampleShop.builder()
    change(&builder)
    return try BoundaryAnalysis().study(builder.model)
      .answer(to: WhatIf(moves: moves.map { WhatIf.Move(type: $0.0, service: $0.1) }))
  }

  @Test(arguments: [
    ("OrderRepository", "it uses the data of orders (first at Sources/App/Repositories/"),
    ("OrderController", "it answers GET /api/v1/orders/{id}, POST /api/v1/orders (first at"),
    ("OrderService", "OrderService is a class; it uses the data of orders, payments, products"),
    ("ShipmentService", "it runs the job ShipmentService (first at"),
    ("OrderPrice", "it needs what is outside of the kernel: OrderRecord (first at Sources/"),
  ])
  func `what is no value is refused, with the reasons`(type: String, reason: String) {
    #expect {
      try Self.answer([(type, WhatIf.sharedKernel)]) { builder in
        builder.type("OrderPrice", folder: "App/Models")
        builder.refer("OrderService", "OrderPrice", .storedProperty, times: 3)
        builder.refer("OrderPrice", "OrderRecord", .signature)
      }
    } throws: { error in
      "\(error)".hasPrefix("\(type) cannot move into the shared kernel")
        && "\(error)".contains(reason)
    }
  }

  @Test func `what moves along because a type is nested in it is said`() throws {
    #expect(
      try Self.answer([("OrderRecord.Key", "payments")]).notes == [
        "OrderRecord moves along with OrderRecord.Key: types that are nested in one another move as "
          + "one."
      ])
    // Who names the outer one means those inside of it too.
    #expect(try Self.answer([("OrderRecord", "payments")]).notes == [])
  }

  @Test func `only services that refer to a type of the kernel count as its users`() throws {
    var builder = SampleShop.builder()
    builder.type("Ledger", folder: "App/Models")
    for _ in 0..<3 { builder.refer("Ledger", "PaymentRecord", .signature) }
    builder.refer("PaymentService", "Ledger", .storedProperty, times: 3)
    let study = BoundaryAnalysis().study(builder.model)
    #expect(try study.explanation(of: "Money").users == 4)
    // It uses payments, and nobody else uses it.
    #expect(try study.explanation(of: "PaymentController").users == 0)
    #expect(try study.explanation(of: "Ledger").users == 1)
  }

  @Test func `values move into it, together with values that they need`() throws {
    func values(_ builder: inout ModelBuilder) {
      for name in ["Weight", "WeightUnit"] { builder.type(name, folder: "App/Models") }
      builder.refer("ShipmentService", "Weight", .storedProperty, times: 3)
      builder.refer("ShipmentRecord", "WeightUnit", .storedProperty, times: 3)
      builder.refer("Weight", "WeightUnit", .storedProperty)
    }
    #expect(throws: StudyQuestionError.self) {
      try Self.answer([("Weight", WhatIf.sharedKernel)], values)
    }
    let answer = try Self.answer(
      [("Weight", WhatIf.sharedKernel), ("WeightUnit", WhatIf.sharedKernel)], values)
    #expect(answer.newCuts == [] && answer.savedCuts == [] && answer.notes == [])
  }

  @Test func `what leaves it is paid for by everybody else, the kernel included`() throws {
    let answer = try Self.answer([("Money", "orders")]) { builder in
      builder.type("TaxRate", folder: "App/Support")
      for area in SampleShop.areas { builder.refer("\(area)Service", "TaxRate", .signature) }
      builder.refer("TaxRate", "Money", .signature)
    }
    // Three references of each of the three other services, and the one of the tax rate.
    #expect(answer.newCuts.count == 10 && answer.savedCuts == [])
    #expect(answer.newCuts.allSatisfy { $0.target == "Money" && $0.toService == "orders" })
    #expect(answer.after.crossingReferences == answer.before.crossingReferences + 9)
    #expect(answer.before.kernelReferences == 0 && answer.after.kernelReferences == 1)
    #expect(
      answer.notes == [
        "Money leaves the shared kernel for orders: 9 references of 3 other services and 1 of the "
          + "kernel itself that cost nothing before have to be cut."
      ])
  }
}
