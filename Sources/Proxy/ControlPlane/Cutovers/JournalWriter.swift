// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Synchronization

/// Appends to a journal, one entry at a time, each within a time, and looks what became of one: a
/// disk or a database that hangs must not hold up what waits behind it.
///
/// What was given up goes on in the background, and may succeed yet. Until it has ended nothing
/// else is tried, so that at most one waits.
actor JournalWriter {
  /// How long an append may take.
  static let limit = Duration.seconds(1)

  private var isBusy = false

  /// - Throws: what `append` throws; `CutoverJournalError` with the code `timedOut` when it does
  ///   not end in time, or one before it has not ended yet.
  func write<Value: Sendable>(
    _ append: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    guard !isBusy else {
      throw CutoverJournalError(.timedOut, "an entry before it is not written yet")
    }
    isBusy = true
    return try await withCheckedThrowingContinuation { waiter in
      let answer = Answer<Value>(waiter)
      let timer = Task {
        try await Task.sleep(for: Self.limit)
        answer.give(
          .failure(CutoverJournalError(.timedOut, "it did not answer within \(Self.limit)")))
      }
      Task {
        let result: Result<Value, any Error>
        do {
          result = .success(try await append())
        } catch {
          result = .failure(error)
        }
        timer.cancel()
        isBusy = false
        answer.give(result)
      }
    }
  }

  /// Answers once.
  private final class Answer<Value: Sendable>: Sendable {
    private let waiter: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ waiter: CheckedContinuation<Value, any Error>) { self.waiter = Mutex(waiter) }

    func give(_ result: Result<Value, any Error>) {
      let waiter = waiter.withLock { waiter in
        defer { waiter = nil }
        return waiter
      }
      waiter?.resume(with: result)
    }
  }
}
