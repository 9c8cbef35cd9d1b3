// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DependencyGraph
internal import Foundation

/// Reads the text files of the graph commands; what cannot be used is named with file and line.
enum InputFile {
  /// Bytes that are read at most: a graph of some ten million links.
  static let sizeLimit = 1 << 30
  private static let standardInput = "-"

  /// Standard input can be read once.
  static func checkStandardInput(_ paths: [String?]) throws {
    guard paths.count(where: { $0 == standardInput }) > 1 else { return }
    throw ValidationError("-: only one of the files can be standard input")
  }

  /// - Parameter path: `-` reads standard input to its end.
  static func text(_ path: String) throws -> String {
    let data: Data
    do {
      data =
        path == standardInput
        ? try FileHandle.standardInput.read(upToCount: sizeLimit + 1) ?? Data()
        : try contents(of: path)
    } catch {
      throw CommandFailure.unusable("cannot read \(path): \(error.localizedDescription)")
    }
    let path = path == standardInput ? "standard input" : path
    guard data.count <= sizeLimit else {
      throw CommandFailure.unusable("\(path): expected at most 1 GiB, found \(data.count) bytes")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw CommandFailure.unusable("\(path): expected UTF-8 text")
    }
    return text
  }

  /// Read to its end, as it may be a pipe of the shell.
  private static func contents(of path: String) throws -> Data {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? file.close() }
    return try file.read(upToCount: sizeLimit + 1) ?? Data()
  }

  static func graph(_ path: String, weights: Int? = nil) throws -> ItemGraph {
    try parse(path) { text throws(LineError) in
      try RigiStandardFormat.graph(text, weights: weights)
    }
  }

  static func clustering(_ path: String) throws -> [String: String] {
    try parse(path) { text throws(LineError) in try RigiStandardFormat.clustering(text) }
  }

  static func accesses(_ path: String) throws -> [(user: String, used: String)] {
    try parse(path) { text throws(LineError) in try RigiStandardFormat.accesses(text) }
  }

  static func parse<Value>(
    _ path: String, _ read: (String) throws(LineError) -> Value
  ) throws -> Value {
    let text = try text(path)
    let path = path == standardInput ? "standard input" : path
    do throws(LineError) {
      return try read(text)
    } catch {
      throw CommandFailure.unusable("\(path), \(error.description)")
    }
  }
}
