// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct AddressRangeTests {
  @Test(arguments: [
    ("10.0.0.0/8", "10.1.2.3", true), ("10.0.0.0/8", "11.0.0.0", false),
    ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
    ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
    ("192.0.2.0/25", "192.0.2.127", true), ("192.0.2.0/25", "192.0.2.128", false),
    ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::/0", "10.0.0.1", true),
    ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
    ("2001:db8::/64", "2001:db8::1", true), ("2001:db8::/65", "2001:db8:0:0:8000::", false),
    ("::1", "::1", true), ("::1", "::2", false), ("fe80::/10", "fe80::1%eth0", true),
    ("::1/128", "0:0:0:0:0:0:0:1", true), ("127.0.0.0/8", "::1", false),
  ]) func `an address lies in a range or not`(range: String, address: String, isInside: Bool) throws
  {
    let range = try #require(AddressRange(parsing: range))
    let address = try #require(IPAddress(parsing: address))
    #expect(range.contains(address) == isInside)
  }

  @Test(arguments: [
    "", "10", "10.0.0", "10.0.0.256", "10.0.0.01", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/",
    "10.0.0.0/-1", "10.0.0.0/8/8", "::1/129", "2001:db8::1/32", "1::2::3", ":1", "1:", "12345::",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "localhost", "::1.2.3", "::g",
  ]) func `what is no address is refused`(text: String) {
    #expect(AddressRange(parsing: text) == nil)
  }

  @Test func `text comes back as it was written`() {
    #expect(AddressRange(parsing: "10.0.0.0/8")?.description == "10.0.0.0/8")
  }
}
