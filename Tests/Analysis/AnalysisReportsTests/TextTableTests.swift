// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AnalysisReports

@Suite struct TextTableTests {
  private static var table: TextTable {
    var table = TextTable([
      .init("name", isFlexible: true), .init("count", .right), .init("note", isOptional: true),
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

  @Test func wrapsAtSpacesOnly() {
    #expect(wrapped("one two three", width: 8) == ["one two", "three"])
    #expect(wrapped("incomprehensible word", width: 8) == ["incomprehensible", "word"])
    #expect(wrapped("a b c", width: 5, indent: "  ") == ["  a b", "  c"])
    #expect(wrapped("", width: 5).isEmpty)
  }
}
