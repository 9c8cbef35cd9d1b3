// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerPrograms
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerProgramTests {
  @Test func `who is cancelled waits no longer for a start, and the program is there to be ended`()
    async throws
  {
    let program = try Program.start("/bin/sh", ["-c", "echo begun >&2; exec sleep 60"])
    #expect(await program.wrote("begun", within: 60))
    let waiting = Task { await program.wrote("ready", within: 60) }
    waiting.cancel()
    #expect(await !waiting.value)
    await program.end()
  }

  @Test func `a program that ends without its word has not said it`() async throws {
    let program = try Program.start("/bin/sh", ["-c", "echo something else >&2"])
    #expect(await !program.wrote("ready", within: 60))
    await program.ended()
  }
}
