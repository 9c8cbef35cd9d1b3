// SPDX-License-Identifier: Apache-2.0

/// Lets changes through one after the other, in the order in which they came.
package actor ChangeLine {
  private var last: Task<Void, Never>?

  package init() {}

  package func run<Value: Sendable>(
    _ change: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let former = last
    let task = Task {
      await former?.value
      return try await change()
    }
    last = Task { _ = await task.result }
    return try await task.value
  }
}
