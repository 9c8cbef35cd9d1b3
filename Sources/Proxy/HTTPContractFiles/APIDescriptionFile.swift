// SPDX-License-Identifier: Apache-2.0

package import HTTPContracts
internal import JSONDocuments

/// A description of an API as it lies on the disk, JSON or YAML.
package enum APIDescriptionFile {
  /// Largest file that is read, in bytes.
  private static let byteLimit = 32 << 20
  private static let limits = JSONLimits(depth: 400, values: 2_000_000)

  /// Reads a file.
  /// - Throws: What is wrong with it and where, as a sentence.
  package static func read(_ file: String) throws(ExampleFolder.Problem) -> APIDocument {
    let bytes = try FileBytes.read(file, limit: byteLimit)
    let document = try document(bytes, file)
    do throws(APIProblem) {
      return try APIDocument(document)
    } catch {
      throw ExampleFolder.Problem(description: "\(file): \(error)")
    }
  }

  private static func document(
    _ bytes: [UInt8], _ file: String
  ) throws(ExampleFolder.Problem) -> JSONValue {
    // Some programs begin their files with a mark of UTF-8.
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard let first else { throw ExampleFolder.Problem(description: "\(file) is empty") }
    if first != UInt8(ascii: "{") { return try yaml(text, file) }
    do throws(JSONProblem) {
      return try JSONParser.parse(text, limits: limits)
    } catch {
      // YAML may begin with a brace too.
      if !file.hasSuffix(".json"), let value = try? yaml(text, file) { return value }
      let place = error.place(in: text)
      throw ExampleFolder.Problem(
        description: "\(file):\(place.line):\(place.column): not JSON: \(error.reason.rawValue)")
    }
  }

  private static func yaml(
    _ bytes: [UInt8], _ file: String
  ) throws(ExampleFolder.Problem) -> JSONValue {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ExampleFolder.Problem(description: "\(file) is not UTF-8 text")
    }
    do throws(YAMLValues.Problem) {
      return try YAMLValues.parse(text, mostValues: limits.values, mostDepth: limits.depth)
    } catch {
      throw ExampleFolder.Problem(
        description: "\(file):\(error.line):\(error.column): not YAML: \(error.message)")
    }
  }
}
