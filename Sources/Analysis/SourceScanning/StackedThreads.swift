// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Maps values on several threads with stacks large enough for recursion over deeply nested source.
///
/// Tasks of the concurrency runtime run on stacks of half a megabyte; the parser alone needs more
/// for code that is nested as deeply as it accepts.
enum StackedThreads {
  private static let stackBytes = 64 << 20

  /// Results stand in the order of the inputs, whatever thread made them.
  ///
  /// - Parameter progress: called on the calling thread after each value.
  static func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], threads: Int, progress: (Int) -> Void = { _ in },
    _ transform: @escaping @Sendable (Int, Input) -> Output
  ) -> [Output] {
    let work = Work<Output>(count: inputs.count)
    for _ in 0..<min(max(1, threads), inputs.count) {
      let thread = Thread {
        while let index = work.take() { work.finish(index, transform(index, inputs[index])) }
      }
      thread.stackSize = stackBytes
      thread.start()
    }
    for done in 0..<inputs.count {
      work.waitForOne()
      progress(done + 1)
    }
    return work.results()
  }

  private final class Work<Output: Sendable>: Sendable {
    private struct State {
      var next = 0
      var outputs: [Output?]
    }
    private let state: Mutex<State>
    private let finished = DispatchSemaphore(value: 0)

    init(count: Int) {
      state = Mutex(State(outputs: Array(repeating: nil, count: count)))
    }

    func take() -> Int? {
      state.withLock { state in
        guard state.next < state.outputs.count else { return nil }
        defer { state.next += 1 }
        return state.next
      }
    }

    func finish(_ index: Int, _ output: Output) {
      state.withLock { $0.outputs[index] = output }
      finished.signal()
    }

    func waitForOne() { finished.wait() }

    func results() -> [Output] { state.withLock { $0.outputs.compactMap { $0 } } }
  }
}
