// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// A small shop of four areas in layer folders, with one tangle of each kind.
package enum SampleShop {
  package static let areas = ["Order", "Product", "Payment", "Shipment"]
  package static let tables = [
    "Order": "orders", "Product": "products", "Payment": "payments", "Shipment": "shipments",
  ]

  package static var model: CodeModel { builder().model }

  package static func builder() -> ModelBuilder {
    var builder = ModelBuilder()
    for area in areas { declare(area, &builder) }
    builder.type("Money", folder: "App/Support", members: 8)
    builder.type("JSONProblem", folder: "App/Support", members: 4)
    builder.type("AppRoutes", folder: "App", kind: .enum, members: 2)
    for area in areas {
      builder.refer("\(area)Service", "Money", .signature, times: 2)
      builder.refer("\(area)Record", "Money", .storedProperty)
      builder.refer("\(area)Controller", "JSONProblem", .construction)
      builder.refer("\(area)Service", "JSONProblem", .construction)
      builder.refer("AppRoutes", "\(area)Controller", .construction)
    }
    addTangles(&builder)
    return builder
  }

  private static func declare(_ area: String, _ builder: inout ModelBuilder) {
    let table = tables[area] ?? area
    builder.type("\(area)Controller", folder: "App/Controllers")
    builder.type("\(area)Service", folder: "App/Services", kind: .class, members: 9)
    builder.type("\(area)Repository", folder: "App/Repositories")
    builder.type("\(area)Record", folder: "App/Models", members: 5)
    builder.type("\(area)Request", folder: "App/Models", members: 2)
    builder.type("\(area)Record.Key", folder: "App/Models", file: "\(area)Record", members: 1)
    builder.refer("\(area)Controller", "\(area)Service", .storedProperty)
    builder.refer("\(area)Controller", "\(area)Service", .call, symbol: "find", times: 3)
    builder.refer("\(area)Controller", "\(area)Request", .construction, times: 2)
    builder.refer("\(area)Service", "\(area)Repository", .storedProperty)
    builder.refer("\(area)Service", "\(area)Repository", .call, symbol: "save", times: 3)
    builder.refer("\(area)Service", "\(area)Record", .signature, times: 2)
    builder.refer("\(area)Service", "\(area)Request", .signature)
    builder.refer("\(area)Repository", "\(area)Record", .construction, times: 2)
    builder.refer("\(area)Repository", "\(area)Record.Key", .typeUse)
    builder.table(table, .maps, by: "\(area)Record")
    builder.table(table, .reads, by: "\(area)Repository", in: "\(area)Repository.find")
    builder.table(table, .writes, by: "\(area)Repository", in: "\(area)Repository.save")
    builder.route("GET", "/api/v1/\(table)/{id}", "\(area)Controller")
    builder.route("POST", "/api/v1/\(table)", "\(area)Controller")
  }

  private static func addTangles(_ builder: inout ModelBuilder) {
    // Orders and shipments need each other.
    builder.refer("OrderService", "ShipmentService", .call, symbol: "scheduleShipment", times: 2)
    builder.refer("ShipmentService", "OrderRecord", .signature)
    builder.refer("OrderService", "ProductService", .call, symbol: "price")
    // Checkout writes the tables of three areas in one transaction.
    for table in ["orders", "payments", "products"] {
      builder.table(
        table, .writes, by: "OrderService", in: "OrderService.checkout", transaction: true)
    }
    builder.job("ShipmentService")
  }

  /// Names of the types of an area.
  package static func types(of area: String) -> Set<String> {
    Set(
      ["Controller", "Service", "Repository", "Record", "Request", "Record.Key"].map { area + $0 })
  }
}
