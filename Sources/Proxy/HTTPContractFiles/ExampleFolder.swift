// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import HTTPContracts
internal import JSONDocuments

/// Examples as they lie in a folder, one in each file.
package struct ExampleFolder: Sendable {
  /// Why a folder cannot be read or written.
  package struct Problem: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    package let description: String
  }

  /// An example and its file within the folder.
  package struct Entry: Sendable {
    package let file: String
    package let example: ContractExample
  }

  /// Largest file that is read, in bytes.
  private static let byteLimit = 16 << 20
  /// Most files.
  private static let fileLimit = 10_000

  private let path: String
  /// In the order of their files.
  package private(set) var entries: [Entry]

  /// Reads all examples of a folder and those below it; what begins with a dot is passed over.
  /// - Parameter creates: Whether a missing folder is an empty one.
  package init(_ path: String, creates: Bool) throws(Problem) {
    self.path = path
    entries = []
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if !exists, creates { return }
    guard exists, isFolder.boolValue, let files = FileManager.default.enumerator(atPath: path)
    else {
      throw Problem(
        description: exists
          ? "\(path) is no folder; name the one with the examples"
          : "there is no folder \(path); strangler contracts record makes one")
    }
    var names: [String] = []
    for case let name as String in files
    where name.hasSuffix(".json")
      && !name.split(separator: "/").contains(where: { $0.hasPrefix(".") })
    {
      names.append(name)
    }
    guard names.count <= Self.fileLimit else {
      throw Problem(description: "\(path) has more than \(Self.fileLimit) files")
    }
    for name in names.sorted() {
      entries.append(Entry(file: name, example: try Self.read(path + "/" + name)))
    }
  }

  private static func read(_ file: String) throws(Problem) -> ContractExample {
    let bytes = try FileBytes.read(file, limit: byteLimit)
    let document: JSONValue
    do throws(JSONProblem) {
      document = try JSONParser.parse(bytes)
    } catch {
      let place = error.place(in: bytes)
      throw Problem(
        description: "\(file):\(place.line):\(place.column): not JSON: \(error.reason.rawValue)")
    }
    do throws(ExampleProblem) {
      return try ContractExample(document)
    } catch {
      throw Problem(description: "\(file): \(error)")
    }
  }

  /// Writes examples beside those that are there, which stay as they are.
  /// - Returns: The files.
  package mutating func add(_ examples: [ContractExample]) throws(Problem) -> [String] {
    var taken = Set(entries.map(\.file))
    var written: [String] = []
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
      for example in examples {
        let file = Self.name(of: example, taken: taken)
        taken.insert(file)
        try Data(example.json.json.utf8).write(
          to: URL(filePath: path + "/" + file), options: .withoutOverwriting)
        entries.append(Entry(file: file, example: example))
        written.append(file)
      }
    } catch {
      throw Problem(description: "cannot write to \(path): \(error.localizedDescription)")
    }
    return written
  }

  /// `get-orders-id-200.json`, and `get-orders-id-200-2.json` for the next of the same endpoint.
  private static func name(of example: ContractExample, taken: Set<String>) -> String {
    let words = "\(example.endpoint) \(example.answer.status)".lowercased()
    let slug = words.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      .joined(separator: "-").prefix(120)
    if !taken.contains("\(slug).json") { return "\(slug).json" }
    var number = 2
    while taken.contains("\(slug)-\(number).json") { number += 1 }
    return "\(slug)-\(number).json"
  }
}

/// Files of a size that is known.
enum FileBytes {
  static func read(_ file: String, limit: Int) throws(ExampleFolder.Problem) -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: file))
      defer { try? handle.close() }
      let data = try handle.read(upToCount: limit + 1) ?? Data()
      if data.count <= limit { return Array(data) }
    } catch {
      throw ExampleFolder.Problem(
        description: "cannot read \(file): \(error.localizedDescription)")
    }
    throw ExampleFolder.Problem(description: "\(file) is larger than \(limit >> 20) MiB")
  }
}
