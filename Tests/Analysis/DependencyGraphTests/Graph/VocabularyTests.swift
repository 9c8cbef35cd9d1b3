// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

@Suite struct VocabularyTests {
  @Test(arguments: [
    ("ordersByCustomerID", ["orders", "by", "customer", "id"]),
    ("HTTPServer2Pool", ["http", "server2", "pool"]),
    ("order_lines", ["order", "lines"]), ("abandoned-carts", ["abandoned", "carts"]), ("", []),
  ])
  func splitsIdentifiers(name: String, words: [String]) {
    #expect(Vocabulary.words(in: name) == words)
  }

  @Test(arguments: [
    ("orders", "order"), ("categories", "category"), ("boxes", "box"), ("address", "address"),
    ("status", "status"), ("addresses", "address"), ("gas", "gas"),
  ])
  func joinsPluralAndSingular(word: String, stem: String) {
    #expect(Vocabulary.stem(word) == stem)
  }

  @Test(arguments: [
    ("/orders/{id}", "orders"), ("/api/v1/Products", "products"), ("/{tenant}/orders", nil),
    ("/", nil), ("/v2", nil), ("/villages", "villages"),
  ])
  func findsTheResourceOfARoute(path: String, resource: String?) {
    #expect(Vocabulary.resource(ofRoute: path) == resource)
  }

  @Test func leavesRolesOut() {
    #expect(Vocabulary.businessWords(in: "OrderRepositoryFactory") == ["order"])
    #expect(Vocabulary.businessWords(in: "Controllers").isEmpty)
  }

  @Test func `words with a capital inside stay whole`() {
    #expect(Vocabulary.words(in: "MessageStoreSQLite") == ["message", "store", "sqlite"])
    #expect(Vocabulary.words(in: "OAuthPostgreSQLStore") == ["oauth", "postgresql", "store"])
    #expect(Vocabulary.words(in: "NIOWebSocket") == ["nio", "websocket"])
  }

  @Test func `numbers name nothing`() {
    #expect(Vocabulary.businessWords(in: "036") == [])
    #expect(Vocabulary.businessWords(in: "Sha256Order2024") == ["sha256", "order2024"])
  }
}
