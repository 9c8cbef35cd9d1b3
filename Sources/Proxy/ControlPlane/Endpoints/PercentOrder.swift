// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import NIOCore
internal import RoutingDecisions

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The body of `PUT /routes/{name}`: `{"percent": 25, "reason": "week two"}`, and nothing else, so
/// that a misspelt member is an answer and not a surprise.
struct PercentOrder {
  /// Largest body taken, in bytes.
  static let maximumBody = 8192
  /// Longest reason, in characters.
  static let maximumReason = 500

  let percent: Percentage
  let reason: String

  init(_ request: Request) async throws {
    let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased() ?? ""
    guard type == "application/json" else {
      throw Problem(.unsupportedMediaType, "Send Content-Type: application/json.")
    }
    var body = try await Self.body(of: request)
    let bytes = Data(body.readBytes(length: body.readableBytes) ?? [])
    do {
      let document = try JSONDecoder().decode(Document.self, from: bytes)
      percent = document.percent
      reason = document.reason
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(.badRequest, "The body is not a JSON object. \(Document.example)")
    }
  }

  private static func body(of request: Request) async throws -> ByteBuffer {
    do {
      return try await request.body.collect(upTo: maximumBody)
    } catch is NIOTooManyBytesError {
      throw Problem(.contentTooLarge, "The body is larger than \(maximumBody) bytes.")
    }
  }

  private struct Document: Decodable {
    static let example = "Expected {\"percent\": 25, \"reason\": \"...\"}."

    let percent: Percentage
    let reason: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Member.self)
      let unknown = container.allKeys.map(\.stringValue).filter {
        !["percent", "reason"].contains($0)
      }
      guard unknown.isEmpty else {
        throw Problem(
          .badRequest,
          "Unknown members: \(unknown.sorted().joined(separator: ", ")). \(Self.example)")
      }
      percent = try Self.percent(container)
      reason = try Self.reason(container)
    }

    /// A double's shortest decimal form is what was sent, so steps of 0.01 can be checked exactly.
    private static func percent(
      _ container: KeyedDecodingContainer<Member>
    ) throws -> Percentage {
      guard let number = try? container.decode(Double.self, forKey: Member("percent")),
        let percent = Percentage(decimal: number)
      else {
        throw Problem(
          .badRequest, "percent: expected a number from 0 to 100 in steps of 0.01. \(example)")
      }
      return percent
    }

    private static func reason(_ container: KeyedDecodingContainer<Member>) throws -> String {
      let text = (try? container.decode(String.self, forKey: Member("reason"))) ?? ""
      let reason = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let isPlain = reason.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
      guard isPlain, (1...maximumReason).contains(reason.count) else {
        throw Problem(
          .badRequest,
          "reason: expected 1 to \(maximumReason) characters, none of them control characters. "
            + example)
      }
      return reason
    }
  }

  private struct Member: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) {
      stringValue = name
    }

    init?(stringValue: String) {
      self.init(stringValue)
    }

    init?(intValue: Int) {
      nil
    }
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
