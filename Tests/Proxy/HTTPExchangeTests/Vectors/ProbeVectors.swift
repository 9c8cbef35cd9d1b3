// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// Requests after those of MDA2AV/Http11Probe, by its names, with what becomes of them here.
enum ProbeVectors {
  static let all = requestLines + hosts + chunks + smuggling

  /// Request lines and line ends.
  static let requestLines: [RequestVector] = [
    .refused(.bareLineFeed, "BARE-LF-REQUEST-LINE", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    .refused(.bareLineFeed, "BARE-LF-HEADER", "GET / HTTP/1.1\r\nHost: a\n\r\n"),
    .refused(.bareCarriageReturn, "CR-ONLY", "GET / HTTP/1.1\rHost: a\r\r"),
    .passes("Http11Probe: LEADING-CRLF", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "MULTI-SP", "GET  /  HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "MISSING-TARGET", "GET HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "HTTP09", "GET /\r\n\r\n"),
    .refused(.unsupportedVersion, "HTTP12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    .refused(.unsupportedVersion, "INVALID-VERSION", "GET / HTTP/9.9\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "VERSION-LEADING-ZEROS", "GET / HTTP/01.01\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "VERSION-MISSING-MINOR", "GET / HTTP/1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "VERSION-WHITESPACE", "GET / HTTP/ 1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "VERSION-CASE", "GET / hTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "REQUEST-LINE-TAB", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.invalidTarget, "ASTERISK-WITH-GET", RequestVector.target("*")),
    .refused(.fragmentInTarget, "FRAGMENT", RequestVector.target("/path#frag")),
    .refused(.malformedRequestLine, "SPACE-IN-TARGET", RequestVector.target("/pa th")),
    .passes(
      "Http11Probe: METHOD-CASE: methods are case-sensitive, so this is another one",
      "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(.traceRefused, "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\n\r\n"),
    .refused(
      .traceRefused, "TRACE-WITH-BODY", "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"),
    .refused(.unsupportedVersion, "H2-PREFACE", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    .refused(.controlCharacter, "BINARY-GARBAGE", "\u{16}\u{3}\u{1}\0\u{5}\r\n\r\n"),
    .refused(.invalidTarget, "NON-ASCII-URL", RequestVector.target("/caf\u{e9}")),
    .refused(.controlCharacter, "NUL-IN-URL", RequestVector.target("/\0")),
    .refused(.ambiguousPath, "URL-BACKSLASH", RequestVector.target("/a\\b")),
    .refused(.ambiguousPath, "URL-PERCENT-CRLF", RequestVector.target("/%0d%0aX:1")),
    .refused(.ambiguousPath, "URL-PERCENT-NULL", RequestVector.target("/%00")),
    .refused(
      .obsoleteLineFolding, "WHITESPACE-ONLY-LINE", "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "WHITESPACE-ONLY-REQUEST", "   \r\n\r\n"),
  ]

  /// Host and other fields.
  static let hosts: [RequestVector] = [
    .refused(.missingHost, "MISSING-HOST", "GET / HTTP/1.1\r\n\r\n"),
    .refused(.duplicateHost, "DUPLICATE-HOST", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    .refused(.duplicateHost, "DUPLICATE-HOST-SAME", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    .refused(.invalidHost, "HOST-WITH-USERINFO", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    .refused(.invalidHost, "HOST-WITH-PATH", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    .refused(.invalidHost, "HOST-EMPTY", "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
    .passes("Http11Probe: HTTP10-NO-HOST", "GET / HTTP/1.0\r\n\r\n"),
    .refused(.invalidHost, "MULTIPLE-HOST-COMMA", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    .passes(
      "Http11Probe: ABSOLUTE-URI-HOST-MISMATCH: the target counts",
      RequestVector.target("http://other/a")),
    .refused(.unsupportedExpectation, "EXPECT-UNKNOWN", RequestVector.get("Expect: 200-maybe\r\n")),
    .refused(.invalidFieldName, "NON-ASCII-HEADER-NAME", RequestVector.get("X-\u{d1}: a\r\n")),
    .refused(.controlCharacter, "CONTROL-CHARS-HEADER", RequestVector.get("X: a\u{7}b\r\n")),
  ]

  /// Chunks.
  static let chunks: [RequestVector] = [
    .refused(
      .malformedChunk, "CHUNK-BARE-SEMICOLON", RequestVector.chunked("5;\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-HEX-PREFIX", RequestVector.chunked("0x5\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-UNDERSCORE",
      RequestVector.chunked("1_0\r\nhello world!!!!!\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-LEADING-SP", RequestVector.chunked(" 5\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-MISSING-TRAILING-CRLF", RequestVector.chunked("5\r\nhello0\r\n\r\n")),
    .refused(.malformedChunk, "CHUNK-EXT-LF", RequestVector.chunked("5;\nhello\r\n0\r\n\r\n")),
    .refused(.malformedChunk, "CHUNK-SPILL", RequestVector.chunked("5\r\nhello!!\r\n0\r\n\r\n")),
    .refused(.malformedChunk, "CHUNK-LF-TERM", RequestVector.chunked("5\r\nhello\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-EXT-CTRL", RequestVector.chunked("5;a\0b\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-EXT-CR", RequestVector.chunked("5;a\rX\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-EXT-INVALID-TOKEN",
      RequestVector.chunked("5;a[b\r\nhello\r\n0\r\n\r\n")),
    .refused(.malformedTrailer, "CHUNK-LF-TRAILER", RequestVector.chunked("5\r\nhello\r\n0\r\n\n")),
    .refused(.malformedChunk, "CHUNK-NEGATIVE", RequestVector.chunked("-1\r\nhello\r\n0\r\n\r\n")),
    .refused(.malformedChunk, "CHUNK-SIZE-PLUS", RequestVector.chunked("+5\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-SIZE-TRAILING-OWS", RequestVector.chunked("5 \r\nhello\r\n0\r\n\r\n")),
    .refused(.malformedChunk, "CHUNK-BARE-CR-TERM", RequestVector.chunked("5\rhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-SIZE-OVERFLOW",
      RequestVector.chunked("FFFFFFFFFFFFFFFF0\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "CHUNK-INVALID-SIZE", RequestVector.chunked("G\r\nhello\r\n0\r\n\r\n")),
    .passes(
      "Http11Probe: CHUNKED-TRAILER-VALID",
      RequestVector.chunked("5\r\nhello\r\n0\r\nX-Checksum: abc\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\nX-Checksum: abc\r\n\r\n"),
    .passes(
      "Http11Probe: TRAILER with Content-Length",
      RequestVector.chunked("5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\n\r\n"),
    .passes(
      "Http11Probe: TRAILER with Transfer-Encoding",
      RequestVector.chunked("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\n\r\n"),
    .passes(
      "Http11Probe: TRAILER with Host",
      RequestVector.chunked("5\r\nhello\r\n0\r\nHost: evil\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\n\r\n"),
    .passes(
      "Http11Probe: TRAILER with Authorization",
      RequestVector.chunked("5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\n\r\n"),
    .passes(
      "Http11Probe: TRAILER with Content-Type",
      RequestVector.chunked("5\r\nhello\r\n0\r\nContent-Type: a/b\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\n\r\n"),
  ]

  /// Smuggling.
  static let smuggling: [RequestVector] = [
    .refused(.invalidContentLength, "CL-PLUS", RequestVector.get("Content-Length: +5\r\n")),
    .refused(.invalidContentLength, "CL-NEGATIVE", RequestVector.get("Content-Length: -5\r\n")),
    .refused(
      .invalidContentLength, "CL-NEGATIVE-ZERO", RequestVector.get("Content-Length: -0\r\n")),
    .refused(.invalidContentLength, "CL-HEX-PREFIX", RequestVector.get("Content-Length: 0x5\r\n")),
    .refused(.invalidContentLength, "CL-OCTAL", RequestVector.get("Content-Length: 0o5\r\n")),
    .refused(.invalidContentLength, "CL-COMMA-SAME", RequestVector.get("Content-Length: 5, 5\r\n")),
    .refused(
      .invalidContentLength, "CL-COMMA-DIFFERENT", RequestVector.get("Content-Length: 5, 6\r\n")),
    .refused(
      .invalidContentLength, "CL-COMMA-TRIPLE", RequestVector.get("Content-Length: 5, 5, 5\r\n")),
    .refused(
      .invalidContentLength, "CL-INTERNAL-SPACE", RequestVector.get("Content-Length: 5 5\r\n")),
    .refused(.invalidContentLength, "CL-EMPTY", RequestVector.get("Content-Length: \r\n")),
    .refused(.invalidContentLength, "CL-UNDERSCORE", RequestVector.get("Content-Length: 1_0\r\n")),
    .refused(.invalidContentLength, "CL-NON-NUMERIC", RequestVector.get("Content-Length: abc\r\n")),
    .refused(
      .invalidContentLength, "CL-OVERFLOW",
      RequestVector.get("Content-Length: 99999999999999999999\r\n")),
    .passes(
      "Http11Probe: CL-LEADING-ZEROS",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello", body: "hello"),
    .passes(
      "Http11Probe: CL-LEADING-ZEROS-OCTAL",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nhello", body: "hello"),
    .passes(
      "Http11Probe: CL-TRAILING-SPACE",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 \r\n\r\nhello", body: "hello"),
    .passes(
      "Http11Probe: CL-EXTRA-LEADING-SP",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:   5\r\n\r\nhello", body: "hello"),
    .passes(
      "Http11Probe: CL-TAB", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t5\r\n\r\nhello",
      body: "hello"),
    .passes(
      "Http11Probe: CL-DOUBLE-ZERO", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\n\r\n"),
    .refused(
      .conflictingContentLength, "DUPLICATE-CL",
      RequestVector.get("Content-Length: 5\r\nContent-Length: 10\r\n")),
    .refused(
      .conflictingFraming, "CL-TE-BOTH",
      RequestVector.get("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n")),
    .refused(
      .conflictingFraming, "CLTE-CONN-CLOSE",
      RequestVector.get("Connection: close\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n")),
    .refused(
      .conflictingFraming, "CLTE-DESYNC",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"
    ),
    .refused(
      .conflictingFraming, "TECL-DESYNC",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 30\r\n\r\n0\r\n\r\nX"
    ),
    .refused(
      .conflictingFraming, "CLTE-SMUGGLED-GET",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    .refused(
      .unsupportedTransferCoding, "TE-XCHUNKED",
      RequestVector.get("Transfer-Encoding: xchunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "TE-IDENTITY",
      RequestVector.get("Transfer-Encoding: identity\r\n")),
    .refused(
      .unsupportedTransferCoding, "TE-DOUBLE-CHUNKED",
      RequestVector.get("Transfer-Encoding: chunked, chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "TE-NOT-FINAL-CHUNKED",
      RequestVector.get("Transfer-Encoding: chunked, gzip\r\n")),
    .refused(
      .unsupportedTransferCoding, "TE-LEADING-COMMA",
      RequestVector.get("Transfer-Encoding: , chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "TE-TRAILING-COMMA",
      RequestVector.get("Transfer-Encoding: chunked,\r\n")),
    .refused(
      .unsupportedTransferCoding, "TE-EMPTY-VALUE", RequestVector.get("Transfer-Encoding: \r\n")),
    .refused(
      .unsupportedTransferCoding, "CHUNKED-WITH-PARAMS",
      RequestVector.get("Transfer-Encoding: chunked;ext=val\r\n")),
    .refused(
      .unsupportedTransferCoding, "UNKNOWN-TE", RequestVector.get("Transfer-Encoding: gzip\r\n")),
    .passes(
      "Http11Probe: TE-CASE-MISMATCH",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", body: "0\r\n\r\n"
    ),
    .passes(
      "Http11Probe: TE-TRAILING-SPACE",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n",
      body: "0\r\n\r\n"),
    .passes(
      "Http11Probe: TE-TAB-BEFORE-VALUE",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \tchunked\r\n\r\n0\r\n\r\n",
      body: "0\r\n\r\n"),
    .refused(
      .controlCharacter, "TE-VTAB", RequestVector.get("Transfer-Encoding: \u{b}chunked\r\n")),
    .refused(
      .controlCharacter, "TE-FORMFEED", RequestVector.get("Transfer-Encoding: \u{c}chunked\r\n")),
    .refused(.controlCharacter, "TE-NULL", RequestVector.get("Transfer-Encoding: chunked\0\r\n")),
    .refused(
      .spaceBeforeColon, "TE-SP-BEFORE-COLON", RequestVector.get("Transfer-Encoding : chunked\r\n")),
    .refused(
      .obsoleteLineFolding, "TE-OBS-FOLD", RequestVector.get("Transfer-Encoding:\r\n chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "TE-HTTP10",
      "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    .refused(
      .unsupportedTransferCoding, "TE-DUPLICATE-HEADERS",
      RequestVector.get("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")),
    .refused(
      .lookalikeField, "TRANSFER-ENCODING-UNDERSCORE",
      RequestVector.get("Transfer_Encoding: chunked\r\n")),
    .refused(.bareCarriageReturn, "BARE-CR-HEADER-VALUE", RequestVector.get("X: a\rb\r\n")),
  ]
}
