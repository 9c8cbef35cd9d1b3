// SPDX-License-Identifier: Apache-2.0

// snippet.show
import MessageContractFiles
import MessageContracts
import MessageStoreSQLite
import TransactionalMessaging

/// An outbox that takes what the contracts of a folder describe, and nothing else.
///
/// - Parameter folder: holds a JSON Schema for each version of each event, such as
///   `order/order-placed/1.json`.
func outbox(heldTo folder: String) throws -> SQLiteOutbox {
  SQLiteOutbox(contracts: try EventContracts(folder: folder))
}

/// What a producer's own test asks: nil where the payload is what the contract says, else why not.
func breach(of contracts: EventContracts, by payload: String, version: Int) -> String? {
  let name = ContractName(aggregateType: "order", eventType: "order-placed", version: version)
  do throws(ContractBreach) {
    try contracts.check(Array(payload.utf8), name)
    return nil
  } catch {
    return error.description
  }
}
// snippet.hide
