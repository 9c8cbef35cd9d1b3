// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct CommandLineTests {
  @Test func `help shows the commands with examples`() async throws {
    let outcome = try await Executable.strangler.run(["--help"])
    #expect(outcome.exitCode == 0)
    for command in ["analyze", "proxy", "routes", "shadow", "demo"] {
      #expect(outcome.output.contains("strangler \(command)"))
    }
    #expect(!outcome.output.contains("demo-orders-service"))
  }

  @Test(arguments: [
    "analyze", "analyze suggest", "analyze explain", "analyze what-if", "analyze check",
    "analyze graph", "analyze ablation", "analyze cluster", "analyze metrics", "init", "proxy",
    "demo", "routes", "routes validate",
    "routes list", "routes explain",
    "routes diff", "routes set", "routes export", "shadow", "shadow record", "shadow replay",
    "shadow report", "shadow diff", "shadow approve-noise", "cutover", "cutover status",
    "cutover start",
    "cutover approve", "cutover pause", "cutover resume", "cutover rollback", "cutover freeze",
    "cutover unfreeze", "cutover kill-switch", "cutover history", "cutover verify",
    "cutover revert", "outbox", "outbox init", "outbox relay", "outbox status",
    "outbox dead-letters", "outbox replay", "outbox skip", "outbox history", "outbox verify",
    "outbox prune", "outbox reseat", "outbox bypass", "outbox bypass install",
    "outbox bypass report", "outbox bypass prune", "outbox bypass remove", "outbox torture",
    "data", "data check", "data plan", "data backfill", "data verify", "data follow",
    "data advance", "data retreat", "data status", "data repair", "data cutover", "data retire",
    "contracts", "contracts record", "contracts verify", "contracts openapi",
    "saga", "saga list", "saga show", "saga retry", "saga compensate", "saga resolve", "status",
  ])
  func `every command's help has examples`(command: String) async throws {
    let words = command.split(separator: " ").map(String.init)
    let outcome = try await Executable.strangler.run(words + ["--help"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("EXAMPLES"))
    #expect(outcome.output.contains("  strangler \(command) "))
    if words[0] == "analyze" || words[0] == "init" {
      #expect(outcome.output.contains("EXIT CODES"))
    }
  }

  @Test(arguments: [
    ["nonsense"], ["analyze"], ["analyze", "--format", "xml", "."], ["analyze", "explain", "."],
    ["analyze", "what-if", "."], ["analyze", "check", "."], ["init"],
    ["analyze", "graph", ".", "--level", "module"], ["analyze", "metrics", "--graph", "x"],
    ["analyze", "check", ".", "--write-baseline", "x", "--format", "json"],
    ["proxy", "--port", "1"],
    ["routes", "explain", "--config", "x.yaml"], ["demo", "--users", "many"],
    ["shadow", "replay"], ["shadow", "diff", "x"], ["shadow", "approve-noise"],
    ["shadow", "record", "--upstream", "nowhere", "--har", "x.har"],
    ["outbox", "status"], ["outbox", "status", "--database", "a", "--config", "b"],
    ["outbox", "replay", "--database", "a", "--everything"],
    ["outbox", "bypass"], ["outbox", "bypass", "install", "--database", "a"],
    ["outbox", "bypass", "--database", "a", "--limit", "0"],
    ["outbox", "bypass", "prune", "--database", "a", "--keep-days", "-1"],
    ["outbox", "skip", "--database", "a", "--aggregate", "order/1", "--reason", "x"],
    ["data", "check", "--timeout", "0"], ["data", "plan", "--chunk-rows", "0"],
    ["data", "advance", "--reason", "x"], ["data", "retreat", "orders"],
    ["data", "repair", "orders", "--apply"], ["data", "status", "--history", "-1"],
    ["status", "--sources", "a", "--analysis", "b"], ["status", "--baseline", "a"],
    ["data", "cutover", "orders"], ["data", "verify", "--live", "--chunk-rows", "0"],
    ["contracts", "record", "--output", "x"], ["contracts", "verify", "x"],
    ["contracts", "openapi", "--old", "x"],
    ["saga", "list", "--database", "a", "--state", "lost"], ["saga", "show", "--database", "a"],
    ["saga", "retry", "1", "--database", "a"],
    ["saga", "resolve", "1", "--database", "a", "--reason", "x"],
  ])
  func `wrong arguments end with 2 and say so on standard error`(arguments: [String]) async throws {
    let outcome = try await Executable.strangler.run(arguments)
    #expect(outcome.exitCode == 2)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("Usage:"))
  }
}
