// SPDX-License-Identifier: Apache-2.0

import ServiceCalls
import Testing

@Suite("Endpoints")
struct ServiceEndpointTests {
  @Test(
    "URLs without a path are endpoints",
    arguments: [
      ("http://orders:8080", "http://orders:8080"),
      ("https://orders.internal", "https://orders.internal:443"),
      ("HTTP://orders/", "http://orders:80"), ("http://[::1]:99", "http://[::1]:99"),
      ("https://[fe80::1]", "https://[fe80::1]:443"), ("http://10.0.0.7:1", "http://10.0.0.7:1"),
    ])
  func reading(_ url: String, _ expected: String) {
    #expect(ServiceEndpoint(url)?.description == expected)
  }

  @Test(
    "Anything else is none",
    arguments: [
      "orders:8080", "ftp://orders", "http://", "http://orders:0", "http://orders:65536",
      "http://orders:x", "http://orders/path", "http://orders?x", "http://user@orders",
      "http://[::1",
      "http://[::1]x", "http://or ders", "",
    ])
  func refusing(_ url: String) {
    #expect(ServiceEndpoint(url) == nil)
  }

  @Test("An entry keeps each endpoint once, and its version changes with them only")
  func entry() throws {
    let first = ServiceEndpoint(host: "a", port: 1)
    let second = ServiceEndpoint(host: "b", port: 1)
    let entry = ServiceEntry("orders", endpoints: [first, second, first])
    #expect(entry.endpoints == [first, second])
    let seen = try #require(entry.changes(since: 0))
    entry.replace([first, second])
    #expect(entry.changes(since: seen.version) == nil)
    entry.replace([second])
    #expect(entry.changes(since: seen.version)?.endpoints == [RankedEndpoint(second)])
  }
}
