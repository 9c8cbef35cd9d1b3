// SPDX-License-Identifier: Apache-2.0

import ServerPrograms
import Testing

/// Programs that start at the same time.
@Suite(.timeLimit(.minutes(1)))
struct SpawnedProgramTests {
  /// One that inherits what another's end is told by keeps it: that end would be seen when this
  /// test is over, and this test never is.
  @Test func anEndIsSeenThoughOthersWentOn() async throws {
    try await withThrowingTaskGroup(of: [Program].self) { lines in
      for _ in 0..<4 {
        lines.addTask {
          var others: [Program] = []
          for _ in 0..<60 {
            others.append(try Program.start("/bin/sleep", ["600"]))
            try await Program.run("/bin/true", [])
          }
          return others
        }
      }
      for try await others in lines {
        for other in others { await other.end() }
      }
    }
  }
}
