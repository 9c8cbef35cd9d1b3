// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

private struct Order: Codable, Equatable {
  var id: Int
  var state: String
}

@Suite("Calls", .timeLimit(.minutes(1)))
struct CallTests {
  @Test("JSON goes there and comes back, with the fields of a request")
  func json() async throws {
    let service = try await ServiceUnderTest { router in
      router.get("/orders/17") { request, _ in
        #expect(request.headers[.accept] == "application/json")
        return Response(
          status: .ok,
          body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"id":17,"state":"open"}"#)))
      }
      router.post("/orders") { request, _ in
        #expect(request.headers[.contentType] == "application/json")
        let body = try await request.body.collect(upTo: 1 << 20)
        return Response(status: .created, body: ResponseBody(byteBuffer: body))
      }
    }
    let client = ServiceClient(ServiceEntry("orders", endpoints: [service.endpoint]))
    let order = try await client.get("/orders/17", as: Order.self)
    #expect(order == Order(id: 17, state: "open"))
    let posted = try await client.post("/orders", json: Order(id: 4, state: "new"), as: Order.self)
    #expect(posted == Order(id: 4, state: "new"))
    await client.close()
    await service.stop()
  }
}
