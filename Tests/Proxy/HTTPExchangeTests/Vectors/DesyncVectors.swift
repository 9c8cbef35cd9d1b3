// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// Requests after those of aws/http-desync-guardian (`tests/*.yaml`), with what becomes of them
/// here: whatever is called ambiguous there and could be read in two ways is refused.
enum DesyncVectors {
  static let all = severe + ambiguous + characters + targets

  /// Must be refused by everybody.
  static let severe: [RequestVector] = [
    .refused(
      .conflictingContentLength, "two lengths",
      RequestVector.get("Content-Length: 1000\r\nContent-Length: 100\r\n")),
    .refused(
      .invalidContentLength, "length 1000,1000", RequestVector.get("Content-Length: 1000,1000\r\n")),
    .refused(
      .invalidContentLength, "length 1000 1000", RequestVector.get("Content-Length: 1000 1000\r\n")),
    .refused(
      .invalidContentLength, "length 1000.1000", RequestVector.get("Content-Length: 1000.1000\r\n")),
    .refused(
      .invalidContentLength, "length 18446744073709551616",
      RequestVector.get("Content-Length: 18446744073709551616\r\n")),
    .refused(
      .unsupportedTransferCoding, "xchunked", RequestVector.get("Transfer-Encoding: xchunked\r\n")),
    .refused(
      .controlCharacter, "chunked with 0x11",
      RequestVector.get("Transfer-Encoding: chunked\u{11}\r\n")),
    .refused(
      .controlCharacter, "length with 0x11", RequestVector.get("Content-Length: 1000\u{11}\r\n")),
    .refused(
      .unsupportedTransferCoding, "chunked in two fields",
      RequestVector.get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "chunked,chunked",
      RequestVector.get("Transfer-Encoding: chunked,chunked\r\n")),
    .refused(
      .obsoleteLineFolding, "a value on two lines",
      RequestVector.get("Content-Length: 10\r\nSome-Custom-Header: a\r\n b\r\n")),
    .refused(
      .bareLineFeed, "a value on two lines, LF only",
      RequestVector.get("Content-Length: 10\r\nSome-Custom-Header: a\n b\r\n")),
    .refused(
      .bareLineFeed, "CR missed",
      RequestVector.get("Content-Length: 10\r\nSome-Custom-Header: a\nX: b\r\n")),
    .refused(
      .bareCarriageReturn, "LF missed",
      RequestVector.get("Content-Length: 10\r\nSome-Custom-Header: a\rX: b\r\n")),
    .refused(
      .bareCarriageReturn, "CR in a name",
      RequestVector.get("Some-Bad-Header\r: a\r\nContent-Length: 1\r\n")),
    .refused(
      .bareLineFeed, "LF in a name",
      RequestVector.get("Some-Bad-Header\n: a\r\nContent-Length: 1\r\n")),
    .refused(.controlCharacter, "NUL in a name", RequestVector.get("Some-Bad-Header\0: a\r\n")),
    .refused(
      .bareCarriageReturn, "CR in a value",
      RequestVector.get("Some-Bad-Header: a\rb\r\nContent-Length: 1\r\n")),
    .refused(
      .bareLineFeed, "LF in a value",
      RequestVector.get("Some-Bad-Header: a\nb\r\nContent-Length: 1\r\n")),
    .refused(.controlCharacter, "NUL in a value", RequestVector.get("Some-Bad-Header: a\0b\r\n")),
    .refused(
      .controlCharacter, "NUL at the start of a line",
      RequestVector.get("\0Some-Bad-Header: a\r\nContent-Length: 1\r\n")),
    .refused(
      .controlCharacter, "NUL at the start of a value",
      RequestVector.get("Some-Bad-Header: \0a\r\n")),
    .refused(
      .controlCharacter, "NUL at the end of a value", RequestVector.get("Some-Bad-Header: a\0\r\n")),
    .refused(
      .spaceBeforeColon, "a length with and one without a space",
      RequestVector.get("Content-Length : 10\r\nContent-Length: 20\r\n")),
    .refused(
      .obsoleteLineFolding, "a length behind a space and one without",
      RequestVector.get(" Content-Length: 10\r\nContent-Length: 20\r\n")),
    .refused(
      .spaceBeforeColon, "a coding with and one without a space",
      RequestVector.get("Transfer-Encoding : chunked\r\nTransfer-Encoding: chunked\r\n")),
    .refused(.malformedRequestLine, "bad method", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
  ]

  /// Read differently by different servers.
  static let ambiguous: [RequestVector] = [
    .refused(
      .spaceBeforeColon, "coding and space", RequestVector.get("Transfer-Encoding : chunked\r\n")),
    .refused(
      .spaceBeforeColon, "coding and tab", RequestVector.get("Transfer-Encoding\t: chunked\r\n")),
    .refused(
      .controlCharacter, "1 times 0x01 before Transfer-Encoding",
      RequestVector.get("\u{1}Transfer-Encoding: chunked\r\n")),
    .refused(
      .controlCharacter, "1 times 0x01 before Content-Length",
      RequestVector.get("\u{1}Content-Length: 10\r\n")),
    .refused(
      .controlCharacter, "2 times 0x01 before Transfer-Encoding",
      RequestVector.get("\u{1}\u{1}Transfer-Encoding: chunked\r\n")),
    .refused(
      .controlCharacter, "2 times 0x01 before Content-Length",
      RequestVector.get("\u{1}\u{1}Content-Length: 10\r\n")),
    .refused(
      .invalidFieldName, "space inside the name",
      RequestVector.get("Transfer- Encoding: chunked\r\n")),
    .refused(
      .lookalikeField, "coding with an underscore",
      RequestVector.get("Transfer_Encoding: chunked\r\n")),
    .refused(
      .lookalikeField, "length with an underscore", RequestVector.get("Content_Length: 10\r\n")),
    .passes(
      "desync guardian: the same length twice",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", body: "ab"),
    .refused(
      .conflictingFraming, "chunked and length",
      RequestVector.get("Transfer-Encoding: chunked\r\nContent-Length: 10\r\n")),
    .refused(
      .unsupportedTransferCoding, "other coding and length",
      RequestVector.get("Transfer-Encoding: gzip\r\nContent-Length: 10\r\n")),
    .passes("desync guardian: GET with a length", RequestVector.get("Content-Length: 0\r\n")),
    .passes(
      "desync guardian: GET with a body",
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", body: "ab"),
    .passes(
      "desync guardian: GET with chunks",
      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", body: "0\r\n\r\n"),
    .passes(
      "desync guardian: HEAD with a body",
      "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", body: "ab"),
    .passes(
      "desync guardian: HEAD with chunks",
      "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", body: "0\r\n\r\n"
    ),
    .refused(
      .spaceBeforeColon, "coding and space, and a length",
      RequestVector.get("Transfer-Encoding : chunked\r\nContent-Length: 10\r\n")),
    .refused(
      .obsoleteLineFolding, "coding behind a space, and a length",
      RequestVector.get(" Transfer-Encoding: chunked\r\nContent-Length: 10\r\n")),
    .refused(
      .obsoleteLineFolding, "both behind a space",
      RequestVector.get(" Transfer-Encoding: chunked\r\n Content-Length: 10\r\n")),
    .refused(
      .spaceBeforeColon, "both and a space",
      RequestVector.get("Transfer-Encoding : chunked\r\nContent-Length : 10\r\n")),
    .refused(.invalidFieldName, "no name", RequestVector.get(": a\r\nContent-Length: 1\r\n")),
    .refused(
      .invalidFieldName, "a name that starts with a colon",
      RequestVector.get(":SomeHeader:Transfer-Encoding:a\r\n")),
    .refused(.obsoleteLineFolding, "a name of white space", RequestVector.get("   \t\t  : a\r\n")),
    .refused(
      .unsupportedTransferCoding, "chunked on HTTP/1.0",
      "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    .refused(
      .unsupportedVersion, "chunked on HTTP/0.9",
      "POST / HTTP/0.9\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    .refused(
      .unsupportedVersion, "length on HTTP/0.9",
      "POST / HTTP/0.9\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
    .refused(
      .malformedRequestLine, "chunked without a version",
      "POST /\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    .refused(
      .invalidFieldName, "long s", RequestVector.get("Tran\u{17f}fer-Encoding: chunked\r\n")),
    .refused(
      .invalidFieldName, "dotless i", RequestVector.get("Transfer-Encod\u{131}ng: chunked\r\n")),
    .passes(
      "desync guardian: many hyphens are another name",
      RequestVector.get("Transfer---Encoding: chunked\r\n")),
    .refused(
      .invalidFieldName, "wide spaces before a name",
      RequestVector.get("\u{2003}Transfer-Encoding: chunked\r\n")),
    .refused(
      .invalidFieldName, "wide spaces behind a name",
      RequestVector.get("Content-Length\u{2003}: 1\r\n")),
    .refused(
      .invalidFieldName, "a bar that is no hyphen",
      RequestVector.get("Transfer\u{2015}Encoding: chunked\r\n")),
    .refused(
      .invalidFieldName, "a name with 0x88",
      RequestVector.get("Transfer-Encoding\u{88}: chunked\r\n")),
    .refused(
      .invalidFieldName, "a name with 0xa0", RequestVector.get("\u{a0}Content-Length: 1\r\n")),
  ]

  /// Bytes that have no business in a head.
  static let characters: [RequestVector] = [
    .refused(
      .controlCharacter, "0x01 before Transfer-Encoding",
      RequestVector.get("\u{1}Transfer-Encoding: chunked\r\n")),
    .refused(
      .controlCharacter, "0x01 behind Transfer-Encoding",
      RequestVector.get("Transfer-Encoding\u{1}: chunked\r\n")),
    .refused(
      .controlCharacter, "0x01 before the value of Transfer-Encoding",
      RequestVector.get("Transfer-Encoding: \u{1}chunked\r\n")),
    .refused(
      .controlCharacter, "0x01 behind the value of Transfer-Encoding",
      RequestVector.get("Transfer-Encoding: chunked\u{1}\r\n")),
    .refused(
      .controlCharacter, "0x01 before Content-Length",
      RequestVector.get("\u{1}Content-Length: 1000\r\n")),
    .refused(
      .controlCharacter, "0x01 behind Content-Length",
      RequestVector.get("Content-Length\u{1}: 1000\r\n")),
    .refused(
      .controlCharacter, "0x01 before the value of Content-Length",
      RequestVector.get("Content-Length: \u{1}1000\r\n")),
    .refused(
      .controlCharacter, "0x01 behind the value of Content-Length",
      RequestVector.get("Content-Length: 1000\u{1}\r\n")),
    .refused(
      .controlCharacter, "0x01 before Some-Custom-Header",
      RequestVector.get("\u{1}Some-Custom-Header: value\r\n")),
    .refused(
      .controlCharacter, "0x01 behind Some-Custom-Header",
      RequestVector.get("Some-Custom-Header\u{1}: value\r\n")),
    .refused(
      .controlCharacter, "0x01 before the value of Some-Custom-Header",
      RequestVector.get("Some-Custom-Header: \u{1}value\r\n")),
    .refused(
      .controlCharacter, "0x01 behind the value of Some-Custom-Header",
      RequestVector.get("Some-Custom-Header: value\u{1}\r\n")),
    .refused(
      .unsupportedTransferCoding, "0xa0 before chunked",
      RequestVector.get("Transfer-Encoding: \u{a0}chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "0xa0 behind chunked",
      RequestVector.get("Transfer-Encoding: chunked\u{a0}\r\n")),
    .refused(
      .invalidContentLength, "0xa0 behind a length",
      RequestVector.get("Content-Length: 1000\u{a0}\r\n")),
  ]

  /// Targets.
  static let targets: [RequestVector] = [
    .refused(.malformedRequestLine, "tab", RequestVector.target("/a\tb")),
    .refused(
      .malformedRequestLine, "spaces behind the version", "GET / HTTP/1.1  \r\nHost: a\r\n\r\n"),
    .refused(.controlCharacter, "0x01", RequestVector.target("/a\u{1}b")),
    .refused(.malformedRequestLine, "space", RequestVector.target("/a b")),
    .refused(.malformedRequestLine, "space and a version", RequestVector.target("/a HTTP/1.1")),
    .refused(.bareCarriageReturn, "CR", RequestVector.target("/a\rb")),
    .refused(.bareLineFeed, "LF", RequestVector.target("/a\nb")),
    .refused(
      .bareLineFeed, "a request in the target",
      RequestVector.target("/ HTTP/1.1\nHost: a\n\nGET /admin")),
    .refused(.controlCharacter, "NUL", RequestVector.target("/a\0b")),
    .refused(.controlCharacter, "NUL first", RequestVector.target("\0/a")),
    .refused(.ambiguousPath, "encoded tab", RequestVector.target("/a%09b")),
    .refused(.ambiguousPath, "encoded CR", RequestVector.target("/a%0Db")),
    .refused(.ambiguousPath, "encoded LF", RequestVector.target("/a%0Ab")),
    .passes("desync guardian: encoded space", RequestVector.target("/a%20b")),
    .passes("desync guardian: encoded line end in the query", RequestVector.target("/a?b=%0D%0A")),
  ]
}
