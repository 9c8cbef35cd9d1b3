// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// Requests after those of nodejs/llhttp (`test/request/*.md`), with what becomes of them here; its
/// lenient modes have no counterpart.
enum ParserVectors {
  static let all = invalid + codings + lengths

  /// Invalid requests.
  static let invalid: [RequestVector] = [
    .refused(.malformedRequestLine, "ICE", "GET /music/sweet/music ICE/1.0\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "IHTTP", "GET /music/sweet/music IHTTP/1.0\r\nHost: a\r\n\r\n"),
    .refused(.malformedRequestLine, "RTSP", "PUT /music/sweet/music RTSP/1.0\r\nHost: a\r\n\r\n"),
    .passes("llhttp: ANNOUNCE on HTTP", "ANNOUNCE /music HTTP/1.0\r\nHost: a\r\n\r\n"),
    .refused(
      .bareCarriageReturn, "fields separated by CR", RequestVector.get("Foo: 1\rBar: 2\r\n")),
    .refused(
      .bareLineFeed, "fields separated by LF",
      "POST / HTTP/1.1\r\nHost: a\r\nx:x\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n"),
    .refused(
      .bareCarriageReturn, "fields separated by CR and a letter",
      "GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\rZGET /evil: HTTP/1.1\r\nHost: a\r\n\r\n"),
    .refused(
      .bareCarriageReturn, "empty field and CR",
      RequestVector.get("x:\rTransfer-Encoding: chunked\r\n")),
    .refused(
      .bareLineFeed, "empty field and LF", RequestVector.get("x:\nTransfer-Encoding: chunked\r\n")),
    .refused(.invalidFieldName, "at in a name", RequestVector.get("Fo@: Failure\r\n")),
    .refused(.controlCharacter, "0x01 in a name", RequestVector.get("Foo\u{1}test: Bar\r\n")),
    .refused(.invalidFieldName, "no name", RequestVector.get(": Bar\r\n")),
    .refused(.invalidFieldName, "folded name", RequestVector.get("name\r\n : value\r\n")),
    .refused(
      .bareCarriageReturn, "corrupted Connection",
      RequestVector.get("Connection\r\u{1b}5\u{d5}eep-Alive\r\nAccept-Encoding: gzip\r\n")),
    .refused(
      .bareCarriageReturn, "corrupted name",
      RequestVector.get("X-Some-Header\r\u{1b}5\u{d5}eep-Alive\r\n")),
    .refused(
      .bareLineFeed, "length behind LF", RequestVector.get("Dummy: x\nContent-Length: 23\r\n")),
    .refused(.unsupportedVersion, "5.6", "GET / HTTP/5.6\r\nHost: a\r\n\r\n"),
    .refused(
      .obsoleteLineFolding, "space behind the request line", "GET / HTTP/1.1\r\n Host: foo\r\n\r\n"),
    .refused(
      .bareLineFeed, "only LF", "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\nA\n0\n\n"),
    .refused(
      .obsoleteLineFolding, "space before a length",
      RequestVector.get("Foo: bar\r\n Content-Length: 38\r\n")),
  ]

  /// Transfer codings.
  static let codings: [RequestVector] = [
    .passes(
      "llhttp: lower-case size", RequestVector.chunked("a\r\n0123456789\r\n0\r\n\r\n"),
      body: "a\r\n0123456789\r\n0\r\n\r\n"),
    .passes(
      "llhttp: upper-case size", RequestVector.chunked("A\r\n0123456789\r\n0\r\n\r\n"),
      body: "A\r\n0123456789\r\n0\r\n\r\n"),
    .passes(
      "llhttp: size of two digits",
      RequestVector.chunked("1e\r\nall your base are belong to us\r\n0\r\n\r\n"),
      body: "1e\r\nall your base are belong to us\r\n0\r\n\r\n"),
    .passes(
      "llhttp: end of three zeros",
      RequestVector.chunked("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n"),
      body: "5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n"),
    .passes(
      "llhttp: trailers that must not pass",
      RequestVector.chunked("5\r\nhello\r\n0\r\nVary: *\r\nContent-Type: text/plain\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\n\r\n"),
    .passes(
      "llhttp: extensions",
      RequestVector.chunked(
        "5;ilovew3;somuchlove=aretheseparametersfor;another=withvalue\r\nhello\r\n0\r\n\r\n"),
      body: "5\r\nhello\r\n0\r\n\r\n"),
    .refused(
      .malformedChunk, "no semicolon before an extension",
      RequestVector.chunked("2 erfrferferf\r\naa\r\n0 rrrr\r\n\r\n")),
    .refused(
      .malformedChunk, "no extension behind the semicolon",
      RequestVector.chunked("2;\r\naa\r\n0\r\n\r\n")),
    .passes(
      "llhttp: quoted extensions",
      RequestVector.chunked(
        "5;ilovew3=\"I \\\"love\\\"; \\\\extensions\\\\\";somuchlove=\"aretheseparametersfor\";blah;foo=bar\r\nhello\r\n0\r\n\r\n"
      ), body: "5\r\nhello\r\n0\r\n\r\n"),
    .refused(
      .malformedChunk, "unbalanced quotes",
      RequestVector.chunked("5;ilovew3=\"abc\";somuchlove=\"def; ghi\r\nhello\r\n0\r\n\r\n")),
    .refused(
      .unsupportedTransferCoding, "pigeons", RequestVector.get("Transfer-Encoding: pigeons\r\n")),
    .refused(
      .unsupportedTransferCoding, "identity and a length",
      RequestVector.get("Transfer-Encoding: identity\r\nContent-Length: 5\r\n")),
    .refused(
      .unsupportedTransferCoding, "empty codings and a length",
      RequestVector.get("Content-Length: 10\r\nTransfer-Encoding:\r\nTransfer-Encoding:\r\n")),
    .refused(
      .unsupportedTransferCoding, "chunked, deflate",
      RequestVector.get("Transfer-Encoding: chunked, deflate\r\n")),
    .refused(
      .unsupportedTransferCoding, "chunked and deflate",
      RequestVector.get("Transfer-Encoding: chunked\r\nTransfer-Encoding: deflate\r\n")),
    .refused(
      .unsupportedTransferCoding, "deflate, chunked",
      RequestVector.get("Transfer-Encoding: deflate, chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "deflate and chunked",
      RequestVector.get("Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n")),
    .refused(
      .unsupportedTransferCoding, "chunkedchunked",
      RequestVector.get("Transfer-Encoding: chunkedchunked\r\n")),
    .refused(.malformedChunk, "no last chunk", RequestVector.chunked("3\r\nfoo\r\n\r\n")),
    .refused(.malformedChunk, "LF behind the size", RequestVector.chunked("3 \n  \r\nfoo\r\n\r\n")),
    .refused(
      .obsoleteLineFolding, "folded chunked",
      RequestVector.get("Transfer-Encoding: chunked\r\n  abc\r\n")),
    .refused(
      .malformedChunk, "size and two CR",
      RequestVector.chunked("5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n")),
    .refused(
      .malformedChunk, "no line end behind data", RequestVector.chunked("5\r\nABCDE0\r\n\r\n")),
  ]

  /// Lengths, targets and methods.
  static let lengths: [RequestVector] = [
    .refused(
      .invalidContentLength, "overflow",
      RequestVector.get("Content-Length: 1000000000000000000000\r\n")),
    .refused(
      .conflictingContentLength, "twice",
      RequestVector.get("Content-Length: 1\r\nContent-Length: 2\r\n")),
    .refused(
      .conflictingFraming, "and chunked",
      RequestVector.get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")),
    .refused(.invalidContentLength, "space inside", RequestVector.get("Content-Length: 4 2\r\n")),
    .refused(.invalidContentLength, "value missing", RequestVector.get("Content-Length: \r\n")),
    .refused(
      .spaceBeforeColon, "space before the colon", RequestVector.get("Content-Length : 42\r\n")),
    .passes(
      "llhttp: space around a length",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:  2 \r\n\r\nab", body: "ab"),
    .refused(
      .fragmentInTarget, "fragment",
      RequestVector.target("/forums/1/topics/2375?page=1#posts-17408")),
    .refused(
      .invalidTarget, "UTF-8 in the path", RequestVector.target("/\u{3b4}\u{b6}/\u{3b4}t/pope?q=1")),
    .refused(
      .connectRefused, "CONNECT", "CONNECT foo.bar.com:443 HTTP/1.0\r\nUser-agent: a\r\n\r\n"),
    .refused(
      .connectRefused, "CONNECT with a body",
      "CONNECT foo.bar.com:443 HTTP/1.0\r\nContent-Length: 10\r\n\r\nblarfcicle"),
    .passes("llhttp: query with question marks", RequestVector.target("/test.cgi?foo=bar?baz")),
    .passes(
      "llhttp: quotes in the query", RequestVector.target("/with_%22stupid%22_quotes?foo=%22bar%22")
    ),
    .passes("llhttp: query URL", RequestVector.target("/test.cgi?a=http://b/c")),
    .passes("llhttp: underscore in the host", RequestVector.target("http://hostname_test/")),
    .refused(.invalidTarget, "no slash", RequestVector.target("with_no_slash")),
    .passes(
      "llhttp: line folded Connection is another thing: three options",
      RequestVector.get("Connection: keep-alive, upgrade, foo\r\n")),
    .passes(
      "llhttp: M-SEARCH", "M-SEARCH /dms HTTP/1.1\r\nHost: a\r\nMAN: \"ssdp:discover\"\r\n\r\n"),
    .passes(
      "llhttp: PATCH", "PATCH /file.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
      body: "ab"),
    .passes("llhttp: LINK", "LINK /images/my_dog.jpg HTTP/1.1\r\nHost: a\r\n\r\n"),
  ]
}
