// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

@Suite("Chunk lines")
struct ChunkLineTests {
  @Test(
    "Sizes are written in hexadecimal",
    arguments: [
      (1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (255, "ff\r\n"), (65536, "10000\r\n"),
    ])
  func sizes(_ length: Int, _ expected: String) {
    var memory = [UInt8](repeating: 0, count: ChunkLine.capacity)
    let written = memory.withUnsafeMutableBytes { ChunkLine.write(length, into: $0) }
    #expect(String(decoding: memory[..<written], as: UTF8.self) == expected)
  }
}
