// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The Swift toolchain on the search path: its compiler, and its library that reads indexes.
struct Toolchain: Sendable {
  /// Path of libIndexStore.
  let indexLibrary: String

  /// - Throws: `IndexUnavailable` with what is missing.
  init() throws(IndexUnavailable) {
    guard let answer = Self.output(of: ["swiftc", "-print-target-info"]),
      let information = try? JSONDecoder().decode(TargetInformation.self, from: answer)
    else {
      throw IndexUnavailable(reason: "there is no `swiftc` on the search path")
    }
    let libraries = URL(fileURLWithPath: information.paths.runtimeResourcePath)
      .deletingLastPathComponent().path
    let names = ["libIndexStore.so", "libIndexStore.dylib"].map { libraries + "/" + $0 }
    guard let found = names.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw IndexUnavailable(reason: "the toolchain has no libIndexStore in \(libraries)")
    }
    indexLibrary = found
  }

  private struct TargetInformation: Decodable {
    struct Paths: Decodable { var runtimeResourcePath: String }
    var paths: Paths
  }

  /// Standard output of a command that ends; `nil` when it cannot be started.
  static func output(of command: [String], errors: FileHandle = .nullDevice) -> Data? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardError = errors
    let output = Pipe()
    process.standardOutput = output
    guard (try? process.run()) != nil else { return nil }
    let data = try? output.fileHandleForReading.readToEnd()
    process.waitUntilExit()
    return data ?? Data()
  }
}

/// Why there is no compiler's index to read.
struct IndexUnavailable: Error, Equatable { var reason: String }
