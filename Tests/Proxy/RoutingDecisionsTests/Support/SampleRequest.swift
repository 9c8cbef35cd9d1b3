// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// A request written as its parts; lays them out as one head and hands out the view of it.
struct SampleRequest {
  var method = "GET"
  var path = "/"
  var query = ""
  var host = "shop.example"
  var headers: [(String, String)] = []
  var client = "192.0.2.7"

  init(_ method: String = "GET", _ path: String = "/") {
    self.method = method
    self.path = path
  }

  func withView<Result>(_ body: (RequestView) -> Result) -> Result {
    var bytes: [UInt8] = []
    func range(_ text: String) -> ByteRange {
      let start = bytes.count
      bytes += Array(text.utf8)
      return ByteRange(start: start, length: bytes.count - start)
    }
    let method = range(self.method)
    let path = range(self.path)
    let query = range(self.query)
    let authority = range(host)
    let fields = headers.map { HeaderField(name: range($0), value: range($1)) }
    return bytes.withUnsafeBytes { bytes in
      fields.withUnsafeBufferPointer { fields in
        Array(client.utf8).withUnsafeBytes { client in
          body(
            RequestView(
              bytes: bytes, method: method, path: path, query: query, authority: authority,
              fields: fields, clientAddress: client))
        }
      }
    }
  }
}

extension RoutingTable {
  func decide(_ request: SampleRequest) -> RoutingDecision {
    request.withView { decide($0) }
  }

  /// The name of the route that takes a request.
  func routeName(_ request: SampleRequest) -> String? {
    let index = decide(request).routeIndex
    return index < 0 ? nil : configuration.routes[index].name
  }
}
