// SPDX-License-Identifier: Apache-2.0

import Foundation
import MessageContractFiles
import MessageContracts
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct EventContractsTests {
  private static let schema = """
    {"type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}}}
    """

  private func contracts(
    _ undescribed: EventContracts.Undescribed = .refused
  ) throws -> EventContracts {
    try EventContracts(
      [ContractFile(path: "order/placed/2.json", bytes: Array(Self.schema.utf8))],
      undescribed: undescribed)
  }

  private func event(_ payload: String, version: Int = 2, type: String = "placed") -> OutboxEvent {
    OutboxEvent(
      id: "00000000-0000-4000-8000-000000000001", aggregateType: "order", aggregateID: "1",
      type: type, schemaVersion: version, occurredAt: 0, payload: Array(payload.utf8))
  }

  private func message(_ event: OutboxEvent) throws -> String? {
    do {
      try contracts().check(event)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `what keeps its contract passes`() throws {
    #expect(try message(event(#"{"total": 5}"#)) == nil)
    try contracts(.accepted).check(event("no JSON", type: "paid"))
    var elsewhere = event("")
    elsewhere.payloadReference = "s3://events/1"
    #expect(try message(elsewhere) == nil)
  }

  @Test func `what breaks it says where and what to do`() throws {
    #expect(
      try message(event(#"{"total": "5"}"#)) == """
        the payload of order/placed version 2 breaks its contract order/placed/2.json: /total: \
        expected integer, got "5". Write what the contract says, or describe the new shape in a \
        version of its own and append the event with that schemaVersion
        """)
    #expect(
      try message(event(#"{"total": 5, "tax": 1}"#))?.contains("/tax: expected no member") == true)
    #expect(try message(event("{"))?.contains("is no JSON: an unexpected end at byte 1") == true)
    #expect(
      try message(event("{}", version: 3)) == """
        there is no contract for order/placed version 3, there is version 2; write it as \
        order/placed/3.json in the folder of contracts, or let events without a contract pass
        """)
    #expect(try message(event("{}", type: "paid"))?.contains("the event has none") == true)
  }

  @Test func `contracts that cannot be used are refused at once`() {
    let files = [
      ContractFile(path: "order/placed/1.json", bytes: Array(#"{"not": {}}"#.utf8)),
      ContractFile(path: "placed.json", bytes: Array("{}".utf8)),
    ]
    #expect {
      try EventContracts(files)
    } throws: { error in
      (error as? UnusableContracts)?.problems.map(\.file) == ["order/placed/1.json", "placed.json"]
    }
  }

  @Test func `a folder is read with what lies below it`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "contracts-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for path in ["order/placed/2.json", "order/placed/README.md", ".git/x/1.json"] {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(Self.schema.utf8).write(to: file)
    }
    let path = folder.path(percentEncoded: false)
    #expect(
      try EventContracts(folder: path).names
        == [ContractName(aggregateType: "order", eventType: "placed", version: 2)])
    #expect(throws: ContractFolder.Problem.self) { try EventContracts(folder: path + "/none") }
    try Data(repeating: 0x20, count: (1 << 20) + 1)
      .write(to: folder.appending(path: "order/placed/3.json"))
    #expect {
      try EventContracts(folder: path)
    } throws: { error in
      "\(error)".hasSuffix("order/placed/3.json has more than 1048576 bytes")
    }
  }
}
