// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// The rules of W3C Trace Context, level 1, section 3.2.2.
@Suite struct TraceContextTests {
  private func parse(_ text: String) -> TraceContext? {
    Array(text.utf8).withUnsafeBytes { TraceContext($0) }
  }

  private static let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  @Test func aValidFieldIsReadAndWrittenAlike() throws {
    let context = try #require(parse(Self.valid))
    #expect(context.trace == (0x0af7_6519_16cd_43dd, 0x8448_eb21_1c80_319c))
    #expect(context.span == 0xb7ad_6b71_6920_3331)
    #expect(context.isSampled)
    #expect(String(decoding: context.value, as: UTF8.self) == Self.valid)
    let child = String(decoding: context.child(0xff).value, as: UTF8.self)
    #expect(child == "00-0af7651916cd43dd8448eb211c80319c-00000000000000ff-01")
  }

  @Test func aLaterVersionIsReadAsFarAsItIsKnown() throws {
    let later = "cc" + Self.valid.dropFirst(2).dropLast(2)
    #expect(try #require(parse(later + "ff-what-the-future-brings")).flags == 1)
    #expect(try #require(parse(later + "00")).isSampled == false)
    #expect(parse(later + "01.more") == nil)
  }

  @Test(arguments: [
    "", "00", valid + "-", valid + "0", String(valid.dropLast()),
    "ff" + valid.dropFirst(2), "0x" + valid.dropFirst(2), "00_" + valid.dropFirst(3),
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1x",
  ])
  func aBrokenFieldIsIgnored(_ text: String) {
    #expect(parse(text) == nil)
  }
}
