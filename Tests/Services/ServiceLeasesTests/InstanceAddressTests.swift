// SPDX-License-Identifier: Apache-2.0

import ServiceLeases
import Testing

@Suite("Names and addresses of instances")
struct InstanceAddressTests {
  @Test(
    "Addresses come in one spelling",
    arguments: [
      ("10.0.0.5:8080", "10.0.0.5:8080"), ("255.255.255.255:65535", "255.255.255.255:65535"),
      ("[2001:DB8:0:0:0:0:0:5]:80", "[2001:db8::5]:80"), ("[::1]:1", "[::1]:1"),
      ("[0:0:0:0:0:0:0:1]:1", "[::1]:1"), ("[1::]:80", "[1::]:80"),
      ("[1:0:0:2:0:0:0:3]:80", "[1:0:0:2::3]:80"), ("[1:2:3:4:5:6:7::]:80", "[1:2:3:4:5:6:7:0]:80"),
      ("[0001:2:3:4:5:6:7:00ff]:80", "[1:2:3:4:5:6:7:ff]:80"),
    ])
  func addresses(text: String, canonical: String) throws {
    #expect(try #require(InstanceAddress(text)).description == canonical)
    #expect(InstanceAddress(canonical)?.description == canonical)
  }

  @Test(
    "What is no address and port is none",
    arguments: [
      "", ":80", "10.0.0.5", "10.0.0.5:", "10.0.0.5:0", "10.0.0.5:080", "10.0.0.5:65536",
      "10.0.0.5:+80", "10.0.0:80", "10.0.0.256:80", "10.0.0.05:80", "10.0.0.5 :80", "orders:80",
      "localhost:80", "::1:80", "[::1]", "[::1]80", "[]:80", "[:]:80", "[1::2::3]:80",
      "[1:2:3:4:5:6:7:8:9]:80", "[1:2:3:4:5:6:7]:80", "[1:2:3:4:5:6:7:8::]:80", "[12345::]:80",
      "[::ffff:10.0.0.5]:80", "[fe80::1%eth0]:80", "0.0.0.0:80", "[::]:80", "[0:0:0:0:0:0:0:0]:80",
      "10.0.0.5:8\u{0663}",
    ])
  func noAddresses(text: String) { #expect(InstanceAddress(text) == nil) }

  @Test("Names are what URLs, logs and metrics carry as they are")
  func names() {
    #expect(
      InstanceName(service: "orders", instance: "orders-7f9c.b_1")?.description
        == "orders/orders-7f9c.b_1")
    let long = String(repeating: "a", count: 64)
    #expect(InstanceName(service: long, instance: long) != nil)
    for wrong in ["", ".", "..", ".a", "a/b", "a b", "ä", long + "a", "a%20"] {
      #expect(InstanceName(service: wrong, instance: "one") == nil)
      #expect(InstanceName(service: "orders", instance: wrong) == nil)
    }
  }
}
