// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import Testing

@Suite("Cache-Control of composed answers") struct CacheControlTests {
  private static func strictest(_ parts: [String]) -> String {
    CacheControl.strictest(parts.map { CacheControl(parsing: [$0]) }).description
  }

  @Test(
    "The whole is as strict as its strictest part",
    arguments: [
      (["max-age=60"], "max-age=60"),
      (["max-age=60", "max-age=10"], "max-age=10"),
      (["max-age=60", ""], "no-cache"),
      (["max-age=60", "no-store"], "no-store"),
      (["public, max-age=60", "private, max-age=600"], "private, max-age=60"),
      (["public, max-age=60", "public, max-age=5"], "public, max-age=5"),
      (["public, max-age=60", "max-age=5"], "max-age=5"),
      (["max-age=60, s-maxage=600", "max-age=600"], "max-age=60, s-maxage=600"),
      (["s-maxage=600", "max-age=60"], "max-age=0, s-maxage=60"),
      (["max-age=60, must-revalidate", "max-age=9"], "max-age=9, must-revalidate"),
      (["max-age=60", "no-cache=\"x, y\", max-age=5"], "no-cache"),
      (["max-age=60, immutable, x=\"max-age=1, 2\""], "max-age=60"),
      (["MAX-AGE = 60 , No-Transform"], "max-age=60, no-transform"),
      (["max-age=60, max-age=30"], "max-age=30"),
      (["max-age=soon"], "max-age=0"),
      (["max-age=99999999999999999999"], "max-age=2147483648"),
      ([], "no-cache"),
    ])
  func strictest(parts: [String], expected: String) {
    #expect(Self.strictest(parts) == expected)
  }

  @Test("The age of an answer is taken off")
  func age() {
    #expect(
      CacheControl(parsing: ["max-age=60, s-maxage=90"], age: 20).description
        == "max-age=40, s-maxage=70")
    #expect(CacheControl(parsing: ["max-age=60"], age: 100).description == "max-age=0")
  }

  @Test("In no order of parts is the whole more than any of them allows")
  func order() {
    let values = [
      "no-store", "no-cache", "private, max-age=5", "public, max-age=7", "max-age=3, s-maxage=9",
      "must-revalidate, max-age=4", "",
    ].map { CacheControl(parsing: [$0]) }
    for left in values {
      for right in values {
        let whole = CacheControl.strictest([left, right])
        #expect(whole == CacheControl.strictest([right, left]))
        #expect(whole == CacheControl.strictest([whole, left]))
        for part in [left, right] {
          #expect(whole.noStore || !part.noStore)
          #expect(whole.noCache || !part.noCache)
          #expect(whole.isPrivate || !part.isPrivate)
          #expect(whole.maxAge <= part.maxAge && whole.sharedMaxAge <= part.sharedMaxAge)
        }
      }
    }
  }

  @Test("What a file may say", arguments: ["max-age=60", "private, no-cache", "no-store"])
  func known(text: String) { #expect(CacheControl.isKnown(text)) }

  @Test("What it may not", arguments: ["", "max-age", "max-age=x", "publik", "private=x"])
  func unknown(text: String) { #expect(!CacheControl.isKnown(text)) }
}
