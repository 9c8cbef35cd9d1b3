// SPDX-License-Identifier: Apache-2.0

import ContentCodings
import Foundation
import ShadowComparison
import Testing

@Suite struct AnswerDecoderTests {
  private static let one = Array(#"{"total":11,"note":"gift","sku":"s1"}"#.utf8)
  private static let fast =
    "H4sIAAAAAAAE/6tWKskvScxRsjI01FHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagFOmSWcJQAAAA=="
  private static let best =
    "H4sIAAAAAAAC/6tWKskvScxRsjI01FHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagFOmSWcJQAAAA=="
  private static let zlib = "eJyrVirJL0nMUbIyNNRRyssvSVWyUkrPTCtR0lEqzi4FcooNlWoB2y8LMA=="
  private static let raw = "q1YqyS9JzFGyMjTUUcrLL0lVslJKz0wrUdJRKs4uBXKKDZVqAQ=="
  private static let twice =
    "H4sIAAAAAAAC/5Pv5mAAAab/q8O0Tup7ngncZGRyJfDUaX3P0E1BXud9tAMvBWqd02Mt6uKdmsXoN1N1jipQOQCK2J1I"
    + "NwAAAA=="
  /// 64 KiB of zeros.
  private static let zeros =
    "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA"

  private static func bytes(_ base64: String) -> [UInt8] {
    Array(Data(base64Encoded: base64) ?? Data())
  }

  private static func packed(_ coding: String?, _ body: [UInt8]) -> ComparedResponse {
    let field = coding.map { [ComparedResponse.Header(name: "Content-Encoding", value: $0)] }
    return ComparedResponse(status: 200, headers: field ?? [], body: body)
  }

  @Test(
    "What was packed comes out, however it was packed",
    arguments: [
      ("gzip", fast), ("gzip", best), ("X-GZip", best), ("identity, gzip ", best),
      ("deflate", zlib), ("deflate", raw), ("gzip, gzip", twice), ("gzip,identity,gzip", twice),
    ])
  func unpacks(coding: String, body: String) {
    let answer = Self.packed(coding, Self.bytes(body))
    var plain = answer
    plain.body = .whole(Self.one)
    #expect(AnswerDecoder(keptBytes: 1_000).decode(answer) == .plain(plain))
  }

  @Test("Plain and empty bodies are left alone", arguments: [nil, "identity", "", " , "])
  func plain(coding: String?) {
    let answer = Self.packed(coding, Self.one)
    #expect(AnswerDecoder(keptBytes: 10).decode(answer) == .plain(answer))
    let empty = Self.packed("gzip", [])
    #expect(AnswerDecoder(keptBytes: 10).decode(empty) == .plain(empty))
  }

  @Test("Every stream that is cut off anywhere, or has a wrong byte, is damaged")
  func damaged() {
    let whole = Self.bytes(Self.best)
    let decoder = AnswerDecoder(keptBytes: 1_000)
    for end in 1..<whole.count {
      #expect(decoder.decode(Self.packed("gzip", Array(whole[..<end]))) == .damaged, "\(end)")
    }
    // Behind the head of ten bytes, whose time and system say nothing of the content.
    for place in 10..<whole.count {
      var body = whole
      body[place] ^= 0x40
      #expect(decoder.decode(Self.packed("gzip", body)) == .damaged, "\(place)")
    }
    for coding in ["gzip", "deflate"] {
      #expect(decoder.decode(Self.packed(coding, Array("<html>".utf8))) == .damaged)
    }
    #expect(decoder.decode(Self.packed("gzip, gzip", whole)) == .damaged)
  }

  @Test("What follows the last member is no part of the body, and another member is")
  func members() {
    let member = Self.bytes(Self.best)
    let decoder = AnswerDecoder(keptBytes: 1_000)
    func body(_ bytes: [UInt8]) -> ComparedBody? {
      guard case .plain(let answer) = decoder.decode(Self.packed("gzip", bytes)) else { return nil }
      return answer.body
    }
    #expect(body(member + member) == .whole(Self.one + Self.one))
    #expect(body(member + [0, 0, 0]) == .whole(Self.one))
    #expect(body(member + [0x1f]) == nil)
    #expect(body(member + member.prefix(5)) == nil)
  }

  @Test("Unknown codings, too many of them, and bodies that were not kept whole are dropped")
  func dropped() {
    let decoder = AnswerDecoder(keptBytes: 1_000)
    for coding in ["br", "zstd", "gzip, br", "gzip, gzip, gzip, gzip"] {
      #expect(decoder.decode(Self.packed(coding, [1, 2])) == .dropped(.encoded))
    }
    // A slice of a packed body is none, wherever it begins.
    var part = Self.packed("gzip", Array(Self.bytes(Self.best)[5...]))
    part.status = 206
    #expect(decoder.decode(part) == .dropped(.encoded))
    var hashed = Self.packed("gzip", [])
    hashed.body = .digest(BodyDigest([1, 2, 3]))
    #expect(decoder.decode(hashed) == .dropped(.encoded))
  }

  @Test("A body that unpacks to more than is kept is hashed, and to much more is given up")
  func bombs() {
    let (member, size) = (Self.bytes(Self.zeros), 64 << 10)
    func outcome(_ members: Int, keptBytes: Int) -> AnswerDecoder.Outcome {
      let body = Array(repeatElement(member, count: members).joined())
      return AnswerDecoder(keptBytes: keptBytes).decode(Self.packed("gzip", body))
    }
    func body(_ outcome: AnswerDecoder.Outcome) -> ComparedBody? {
      if case .plain(let answer) = outcome { answer.body } else { nil }
    }
    let zeros = [UInt8](repeating: 0, count: size)
    #expect(body(outcome(1, keptBytes: size)) == .whole(zeros))
    #expect(body(outcome(1, keptBytes: size - 1)) == .digest(BodyDigest(zeros)))
    #expect(body(outcome(16, keptBytes: size))?.isDigest(of: 16 * size) == true)
    #expect(outcome(40, keptBytes: size) == .dropped(.unpackedTooLarge))
    // 64 MiB out of 220 kB; nearly none of it is unpacked.
    #expect(outcome(1_000, keptBytes: 1_000) == .dropped(.unpackedTooLarge))
  }
}

extension ComparedBody {
  fileprivate func isDigest(of count: Int) -> Bool {
    if case .digest(let digest) = self { digest.count == count } else { false }
  }
}
