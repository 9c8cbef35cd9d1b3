// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Why a file is not a recording that can be used.
public struct ArchiveProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was expected and what was found, with the path to it such as `log.entries[3].request`.
  public let description: String
}

/// Recorded traffic in the HTTP Archive format, version 1.2, as browsers and proxies write it.
public enum HTTPArchive {
  /// Largest file that is read, in bytes.
  public static let maximumSize = 256 << 20
  /// Most exchanges of a file.
  public static let maximumExchanges = 200_000

  /// Reads a recording. What is not needed for sending the requests again may be missing.
  public static func read(_ bytes: [UInt8]) throws(ArchiveProblem) -> [RecordedExchange] {
    let document: JSONValue
    // Some programs begin their files with a mark of UTF-8.
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    do {
      document = try JSONParser.parse(text, limits: JSONLimits(values: 50_000_000))
    } catch {
      throw ArchiveProblem(description: "not JSON: \(error)")
    }
    let log = try ArchiveReader(value: document, path: "").member("log")
    let entries = try log.member("entries").elements()
    guard entries.count <= maximumExchanges else {
      throw ArchiveProblem(
        description: "\(entries.count) exchanges; at most \(maximumExchanges) are read")
    }
    var exchanges: [RecordedExchange] = []
    for entry in entries { exchanges.append(try exchange(entry)) }
    return exchanges
  }

  private static func exchange(_ entry: ArchiveReader) throws(ArchiveProblem) -> RecordedExchange {
    let request = try entry.member("request")
    return RecordedExchange(
      startedAt: entry.optional("startedDateTime")?.text ?? "",
      milliseconds: entry.optional("time")?.number ?? 0,
      method: try request.member("method").string(), url: try request.member("url").string(),
      headers: try headers(request),
      body: try request.optional("postData").map(sentBody) ?? [],
      response: try entry.optional("response").map(response))
  }

  private static func response(_ reader: ArchiveReader) throws(ArchiveProblem) -> ComparedResponse {
    ComparedResponse(
      status: Int(reader.optional("status")?.number ?? 0), headers: try headers(reader),
      body: try reader.optional("content").map(body) ?? [])
  }

  private static func headers(
    _ reader: ArchiveReader
  ) throws(ArchiveProblem) -> [ComparedResponse.Header] {
    var headers: [ComparedResponse.Header] = []
    for header in try reader.optional("headers")?.elements() ?? [] {
      headers.append(
        .init(
          name: try header.member("name").string(), value: try header.member("value").string()))
    }
    return headers
  }

  /// What was sent; a form may be there as a list of its fields only.
  private static func sentBody(_ reader: ArchiveReader) throws(ArchiveProblem) -> [UInt8] {
    if reader.optional("text") != nil { return try body(reader) }
    guard let list = reader.optional("params") else { return [] }
    let fields = try list.elements()
    if fields.isEmpty { return [] }
    let type = reader.optional("mimeType")?.text ?? ""
    guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
      throw ArchiveProblem(
        description: "\(list.path): only a form of application/x-www-form-urlencoded is sent again "
          + "from its fields, found \"\(BoundedText.excerpt(type, bytes: 60))\"; record the text of the body"
      )
    }
    var pairs: [String] = []
    for field in fields {
      let value = field.optional("value")?.text ?? ""
      pairs.append(formText(try field.member("name").string()) + "=" + formText(value))
    }
    return Array(pairs.joined(separator: "&").utf8)
  }

  /// Escapes a name or value of a form; archives hold them unescaped.
  private static func formText(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "*"):
        bytes.append(byte)
      case UInt8(ascii: " "): bytes.append(UInt8(ascii: "+"))
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func body(_ reader: ArchiveReader) throws(ArchiveProblem) -> [UInt8] {
    guard let text = reader.optional("text")?.text else { return [] }
    guard reader.optional("encoding")?.text == "base64" else { return Array(text.utf8) }
    guard let bytes = Base64.decode(text) else {
      throw ArchiveProblem(description: "\(reader.path).text: expected base64")
    }
    return bytes
  }
}

/// A value of the document with the path that led to it.
private struct ArchiveReader {
  let value: JSONValue
  let path: String

  func member(_ name: String) throws(ArchiveProblem) -> ArchiveReader {
    guard let member = optional(name) else {
      throw ArchiveProblem(description: "\(pathText(name)): missing; is it an HTTP Archive (HAR)?")
    }
    return member
  }

  func optional(_ name: String) -> ArchiveReader? {
    guard case .object(let members) = value, let member = members[name], member != .null else {
      return nil
    }
    return ArchiveReader(value: member, path: pathText(name))
  }

  func elements() throws(ArchiveProblem) -> [ArchiveReader] {
    guard case .array(let elements) = value else {
      throw ArchiveProblem(description: "\(path): expected a list, found \(value.typeName)")
    }
    return elements.enumerated().map { ArchiveReader(value: $1, path: "\(path)[\($0)]") }
  }

  func string() throws(ArchiveProblem) -> String {
    guard let text else {
      throw ArchiveProblem(description: "\(path): expected a text, found \(value.typeName)")
    }
    return text
  }

  var text: String? { if case .string(let text) = value { text } else { nil } }

  var number: Double? {
    guard case .number(let number) = value, number.approximation.isFinite,
      abs(number.approximation) < 1e15
    else { return nil }
    return number.approximation
  }

  private func pathText(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
