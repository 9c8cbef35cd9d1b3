// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import SagaModel
import Testing

@testable import LibraryExamples

/// What is public is enough to write a store of sagas.
@Suite("A store of sagas of another package", .timeLimit(.minutes(1)))
struct SagaStoreTests {
  private struct Broken: Error {}

  @Test(arguments: SagaStoreConformance.allCases)
  func `in memory`(conformance: SagaStoreConformance) async throws {
    let store = MemorySagaStore()
    try await conformance.check(
      SagaStoreUnderTest(
        store: store,
        write: { throwing in
          { call, context, notes in
            notes.append(call.sagaID)
            if throwing { throw Broken() }
            return context
          }
        },
        begin: { store.begin($0) }, accept: { try store.accept($0) }, rows: { store.notes.count },
        events: { store.events }, prune: { store.prune(endedBefore: $0) }))
  }
}
