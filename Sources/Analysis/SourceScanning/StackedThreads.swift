// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Maps values on several threads with stacks large enough for recursion over deeply nested source.
///
/// Tasks of the concurrency runtime run on stacks of half a megabyte; the parser alone needs more
/// for code that is nested as deeply as it accepts.
enum StackedThreads {
  private static let stackBytes = 64 << 20

  /// Results stand in the order of the inputs, whatever thread made them. When they are there no
  /// thread holds an input or what the transformation captured any more: whoever changes one of
  /// these next changes it in place.
  ///
  /// - Parameter progress: called on the calling thread after each value.
  static func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], threads: Int, progress: (Int) -> Void = { _ in },
    _ transform: @escaping @Sendable (Int, Input) -> Output
  ) -> [Output] {
    let work = Work(inputs, transform)
    let count = min(max(1, threads), inputs.count)
    for _ in 0..<count {
      let thread = Thread { work.run() }
      thread.stackSize = stackBytes
      thread.start()
    }
    for done in 0..<inputs.count {
      work.waitForOne()
      progress(done + 1)
    }
    return work.results(threads: count)
  }

  private final class Work<Input: Sendable, Output: Sendable>: Sendable {
    private struct Job: Sendable {
      var inputs: [Input]
      var transform: @Sendable (Int, Input) -> Output
    }
    private struct State {
      var job: Job?
      var next = 0
      var outputs: [Output?]
    }
    private let state: Mutex<State>
    private let finished = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(_ inputs: [Input], _ transform: @escaping @Sendable (Int, Input) -> Output) {
      state = Mutex(
        State(
          job: Job(inputs: inputs, transform: transform),
          outputs: Array(repeating: nil, count: inputs.count)))
    }

    func run() {
      finishAll()
      ended.signal()
    }

    /// A function of its own: what it holds is let go of before the thread is said to have ended.
    private func finishAll() {
      guard let job = state.withLock({ $0.job }) else { return }
      while let index = take() { finish(index, job.transform(index, job.inputs[index])) }
    }

    private func take() -> Int? {
      state.withLock { state in
        guard state.next < state.outputs.count else { return nil }
        defer { state.next += 1 }
        return state.next
      }
    }

    private func finish(_ index: Int, _ output: Output) {
      state.withLock { $0.outputs[index] = output }
      finished.signal()
    }

    func waitForOne() { finished.wait() }

    func results(threads: Int) -> [Output] {
      for _ in 0..<threads { ended.wait() }
      return state.withLock { state in
        state.job = nil
        defer { state.outputs = [] }
        return state.outputs.compactMap { $0 }
      }
    }
  }
}
