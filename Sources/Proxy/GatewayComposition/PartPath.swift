// SPDX-License-Identifier: Apache-2.0

/// What a part is asked for: `/customers/{id}`, `/orders?customer={id}&limit={query.limit}` or
/// `/search?{query}`.
///
/// `{id}` is a segment of the request's path, by the name that its route gives it; `{query.limit}`
/// the value of a query parameter, and `{query}` the whole query. A pair of the query whose
/// parameter the request does not have is left out. Nothing of a request can add a segment or a
/// pair: what stands in a query is encoded, and query parameters stand in no path.
public struct PartPath: Sendable, Hashable, CustomStringConvertible {
  /// Why a text is not the path of a part.
  public struct ParsingError: Error, Equatable, CustomStringConvertible {
    /// What is wrong and what to write instead.
    public let description: String
  }

  enum Piece: Sendable, Hashable {
    case text(String)
    case parameter(String)
    case queryParameter(String)
    case query
  }

  /// The text it was parsed from.
  public let description: String
  private let path: [Piece]
  /// Pairs of the query.
  private let pairs: [[Piece]]

  /// Parses a text.
  public init(parsing text: String) throws(ParsingError) {
    guard text.hasPrefix("/") else {
      throw ParsingError(description: "expected a path that starts with \"/\"")
    }
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.contains("#") else {
      throw ParsingError(
        description: "expected visible ASCII characters without \"#\"; encode others by percent")
    }
    description = text
    let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = try Self.pieces(halves[0])
    let hasQuery = path.contains {
      if case .queryParameter = $0 { true } else { $0 == .query }
    }
    guard !hasQuery else {
      throw ParsingError(
        description: "what a query holds can stand in the query only, behind \"?\"")
    }
    var pairs: [[Piece]] = []
    if halves.count == 2 {
      for pair in halves[1].split(separator: "&", omittingEmptySubsequences: false) {
        let pieces = try Self.pieces(pair)
        if pieces.contains(.query), pieces.count > 1 {
          throw ParsingError(description: "\"{query}\" stands alone between \"&\" and \"&\"")
        }
        pairs.append(pieces)
      }
    }
    self.pairs = pairs
  }

  private static func pieces(_ text: Substring) throws(ParsingError) -> [Piece] {
    var pieces: [Piece] = []
    var rest = text
    while let open = rest.firstIndex(of: "{") {
      if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
      guard let close = rest[open...].firstIndex(of: "}") else {
        throw ParsingError(description: "expected \"}\" behind \"{\"")
      }
      pieces.append(try piece(rest[rest.index(after: open)..<close]))
      rest = rest[rest.index(after: close)...]
    }
    if rest.contains("}") { throw ParsingError(description: "expected \"{\" before \"}\"") }
    if !rest.isEmpty { pieces.append(.text(String(rest))) }
    return pieces
  }

  private static func piece(_ name: Substring) throws(ParsingError) -> Piece {
    if name == "query" { return .query }
    let isOfQuery = name.hasPrefix("query.")
    let bare = isOfQuery ? name.dropFirst("query.".count) : name
    guard !bare.isEmpty, bare.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) }) else {
      throw ParsingError(
        description: "expected {name}, {query.name} or {query}, found \"{\(name)}\"")
    }
    return isOfQuery ? .queryParameter(String(bare)) : .parameter(String(bare))
  }

  /// Names of the path parameters that it takes from the request.
  public var parameters: [String] {
    (path + pairs.joined()).compactMap { piece in
      if case .parameter(let name) = piece { name } else { nil }
    }
  }

  /// The target to ask for.
  ///
  /// - Parameters:
  ///   - parameters: segments of the request's path as received.
  ///   - query: the request's query without `?`, as received.
  package func target(parameters: [String: [UInt8]], query: [UInt8]) -> [UInt8] {
    var target: [UInt8] = []
    for piece in path {
      switch piece {
      case .text(let text): target += text.utf8
      case .parameter(let name): target += parameters[name] ?? []
      case .queryParameter, .query: break
      }
    }
    var separator = UInt8(ascii: "?")
    for pair in pairs {
      guard let text = Self.pair(pair, parameters, query), !text.isEmpty else { continue }
      target.append(separator)
      target += text
      separator = UInt8(ascii: "&")
    }
    return target
  }

  /// nil when the request does not have what it needs.
  private static func pair(
    _ pieces: [Piece], _ parameters: [String: [UInt8]], _ query: [UInt8]
  ) -> [UInt8]? {
    var text: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .text(let part): text += part.utf8
      case .parameter(let name): text += PercentEncoding.value(parameters[name] ?? [])
      case .queryParameter(let name):
        guard let value = value(of: name, in: query) else { return nil }
        text += value
      case .query: text += query
      }
    }
    return text
  }

  /// The first one counts.
  private static func value(of name: String, in query: [UInt8]) -> ArraySlice<UInt8>? {
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      if pair[..<end].elementsEqual(name.utf8) { return pair[end...].dropFirst() }
    }
    return nil
  }
}

/// Percent-encoding of what comes from a path and goes into a query.
enum PercentEncoding {
  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// What is encoded already stays as it is; anything that could end a pair is encoded.
  static func value(_ segment: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    var value: [UInt8] = []
    for byte in segment {
      if isUnreserved(byte) || byte == UInt8(ascii: "%") {
        value.append(byte)
      } else {
        value += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return value
  }
}
