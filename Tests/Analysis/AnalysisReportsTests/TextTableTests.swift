// SPDX-License-Identifier: Apache-2.0

import DisplayWidths
import Testing

@testable import AnalysisReports

@Suite struct TextTableTests {
  private static var table: TextTable {
    var table = TextTable([
      .init("name", isFlexible: true), .init("count", .right), .init("note", leaves: 1),
    ])
    table.rows = [["a-very-long-service-name", "1", "x"], ["short", "1234567", "yy"]]
    return table
  }

  @Test func alignsColumns() {
    #expect(
      Self.table.lines(width: 80, style: .plain) == [
        "name                        count  note",
        "a-very-long-service-name        1  x",
        "short                     1234567  yy",
      ])
  }

  @Test func leavesOptionalColumnsOutBeforeItShortensCells() {
    #expect(
      Self.table.lines(width: 35, style: .plain) == [
        "name                        count", "a-very-long-service-name        1",
        "short                     1234567",
      ])
    #expect(
      Self.table.lines(width: 20, style: .plain) == [
        "name           count", "a-very-lon…        1", "short        1234567",
      ])
  }

  @Test func keepsTheEndOfPaths() {
    var table = TextTable([.init("place", isFlexible: true, keepsEnd: true), .init("kind")])
    table.rows = [["Sources/App/Services/OrderService.swift:12:3", "call"]]
    #expect(
      table.lines(width: 30, style: .plain) == [
        "place                     kind", "…OrderService.swift:12:3  call",
      ])
  }

  @Test func `columns leave in the order that they are given, until the rest fits`() {
    var table = TextTable([
      .init("name"), .init("first", leaves: 2), .init("second", leaves: 3),
      .init("third", leaves: 1),
    ])
    table.rows = [["a", "b", "c", "d"]]
    func titles(_ width: Int) -> String { table.lines(width: width, style: .plain)[0] }
    #expect(titles(26) == "name  first  second  third")
    #expect(titles(25) == "name  first  second")
    #expect(titles(18) == "name  second")
    #expect(titles(4) == "name")
  }

  @Test func `wide characters take two columns`() {
    var table = TextTable([.init("name", isFlexible: true), .init("count", .right)])
    table.rows = [["注文サービス", "1"], ["cafe\u{301}", "22"], ["🚚 shipping", "3"], ["👩‍👩‍👧", "4"]]
    #expect(
      table.lines(width: 30, style: .plain) == [
        "name          count",
        "注文サービス      1",
        "cafe\u{301}             22",
        "🚚 shipping       3",
        "👩‍👩‍👧                4",
      ])
    // A character that does not fit whole is left out.
    #expect(
      table.lines(width: 15, style: .plain).map { DisplayWidth.columns(of: $0) }
        == [15, 15, 15, 15, 15])
    #expect(table.lines(width: 15, style: .plain)[1] == "注文サ…       1")
    #expect(wrapped("注文 注文 ab", width: 9) == ["注文 注文", "ab"])
    #expect(DisplayWidth.columns(of: "a\u{FE0F}") == 1 && DisplayWidth.columns(of: "✂️") == 2)
    #expect(DisplayWidth.columns(of: "ﾊﾝｶｸ한글🇩🇪") == 4 + 4 + 2)
  }

  @Test func wrapsAtSpacesOnly() {
    #expect(wrapped("one two three", width: 8) == ["one two", "three"])
    #expect(wrapped("incomprehensible word", width: 8) == ["incomprehensible", "word"])
    #expect(wrapped("a b c", width: 5, indent: "  ") == ["  a b", "  c"])
    #expect(wrapped("", width: 5).isEmpty)
  }
}
