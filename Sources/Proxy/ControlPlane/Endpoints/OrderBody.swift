// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import JSONDocuments
internal import NIOCore
internal import RoutingDecisions

/// The JSON body of a request that changes something, such as
/// `{"percent": 25, "reason": "week two", "actor": "ann"}`. It has the members that are expected
/// and no others, each once, so that a misspelt one is an answer and not a surprise, and whoever
/// checks or logs a body on its way sees the order that is carried out.
struct OrderBody {
  /// Largest body taken, in bytes.
  static let maximumBody = 8192
  /// Longest reason, in characters.
  static let maximumReason = 500
  /// Longest name of who gives the order, in characters.
  static let maximumActor = 100

  /// Deepest nesting and most values that are read; what is expected needs less.
  private static let limits = JSONLimits(depth: 8, values: 100)

  private let members: [String: JSONValue]
  let example: String

  /// Reads a body.
  ///
  /// - Parameters:
  ///   - names: what it may hold besides `reason` and `actor`.
  ///   - isOrder: whether it may hold those.
  ///   - example: how one looks, for people who got it wrong.
  init(
    _ request: Request, _ names: Set<String> = [], isOrder: Bool = true, example: String
  ) async throws {
    let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased() ?? ""
    guard type == "application/json" else {
      throw Problem(.unsupportedMediaType, "Send Content-Type: application/json.")
    }
    self.example = "Expected \(example)."
    var body = try await Self.body(of: request)
    let members = try Self.members(
      of: body.readBytes(length: body.readableBytes) ?? [], example: self.example)
    let unknown = Set(members.keys).subtracting(names)
      .subtracting(isOrder ? ["reason", "actor"] : [])
    guard unknown.isEmpty else {
      throw Problem(
        .badRequest,
        "Unknown members: \(unknown.sorted().joined(separator: ", ")). \(self.example)")
    }
    self.members = members
  }

  private static func body(of request: Request) async throws -> ByteBuffer {
    do {
      return try await request.body.collect(upTo: maximumBody)
    } catch is NIOTooManyBytesError {
      throw Problem(.contentTooLarge, "The body is larger than \(maximumBody) bytes.")
    }
  }

  private static func members(
    of bytes: [UInt8], example: String
  ) throws(Problem) -> [String: JSONValue] {
    do throws(JSONProblem) {
      if case .object(let members) = try JSONParser.parse(bytes, limits: limits) { return members }
    } catch {
      if let member = error.member {
        throw Problem(.badRequest, "The member \"\(member)\" comes twice. \(example)")
      }
    }
    throw Problem(.badRequest, "The body is not a JSON object. \(example)")
  }

  /// Why, in one line.
  var reason: String {
    get throws { try text("reason", longest: Self.maximumReason) }
  }

  /// Who asks, if the body says so.
  var actor: String? {
    get throws {
      members["actor"] == nil ? nil : try text("actor", longest: Self.maximumActor)
    }
  }

  /// A double's shortest decimal form is what was sent, so steps of 0.01 can be checked exactly.
  func percent() throws -> Percentage {
    if let number = number("percent"), let percent = Percentage(decimal: number) {
      return percent
    }
    throw Problem(
      .badRequest, "percent: expected a number from 0 to 100 in steps of 0.01. \(example)")
  }

  /// `nil` stands for the default where the member may be left out.
  func flag(_ name: String, default value: Bool? = nil) throws -> Bool {
    if case .bool(let flag)? = members[name] { return flag }
    if members[name] == nil, let value { return value }
    throw Problem(.badRequest, "\(name): expected true or false. \(example)")
  }

  /// A whole number that a double holds exactly.
  func sequence(_ name: String) throws -> UInt64 {
    if let number = number(name), let sequence = UInt64(exactly: number),
      sequence <= WholeNumber.largest
    {
      return sequence
    }
    throw Problem(.badRequest, "\(name): expected the number of a journal entry. \(example)")
  }

  /// The number of a plan's stage, from 1.
  func stage(_ name: String) throws -> Int {
    if let number = number(name), let stage = Int(exactly: number), stage >= 1 {
      return stage
    }
    throw Problem(.badRequest, "\(name): expected the number of a stage, from 1. \(example)")
  }

  /// Words of a person, or a name.
  func text(_ name: String, longest: Int) throws -> String {
    var found = ""
    if case .string(let text)? = members[name] { found = text }
    // Counted as programs count it, before blanks are brought into order.
    let isShort = found.unicodeScalars.count <= longest
    let text = found.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    // Marks that turn the direction of what follows would let one name look like another.
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.properties.generalCategory != .control && !$0.properties.isBidiControl
    }
    guard isPlain, isShort, !text.isEmpty else {
      throw Problem(
        .badRequest,
        "\(name): expected 1 to \(longest) characters, none of them control characters. \(example)")
    }
    return text
  }

  /// A text as it is.
  func plainText(_ name: String) -> String? {
    if case .string(let text)? = members[name] { text } else { nil }
  }

  /// A whole number of a range.
  func number(_ name: String, in range: ClosedRange<Int>) throws -> Int {
    if let number = number(name), let whole = Int(exactly: number), range.contains(whole) {
      return whole
    }
    throw Problem(
      .badRequest,
      "\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound). "
        + example)
  }

  private func number(_ name: String) -> Double? {
    guard case .number(let number)? = members[name] else { return nil }
    return number.approximation
  }
}

extension OrderBody {
  /// Who asks, with the address it came from. The caller vouches for the name.
  func claimedActor(_ context: AdminRequestContext) throws -> String? {
    try actor.map { "\($0) (\(context.clientAddress))" }
  }

  /// The order, for the journal.
  func order(_ context: AdminRequestContext) throws -> CutoverOrder {
    let reason = try reason
    guard let actor = try claimedActor(context) else {
      throw Problem(.badRequest, "actor: say who gives the order. \(example)")
    }
    return CutoverOrder(actor: actor, reason: reason)
  }
}

extension Percentage {
  /// nil outside 0 to 100 or with more than two decimals.
  init?(decimal number: Double) {
    guard number >= 0, number <= 100 else { return nil }
    let text = number.description
    self.init(parsing: text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }
}
