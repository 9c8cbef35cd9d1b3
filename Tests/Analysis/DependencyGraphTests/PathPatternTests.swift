// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

@Suite struct PathPatternTests {
  @Test(arguments: [
    ("Sources/Old/**", "Sources/Old/A.swift", true),
    ("Sources/Old/**", "Sources/Older/A.swift", false),
    ("Sources/Old", "Sources/Old/Deep/A.swift", true),
    ("Sources/Old", "Lib/Sources/Old/A.swift", false),
    ("Old", "Lib/Old/A.swift", true), ("/Old", "Lib/Old/A.swift", false),
    ("./Old", "Old/A.swift", true),
    ("*.swift", "a/b/C.swift", true), ("Mock*.swift", "a/MockB.swift", true),
    ("Mock*.swift", "a/BMock.swift", false), ("**/Gen/*.swift", "Gen/A.swift", true),
    ("**/Gen/*.swift", "x/y/Gen/A.swift", true), ("**/Gen/*.swift", "x/Gen/y/A.swift", false),
    ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b/c", true), ("a/**/b", "x/a/b", false),
    ("?.swift", "A.swift", true), ("?.swift", "AB.swift", false), ("", "A.swift", false),
    ("A*b*c", "AxbybzC", false), ("A*b*c", "Axbybzc", true), ("**", "a/b", true),
  ])
  func `matches what a reader expects`(pattern: String, path: String, isMatch: Bool) {
    #expect(PathPattern(pattern).matches(path) == isMatch)
  }

  @Test(.timeLimit(.minutes(1))) func `no pattern takes long`() {
    let pattern = PathPattern(String(repeating: "*a", count: 200) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 2_000)))
    let folders = PathPattern(String(repeating: "**/a/", count: 100) + "b")
    #expect(!folders.matches(String(repeating: "a/", count: 500) + "c"))
  }
}
