// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// One request, named by the rule it shows, and what becomes of it.
struct RequestVector: CustomTestStringConvertible {
  let name: String
  let bytes: String
  /// nil: it is forwarded.
  let rejection: Rejection?
  /// The body as the upstream gets it, framing included.
  var body = ""

  var testDescription: String { name }

  static func refused(_ rejection: Rejection, _ name: String, _ bytes: String) -> RequestVector {
    RequestVector(name: "\(rejection.name): \(name)", bytes: bytes, rejection: rejection)
  }

  static func passes(_ name: String, _ bytes: String, body: String = "") -> RequestVector {
    RequestVector(name: "passes: \(name)", bytes: bytes, rejection: nil, body: body)
  }

  static func get(_ fields: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n" }

  static func target(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n" }

  static func chunked(_ body: String) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
  }

  static let own = lines + fieldLines + hosts + targets + framings + chunks + methods + passing
  static let all = own + DesyncVectors.all + ParserVectors.all + ProbeVectors.all

  static let lines: [RequestVector] = [
    .refused(.bareLineFeed, "request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    .refused(.bareLineFeed, "field line", "GET / HTTP/1.1\r\nHost: a\n\r\n"),
    .refused(.bareLineFeed, "end of head", get("A: b\r\n").dropLast(2) + "\n"),
    .refused(.bareCarriageReturn, "in a value", get("A: b\rc\r\n")),
    .refused(.controlCharacter, "NUL in a value", get("A: b\0c\r\n")),
    .refused(.controlCharacter, "DEL in a value", get("A: b\u{7f}c\r\n")),
    .refused(.controlCharacter, "NUL in the target", target("/\0")),
    .refused(.malformedRequestLine, "two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "no version", "GET /\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "no method", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "method with a slash", "G/T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
    .refused(.unsupportedVersion, "2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    .refused(.unsupportedVersion, "1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
  ]

  static let fieldLines: [RequestVector] = [
    .refused(.spaceBeforeColon, "space", get("A : b\r\n")),
    .refused(.spaceBeforeColon, "tab", get("Content-Length\t: 3\r\n")),
    .refused(.obsoleteLineFolding, "space", get("A: b\r\n c\r\n")),
    .refused(.obsoleteLineFolding, "first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    .refused(.invalidFieldName, "empty", get(": b\r\n")),
    .refused(.invalidFieldName, "no colon", get("abc\r\n")),
    .refused(.invalidFieldName, "space inside", get("a b: c\r\n")),
    .refused(.invalidFieldName, "not ASCII", get("é: c\r\n")),
    .refused(.lookalikeField, "Transfer_Encoding", get("Transfer_Encoding: chunked\r\n")),
    .refused(.lookalikeField, "Content_Length", get("content_length: 3\r\n")),
    .refused(.lookalikeField, "method override", get("X_HTTP_Method_Override: PUT\r\n")),
    .refused(.lookalikeField, "X_Forwarded_For", get("X_Forwarded-For: 10.0.0.1\r\n")),
    .refused(
      .tooManyConnectionOptions, "names without end",
      get("Connection: \(repeatElement("q", count: 33).joined(separator: ","))\r\n")),
    .refused(
      .tooManyConnectionOptions, "names in several fields",
      get(String(repeating: "Connection: a, b, close, c\r\n", count: 11))),
    .refused(.protectedConnectionOption, "host", get("Connection: host\r\n")),
    .refused(.protectedConnectionOption, "length", get("Connection: close, Content-Length\r\n")),
    .refused(.protectedConnectionOption, "credentials", get("Connection: Authorization\r\n")),
    .refused(.protectedConnectionOption, "forwarded", get("Connection: X-Forwarded-For\r\n")),
    .refused(.protectedConnectionOption, "address", get("Connection: X-Real-IP\r\n")),
    .refused(.protectedConnectionOption, "cookie", get("Connection: keep-alive, Cookie\r\n")),
    .refused(.protectedConnectionOption, "condition", get("Connection: If-Match\r\n")),
    .refused(.protectedConnectionOption, "body", get("Connection: Content-MD5\r\n")),
    .refused(.protectedConnectionOption, "browser", get("Connection: Sec-Fetch-Site\r\n")),
    .refused(.protectedConnectionOption, "retries", get("Connection: Idempotency-Key\r\n")),
    .refused(
      .unsupportedExpectation, "unknown", get("Expect: the-impossible\r\n")),
  ]

  static let hosts: [RequestVector] = [
    .refused(.missingHost, "none", "GET / HTTP/1.1\r\n\r\n"),
    .refused(.missingHost, "absolute form", "GET http://a/ HTTP/1.1\r\n\r\n"),
    .refused(.duplicateHost, "same", get("Host: a\r\n")),
    .refused(.duplicateHost, "HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    .refused(.invalidHost, "empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    .refused(.invalidHost, "user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    .refused(.invalidHost, "path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    .refused(.invalidHost, "list", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    .refused(.invalidHost, "port", "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n"),
    .refused(.invalidHost, "open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
  ]

  static let targets: [RequestVector] = [
    .refused(.userInformation, "user", target("http://u:p@a/")),
    .refused(.fragmentInTarget, "path", target("/a#b")),
    .refused(.fragmentInTarget, "query", target("/a?b#c")),
    .refused(.invalidTarget, "authority form", target("a:80")),
    .refused(.invalidTarget, "asterisk with GET", target("*")),
    .refused(.invalidTarget, "more than an asterisk", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.invalidTarget, "other scheme", target("ftp://a/")),
    .refused(.invalidTarget, "no path", target("http://a")),
    .refused(.invalidTarget, "not ASCII", target("/é")),
    .refused(.ambiguousPath, "dot-dot", target("/a/../b")),
    .refused(.ambiguousPath, "dot-dot at the end", target("/a/..")),
    .refused(.ambiguousPath, "dot", target("/./a")),
    .refused(.ambiguousPath, "encoded dot-dot", target("/a/%2e%2E/b")),
    .refused(.ambiguousPath, "half encoded dot-dot", target("/a/.%2e")),
    .refused(.ambiguousPath, "dot-dot with a parameter", target("/a/..;/b")),
    .refused(.ambiguousPath, "encoded dot-dot with a parameter", target("/a/.%2e;x=1/b")),
    .refused(.ambiguousPath, "dot-dot with an encoded parameter", target("/a/..%3bx")),
    .refused(.ambiguousPath, "double slash", target("//a")),
    .refused(.ambiguousPath, "double slash inside", target("/a//b")),
    .refused(.ambiguousPath, "encoded slash", target("/a%2Fb")),
    .refused(.ambiguousPath, "encoded backslash", target("/a%5cb")),
    .refused(.ambiguousPath, "backslash", target("/a\\b")),
    .refused(.ambiguousPath, "encoded NUL", target("/a%00b")),
    .refused(.ambiguousPath, "bad escape", target("/a%zzb")),
    .refused(.ambiguousPath, "short escape", target("/a%2")),
  ]

  static let framings: [RequestVector] = [
    .refused(
      .conflictingFraming, "both",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
    .refused(.unsupportedTransferCoding, "gzip", get("Transfer-Encoding: gzip, chunked\r\n")),
    .refused(.unsupportedTransferCoding, "identity", get("Transfer-Encoding: identity\r\n")),
    .refused(.unsupportedTransferCoding, "list", get("Transfer-Encoding: chunked, chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "twice",
      get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
    .refused(.unsupportedTransferCoding, "decorated", get("Transfer-Encoding: \"chunked\"\r\n")),
    .refused(
      .unsupportedTransferCoding, "HTTP/1.0",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    .refused(.invalidContentLength, "sign", get("Content-Length: +3\r\n")),
    .refused(.invalidContentLength, "negative", get("Content-Length: -1\r\n")),
    .refused(.invalidContentLength, "hexadecimal", get("Content-Length: 0x3\r\n")),
    .refused(.invalidContentLength, "list", get("Content-Length: 3, 3\r\n")),
    .refused(.invalidContentLength, "empty", get("Content-Length:\r\n")),
    .refused(.invalidContentLength, "too long", get("Content-Length: 9999999999999999999\r\n")),
    .refused(
      .conflictingContentLength, "differs", get("Content-Length: 3\r\nContent-Length: 4\r\n")),
  ]

  static let chunks: [RequestVector] = [
    .refused(.malformedChunk, "no size", chunked("\r\n")),
    .refused(.malformedChunk, "not hexadecimal", chunked("g\r\n")),
    .refused(.malformedChunk, "0x", chunked("0x1\r\nZ\r\n0\r\n\r\n")),
    .refused(.malformedChunk, "space in front", chunked(" 1\r\nZ\r\n")),
    .refused(.malformedChunk, "space behind", chunked("1 \r\nZ\r\n")),
    .refused(.malformedChunk, "bare LF behind the size", chunked("1\nZ\r\n")),
    .refused(.malformedChunk, "data too long", chunked("1\r\nZZ\r\n")),
    .refused(.malformedChunk, "bare LF behind the data", chunked("1\r\nZ\n")),
    .refused(.malformedChunk, "control character in an extension", chunked("1;a\u{1}\r\nZ\r\n")),
    .refused(.malformedChunk, "bare LF in an extension", chunked("1;a\nZ\r\n")),
    .refused(.malformedChunk, "size overflows", chunked("fffffffffffffffff\r\n")),
    .refused(.malformedTrailer, "without colon", chunked("0\r\nabc\r\n\r\n")),
    .refused(.malformedTrailer, "bare LF", chunked("0\r\na: b\n\r\n")),
    .refused(.malformedTrailer, "bare LF at the end", chunked("0\r\n\n")),
    .passes(
      "chunks", chunked("3\r\nabc\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n"),
      body: "3\r\nabc\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n"),
    .passes(
      "extensions are dropped", chunked("3;a=b;c=\"d\"\r\nabc\r\n0;z\r\n\r\n"),
      body: "3\r\nabc\r\n0\r\n\r\n"),
    .refused(.malformedTrailer, "space before the colon", chunked("0\r\na : b\r\n\r\n")),
    .refused(.malformedTrailer, "folded", chunked("0\r\na: b\r\n c\r\n\r\n")),
    .refused(.malformedTrailer, "lookalike", chunked("0\r\nContent_Length: 1\r\n\r\n")),
    .passes(
      "trailers", chunked("3\r\nabc\r\n0\r\nX-A: b\r\nX-C:  d\r\n\r\n"),
      body: "3\r\nabc\r\n0\r\nX-A: b\r\nX-C: d\r\n\r\n"),
  ]

  static let methods: [RequestVector] = [
    .refused(.connectRefused, "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.traceRefused, "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(
      .loopDetected, "many passes",
      get("Via: " + [String](repeating: "1.1 strangler", count: 8).joined(separator: ", ") + "\r\n")
    ),
  ]

  static let passing: [RequestVector] = [
    .passes("one empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .passes("HTTP/1.0 without host", "GET / HTTP/1.0\r\n\r\n"),
    .passes("absolute form", "GET http://b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n"),
    .passes("semicolon and escapes", target("/a;b=1/%20%7Ec/...?d=%2F..//")),
    .passes("trailing slash", target("/a/")),
    .passes("dots that are a name", target("/a/.../.b/c.d")),
    .passes("IPv6 host", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"),
    .passes("odd but valid values", get("A:b\r\nB:\t c \t\r\nC:\r\nD: \u{e9}\r\nE: a\tb\r\n")),
    .passes("custom method", "PURGE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .passes("underscore in an innocent name", get("my_field: 1\r\n")),
    .passes(
      "length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", body: "abc"),
    .passes(
      "same length twice",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", body: "abc"
    ),
  ]
}
