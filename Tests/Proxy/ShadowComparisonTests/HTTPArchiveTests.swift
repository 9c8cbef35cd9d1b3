// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ShadowComparison

struct HTTPArchiveTests {
  @Test func whatIsWrittenIsReadBack() throws {
    let exchanges = [
      RecordedExchange(
        startedAt: "2026-11-23T15:29:30.323Z", milliseconds: 9.5, method: "POST",
        url: "http://shop:9001/orders?a=1&b=%20x&c",
        headers: [.init(name: "accept", value: "text/\"html\"")], body: Array("{\"a\":1}".utf8),
        response: ComparedResponse(
          status: 201, headers: [.init(name: "content-type", value: "image/png")],
          body: [0, 255, 16])),
      RecordedExchange(
        startedAt: "", method: "GET", url: "http://shop:9001/",
        response: ComparedResponse(status: 204)),
    ]
    let text =
      HTTPArchive.beginning
      + exchanges.map(HTTPArchive.line).joined(separator: HTTPArchive.separator) + HTTPArchive.end
    #expect(try HTTPArchive.read(Array(text.utf8)) == exchanges)
    let empty = HTTPArchive.beginning + HTTPArchive.end
    #expect(try HTTPArchive.read(Array(empty.utf8)) == [])
  }

  private static func archive(postData: String) -> [UInt8] {
    Array(
      ("{\"log\":{\"entries\":[{\"request\":{\"method\":\"POST\",\"url\":\"u\",\"postData\":"
        + postData + "}}]}}").utf8)
  }

  @Test("A form is sent from its fields where its text is not there")
  func formsAreSent() throws {
    let form = #""mimeType":"application/x-www-form-urlencoded; charset=UTF-8""#
    let fields = #"[{"name":"qty","value":"3"},{"name":"a b&c","value":"é=*"},{"name":"x"}]"#
    let sent = try HTTPArchive.read(Self.archive(postData: "{\(form),\"params\":\(fields)}"))
    #expect(sent.first?.body == Array("qty=3&a+b%26c=%C3%A9%3D*&x=".utf8))
    let text = try HTTPArchive.read(
      Self.archive(postData: "{\(form),\"params\":\(fields),\"text\":\"qty=3\"}"))
    #expect(text.first?.body == Array("qty=3".utf8))
    let empty = try HTTPArchive.read(Self.archive(postData: "{\(form),\"params\":[]}"))
    #expect(empty.first?.body == [])
    let error = #expect(throws: ArchiveProblem.self) {
      try HTTPArchive.read(
        Self.archive(postData: #"{"mimeType":"multipart/form-data","params":[{"name":"f"}]}"#))
    }
    #expect(
      error?.description.contains("log.entries[0].request.postData.params: only a form of") == true)
  }

  @Test func aMarkOfItsEncodingIsNoPartOfIt() throws {
    let text = HTTPArchive.beginning + HTTPArchive.end
    #expect(try HTTPArchive.read([0xEF, 0xBB, 0xBF] + Array(text.utf8)) == [])
  }

  @Test func aBodyThatWasNotRecordedIsDescribed() throws {
    let digest = BodyDigest([UInt8](repeating: 1, count: 9))
    let line = HTTPArchive.line(
      RecordedExchange(
        startedAt: "", method: "GET", url: "http://a/",
        response: ComparedResponse(status: 200, body: .digest(digest))))
    #expect(line.contains("a body of 9 bytes was not recorded"))
    #expect(line.contains(#""bodySize":9"#))
  }

  @Test(arguments: [
    ("{", "not JSON: an unexpected end at byte 1"),
    ("{}", "log: missing; is it an HTTP Archive (HAR)?"),
    (#"{"log":{"entries":{}}}"#, "log.entries: expected a list, found object"),
    (
      #"{"log":{"entries":[{"request":{"method":"GET"}}]}}"#,
      "log.entries[0].request.url: missing; is it an HTTP Archive (HAR)?"
    ),
    (
      #"{"log":{"entries":[{"request":{"method":1,"url":"http://a"}}]}}"#,
      "log.entries[0].request.method: expected a text, found number"
    ),
    (
      #"{"log":{"entries":[{"request":{"method":"P","url":"u","postData":{"text":"?","encoding":"base64"}}}]}}"#,
      "log.entries[0].request.postData.text: expected base64"
    ),
  ])
  func saysWhereItIsNoArchive(_ row: (String, String)) {
    #expect {
      try HTTPArchive.read(Array(row.0.utf8))
    } throws: { "\($0)" == row.1 }
  }

  @Test(arguments: [
    ("http://A:1/x?y#z", "http://a:1", "/x?y"), ("https://a", "https://a", "/"),
    ("https://a?x=1", "https://a", "/?x=1"),
  ])
  func urlsFallIntoOriginAndTarget(_ row: (String, String, String)) {
    let exchange = RecordedExchange(startedAt: "", method: "GET", url: row.0)
    #expect(exchange.origin == row.1)
    #expect(exchange.target == row.2)
  }

  @Test func urlsThatAreNotAbsoluteHaveNoOrigin() {
    #expect(RecordedExchange(startedAt: "", method: "GET", url: "/x").origin == nil)
    #expect(RecordedExchange(startedAt: "", method: "GET", url: "http:///x").origin == nil)
  }

  /// The vectors of RFC 4648, section 10, and every length modulo three.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func base64FollowsItsStandard(_ row: (String, String)) {
    #expect(Base64.encode(Array(row.0.utf8)) == row.1)
    #expect(Base64.decode(row.1) == Array(row.0.utf8))
  }

  @Test(arguments: ["Zg", "Zg=", "Zg==Zg==", "Z g=", "Zg\n=", "===="])
  func base64IsStrict(_ text: String) {
    #expect(Base64.decode(text) == nil)
  }
}
