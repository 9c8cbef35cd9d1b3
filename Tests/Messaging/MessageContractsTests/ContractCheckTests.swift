// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import MessageContracts

@Suite(.timeLimit(.minutes(1)))
struct ContractCheckTests {
  private static let total = #"{"type": "object", "properties": {"total": {"type": "integer"}}}"#
  private static let named = """
    {"type": "object", "properties": {"total": {"type": "integer"}, "name": {"type": "string"}}}
    """
  private static let needed = """
    {"type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}}}
    """

  private func set(_ schemas: String..., label: String = "") -> ContractSet {
    ContractSet(
      schemas.enumerated().map { index, schema in
        ContractFile(path: "order/placed/\(index + 1).json", bytes: Array(schema.utf8))
      }, label: label)
  }

  private func report(
    _ set: ContractSet, _ mode: CompatibilityMode = .full, isTransitive: Bool = false
  ) -> ContractReport {
    ContractCheck(mode: mode, isTransitive: isTransitive).report(set)
  }

  // The table of what may change, as people who keep events for years arrived at it.
  @Test(arguments: [
    (total, named, true, true), (named, total, true, true), (total, needed, false, true),
    (needed, total, true, false), (total, total, true, true),
    (needed, #"{"type": "object", "properties": {}}"#, true, false),
  ])
  func `which way a change goes`(
    older: String, newer: String, isBackward: Bool, isForward: Bool
  ) {
    let set = set(older, newer)
    #expect(report(set, .backward).isCompatible == isBackward)
    #expect(report(set, .forward).isCompatible == isForward)
    #expect(report(set).isCompatible == (isBackward && isForward))
  }

  @Test func `a finding says who sees what, where, and shows it`() throws {
    let finding = try #require(report(set(Self.total, Self.needed)).findings.first)
    #expect(finding.kind == .broken)
    #expect(finding.file == "order/placed/2.json")
    #expect(finding.pointer == "/required")
    #expect(finding.payloadPointer == "/total")
    #expect(finding.counterexample == .object([:]))
    #expect(
      finding.message == """
        backward: a consumer with version 2 refuses what a producer with version 1 may write, at \
        /total: expected a value, got no such member
        """)
    let text = report(set(Self.total, Self.needed)).text
    #expect(text.hasPrefix("order/placed/2.json#/required: broken\n"))
    #expect(text.contains("  such as {}\n"))
    #expect(text.contains("2 contracts, 1 comparison: 1 finding\n"))
    #expect(text.contains("\"x-breaks\""))
  }

  @Test func `only a transitive check looks behind the last version`() {
    let texts = #"{"type": "object", "properties": {"total": {"type": "string"}}}"#
    let empty = #"{"type": "object", "properties": {"name": {}}}"#
    let set = set(Self.total, empty, texts)
    #expect(report(set).isCompatible)
    #expect(report(set).comparisons == 2)
    let transitive = report(set, isTransitive: true)
    #expect(transitive.comparisons == 3)
    #expect(transitive.findings.map(\.file) == ["order/placed/3.json", "order/placed/1.json"])
  }

  @Test func `a break that was meant is told and passes, whatever it lies between`() {
    let breaking = """
      {"x-breaks": "in euros now", "type": "object", "properties": {"total": {"type": "string"}}}
      """
    let next = #"{"type": "object", "properties": {"total": {"type": "string"}, "tax": {}}}"#
    let report = report(set(Self.total, breaking, next), isTransitive: true)
    #expect(report.isCompatible)
    #expect(report.findings.count == 4)
    #expect(report.findings.allSatisfy { $0.accepted == "in euros now" })
    #expect(report.text.contains("accepted, broken"))
    #expect(
      !self.report(set(Self.total, next, breaking.replacing("string", with: "null"))).isCompatible)
  }

  @Test func `a published version stays what it is`() {
    let published = set(Self.total, Self.named, label: "published ")
    let check = ContractCheck(mode: .full, isTransitive: false)
    #expect(check.report(set(Self.total, Self.named), against: published).isCompatible)
    let gone = check.report(set(Self.total), against: published)
    #expect(gone.findings.map(\.kind) == [.removed])
    #expect(gone.findings.first?.file == "order/placed/2.json")
    let changed = check.report(
      set(Self.total.replacing("integer", with: "number"), Self.named), against: published)
    #expect(changed.findings.contains { $0.message.contains("version 1 as it was published") })
    // A reason for a new version is none for another meaning of the same.
    let excused = check.report(
      set(#"{"x-breaks": "no", "type": "null"}"#, Self.named), against: published)
    #expect(!excused.isCompatible)
    let remark = check.report(
      set(Self.total, #"{"title": "new", \#(Self.named.dropFirst())"#), against: published)
    #expect(remark.isCompatible)
  }

  @Test func `what is no contract is a finding and the rest is compared`() throws {
    let files = [
      ("order/placed/1.json", Self.total), ("order/placed/2.json", #"{"not": {}}"#),
      ("order/placed/3.json", "{\n  \"type\" \"object\"}"), ("order/placed/01.json", "{}"),
      ("order/4.json", "{}"), ("order/placed/0.json", "{}"),
      ("order/paid/1.json", #"{"x-breaks": 1}"#),
      ("order/sent/1.json", Self.total), ("order/sent/2.json", Self.needed),
    ]
    let report = report(
      ContractSet(files.map { ContractFile(path: $0.0, bytes: Array($0.1.utf8)) }))
    let unusable = report.findings.filter { $0.kind == .unusable }
    #expect(
      Set(unusable.map(\.file)) == [
        "order/placed/2.json", "order/placed/3.json", "order/placed/01.json", "order/4.json",
        "order/placed/0.json", "order/paid/1.json",
      ])
    #expect(unusable.contains { $0.message.contains("line 2, column 10") })
    #expect(unusable.contains { $0.pointer == "/not" })
    #expect(report.findings.contains { $0.file == "order/sent/2.json" && $0.kind == .broken })
    #expect(!report.isCompatible)
  }

  @Test func `programs read the same`() throws {
    let report = report(set(Self.total, Self.needed))
    guard case .object(let members) = report.json, case .array(let findings)? = members["findings"],
      case .object(let finding)? = findings.first
    else {
      Issue.record("no object")
      return
    }
    #expect(members["compatible"] == .bool(false))
    #expect(finding["kind"] == .string("broken"))
    #expect(finding["counterexample"] == .object([:]))
    #expect(try JSONParser.parse(Array(report.json.json.utf8)) == report.json)
  }

  @Test func `names of any kind have one path each`() {
    for type in ["order-placed", "a/b", "..", ".x", "é", "a b", "100%", "A.b_c~d+e@f"] {
      let name = ContractName(aggregateType: "order", eventType: type, version: 12)
      #expect(ContractName(path: name.path) == name, "\(name.path)")
      #expect(!name.path.contains("/.") && name.path.split(separator: "/").count == 3)
    }
    #expect(ContractName(path: "order/%61/1.json") == nil)
    #expect(ContractName(path: "order//1.json")?.eventType == "")
  }
}
