// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import ServiceLeases

/// `/registry`: instances of services that register themselves, each for as long as its lease.
struct RegistryController {
  private static let example = #"{"endpoint": "10.0.0.5:8080", "lease": 30}"#

  let registry: InstanceRegistry

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/registry") { _, _ in Response.json(.ok, await registry.listing()) }
    router.put("/registry/{service}/{instance}") { request, context in
      let name = try Self.name(context)
      let body = try await OrderBody(
        request, ["endpoint", "lease"], isOrder: false, example: Self.example)
      let address = try body.endpoint("endpoint")
      let term = try body.number("lease", in: LeaseTable.terms)
      do {
        let instance = try await registry.register(name, at: address, term: term)
        return Response.json(.ok, instance)
      } catch let refusal as InstanceRegistry.Refusal {
        throw Problem(refusal)
      }
    }
    router.delete("/registry/{service}/{instance}") { _, context in
      let name = try Self.name(context)
      let answer = Left(service: name.service, name: name.instance)
      switch await registry.deregister(name) {
      case .left: return Response.json(.ok, answer)
      case .leftHere: return Response.json(.accepted, answer)
      case .unknown:
        throw Problem(.notFound, "There is no instance \(name). GET /registry lists them.")
      }
    }
  }

  private struct Left: Encodable {
    let service: String
    let name: String
  }

  private static func name(_ context: AdminRequestContext) throws -> InstanceName {
    let service = try context.parameters.require("service")
    let instance = try context.parameters.require("instance")
    guard let name = InstanceName(service: service, instance: instance) else {
      throw Problem(
        .badRequest, "Expected names of \(InstanceName.expected) in /registry/SERVICE/INSTANCE.")
    }
    return name
  }
}

extension OrderBody {
  /// Where an instance listens.
  fileprivate func endpoint(_ name: String) throws -> InstanceAddress {
    if let text = plainText(name), let address = InstanceAddress(text) { return address }
    throw Problem(
      .badRequest,
      "\(name): expected an address and a port at which others reach the instance, no name. "
        + example)
  }
}

extension Problem {
  fileprivate init(_ refusal: InstanceRegistry.Refusal) {
    switch refusal {
    case .full(let text): self.init(.conflict, text)
    case .unavailable(let reason):
      self.init(
        .serviceUnavailable, "The registry that proxies share cannot be reached: \(reason)",
        headers: [.retryAfter: "1"])
    }
  }
}
