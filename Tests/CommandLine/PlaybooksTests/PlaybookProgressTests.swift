// SPDX-License-Identifier: Apache-2.0

import Playbooks
import Testing

/// What is said of a run, from its marks, its end and the clock.
@Suite struct PlaybookProgressTests {
  private var progress: PlaybookProgress

  init() throws {
    progress = PlaybookProgress(try Playbook(name: "04-turn-the-page", text: PlaybookTests.text))
  }

  @Test mutating func `all steps done`() {
    for step in 1...3 {
      #expect(
        progress.take(.begun(step: step), now: .seconds(step)) == .announce(step: step))
      #expect(progress.current == step && !progress.isDone)
      #expect(
        progress.take(.done(step: step), now: .seconds(step) + .milliseconds(40))
          == .finish(step: step, .milliseconds(40)))
    }
    #expect(progress.take(.ending, now: .seconds(9)) == nil)
    progress.end(code: 0, signal: nil)
    #expect(progress.isDone && progress.failure == nil)
  }

  @Test mutating func `the last command that failed ended it`() {
    _ = progress.take(.begun(step: 1), now: .zero)
    _ = progress.take(.failed(line: 18, status: 1, command: "inner"), now: .zero)
    _ = progress.take(.done(step: 1), now: .zero)
    _ = progress.take(.begun(step: 2), now: .zero)
    #expect(progress.take(.failed(line: 27, status: 1, command: "inner"), now: .zero) == nil)
    _ = progress.take(.failed(line: 27, status: 2, command: "turn 1"), now: .zero)
    progress.end(code: 2, signal: nil)
    #expect(
      progress.failure == .init(step: 2, line: 27, command: "turn 1", cause: .status(2)))
    #expect(progress.outcomes[0] == .done(.zero) && progress.outcomes[2] == .waiting)
  }

  @Test mutating func `a shell that says nothing failed where the step begins`() {
    progress.end(code: 2, signal: nil)
    #expect(progress.failure == .init(step: 1, line: 17, command: nil, cause: .status(2)))
  }

  @Test mutating func `what comes after it was given up changes nothing`() {
    _ = progress.take(.begun(step: 1), now: .zero)
    progress.fail(.time(.seconds(300)))
    _ = progress.take(.failed(line: 18, status: 143, command: "open book"), now: .zero)
    progress.end(code: 143, signal: nil)
    progress.fail(.interruption)
    #expect(
      progress.failure == .init(step: 1, line: 17, command: nil, cause: .time(.seconds(300))))
    #expect(progress.current == nil)
  }

  @Test mutating func `a shell that was killed`() {
    _ = progress.take(.begun(step: 3), now: .zero)
    progress.end(code: nil, signal: 9)
    #expect(progress.failure == .init(step: 3, line: 32, command: nil, cause: .signal(9)))
  }
}
