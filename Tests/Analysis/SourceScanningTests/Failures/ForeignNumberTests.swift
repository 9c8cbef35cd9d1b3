// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import SourceScanning

/// Numbers that come from files and other programs.
@Suite struct ForeignNumberTests {
  @Test func `times that do not fit are the latest or earliest that do`() {
    #expect(FileTime.nanoseconds(seconds: 1.5) == 1_500_000_000)
    #expect(FileTime.nanoseconds(seconds: 9_224_318_016) == .max)
    #expect(FileTime.nanoseconds(seconds: -1e300) == .min)
    #expect(FileTime.nanoseconds(seconds: 2, nanoseconds: 3) == 2_000_000_003)
    #expect(FileTime.nanoseconds(seconds: .max, nanoseconds: 1) == .max)
    #expect(FileTime.nanoseconds(seconds: 9_223_372_036, nanoseconds: .max) == .max)
    #expect(FileTime.nanoseconds(seconds: .min, nanoseconds: 0) == .min)
  }

  @Test func `a file from beyond the year 2262 has a time`() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}\n", to: "A.swift")
    let file = folder.path + "/A.swift"
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 9_300_000_000)], ofItemAtPath: file)
    #expect(FileTime.modification(of: file) == .max)
  }

  @Test func `places of foreign indexes are places of files`() throws {
    let made = try #require(IndexStore.place(line: 3, column: 0))
    #expect(made.line == 3 && made.column == 1)
    #expect(IndexStore.place(line: 0, column: 0) == nil)
    #expect(IndexStore.place(line: .max, column: 1) == nil)
    #expect(IndexStore.place(line: 1, column: .max) == nil)
  }
}
