// SPDX-License-Identifier: Apache-2.0

public import ShadowComparison

/// Takes the `Content-Encoding` off answers, so that what they say is compared and not how it was
/// packed: two packers need not agree, nor one with itself.
///
/// gzip and deflate are known, also one over the other. A body that unpacks to more than is kept is
/// hashed like one that came so; one that unpacks to much more than that is given up, so that a few
/// kilobytes do not cost seconds.
public struct AnswerDecoder: Sendable {
  /// What became of an answer.
  public enum Outcome: Sendable, Equatable {
    /// Its body is plain, or was.
    case plain(ComparedResponse)
    /// Its body is not what its coding says: its client cannot read it either.
    case damaged
    /// It cannot be compared.
    case dropped(DropReason)
  }

  /// Most codings that lie over each other.
  public static let mostCodings = 3
  /// Times as much as is kept that is hashed; beyond it an answer is given up.
  public static let hashedPerKept = 16

  /// Largest body that is kept whole, in bytes.
  public let keptBytes: Int

  /// Creates a decoder; `keptBytes` is the largest unpacked body that is kept whole.
  public init(keptBytes: Int) { self.keptBytes = keptBytes }

  /// Whether an answer says that its body is packed.
  public static func isPacked(_ headers: [ComparedResponse.Header]) -> Bool {
    !codings(headers).isEmpty
  }

  /// Whether every coding of an answer is known.
  public static func canDecode(_ headers: [ComparedResponse.Header]) -> Bool {
    let codings = codings(headers)
    return codings.count <= mostCodings && codings.allSatisfy { Coding(rawValue: $0) != nil }
  }

  /// Unpacks an answer. Its fields stay as they came.
  public func decode(_ answer: ComparedResponse) -> Outcome {
    let names = Self.codings(answer.headers)
    if names.isEmpty { return .plain(answer) }
    guard Self.canDecode(answer.headers) else { return .dropped(.encoded) }
    // A part of a packed body is nothing that can be unpacked by itself.
    if answer.status == 206 { return .dropped(.encoded) }
    guard case .whole(var bytes) = answer.body else { return .dropped(.encoded) }
    // Such as the answer to a HEAD request.
    if bytes.isEmpty { return .plain(answer) }
    let codings = names.compactMap { Coding(rawValue: $0) }
    for coding in codings.dropFirst().reversed() {
      switch unpack(bytes, coding) {
      case .success(.whole(let inner)): bytes = inner
      case .success(.digest): return .dropped(.unpackedTooLarge)
      case .failure(let problem): return problem.outcome
      }
    }
    switch codings.first.map({ unpack(bytes, $0) }) ?? .success(.whole(bytes)) {
    case .success(let body):
      return .plain(ComparedResponse(status: answer.status, headers: answer.headers, body: body))
    case .failure(let problem): return problem.outcome
    }
  }

  // MARK: - Unpacking

  private enum Coding: String {
    case gzip, deflate
  }

  private enum Problem: Error {
    case damaged, tooLarge, noMemory

    var outcome: Outcome {
      switch self {
      case .damaged: .damaged
      case .tooLarge: .dropped(.unpackedTooLarge)
      case .noMemory: .dropped(.encoded)
      }
    }
  }

  private func unpack(_ packed: [UInt8], _ coding: Coding) -> Result<ComparedBody, Problem> {
    switch coding {
    case .gzip: return unpack(packed, as: .gzip)
    case .deflate:
      let body = unpack(packed, as: .zlib)
      if case .failure(.damaged) = body, !Self.isZlib(packed) { return unpack(packed, as: .raw) }
      return body
    }
  }

  private func unpack(
    _ packed: [UInt8], as format: Inflation.Format
  ) -> Result<ComparedBody, Problem> {
    var (bytes, digest, count) = ([UInt8](), BodyDigest?.none, 0)
    let end = Inflation.run(packed, as: format) { piece in
      count += piece.count
      if digest == nil, count <= keptBytes {
        bytes += piece
        return true
      }
      if digest == nil {
        digest = BodyDigest(bytes)
        bytes = []
      }
      digest?.update(piece)
      return count / Self.hashedPerKept <= keptBytes
    }
    switch end {
    case .whole: return .success(digest.map { .digest($0) } ?? .whole(bytes))
    case .damaged: return .failure(.damaged)
    case .stopped: return .failure(.tooLarge)
    case .noMemory: return .failure(.noMemory)
    }
  }

  /// The two bytes that RFC 1950 begins with.
  private static func isZlib(_ packed: [UInt8]) -> Bool {
    guard packed.count >= 2, packed[0] & 0x0f == 8, packed[0] >> 4 <= 7 else { return false }
    return (Int(packed[0]) << 8 | Int(packed[1])) % 31 == 0
  }

  /// Names of the codings in the order in which they were applied, in lower case, but for those
  /// that change nothing.
  private static func codings(_ headers: [ComparedResponse.Header]) -> [String] {
    var found: [String] = []
    for field in headers where isContentEncoding(field.name) {
      for word in field.value.split(separator: ",") {
        let name = word.lowercased().filter { $0 != " " && $0 != "\t" }
        if name.isEmpty || name == "identity" { continue }
        found.append(name == "x-gzip" ? Coding.gzip.rawValue : name)
      }
    }
    return found
  }

  private static func isContentEncoding(_ name: String) -> Bool {
    name.utf8.count == 16 && name.lowercased() == "content-encoding"
  }
}
