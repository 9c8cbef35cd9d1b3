// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// Writes the request that a stream's fields stand for as HTTP/1.1, which is then read like any
/// other client's: every rule about heads, hosts and paths holds for both protocols because there
/// is one place that knows it.
///
/// What would not survive that way is refused here: line ends inside a value, and a target that is
/// no path, since an absolute one could name another host than the authority.
struct RequestAssembly: ~Copyable {
  /// What the head may be longer than its limit, so that it is refused and not cut.
  private static let excess = 4096

  /// What `finish` writes of its own at most.
  private static let ownBytes = 128

  /// Memory kept of each part from one request to the next.
  private static let kept = 4096

  /// Bytes above which fields are left out; the head is refused for its length then.
  private let limit: Int
  private var method = ByteQueue()
  private var path = ByteQueue()
  private var authority = ByteQueue()
  private var host = ByteQueue()
  private var cookie = ByteQueue()
  private var lines = ByteQueue()
  private var hasLength = false
  private(set) var rejection: Rejection?
  /// The request asks for gRPC, and so does its answer.
  private(set) var isGRPC = false

  init(limit: Int) { self.limit = limit + Self.excess }

  /// Gives its memory back, until the next request.
  mutating func rest() { self = RequestAssembly(limit: limit - Self.excess) }

  mutating func begin() {
    method.reuse(keeping: Self.kept)
    path.reuse(keeping: Self.kept)
    authority.reuse(keeping: Self.kept)
    host.reuse(keeping: Self.kept)
    cookie.reuse(keeping: Self.kept)
    lines.reuse(keeping: Self.kept)
    hasLength = false
    rejection = nil
    isGRPC = false
  }

  mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if value.holdsLineEnd { return refuse(.controlCharacter) }
    if name.first == 0x3a { return addPseudo(name, value) }
    // Few names have the length of one that matters.
    switch name.count {
    case 4 where name.equalsIgnoringCase("host"):
      // The authority takes its place; twice the same would still be one too many.
      if !host.isEmpty { refuse(.duplicateHost) }
      return host.append(value)
    case 6 where name.equalsIgnoringCase("cookie"):
      if !cookie.isEmpty { cookie.append("; ") }
      return Self.add(value, to: &cookie, limit)
    case 14 where name.equalsIgnoringCase("content-length"): hasLength = true
    case 12 where name.equalsIgnoringCase("content-type"):
      isGRPC = value.count >= 16 && Self.prefix(value, 16).equalsIgnoringCase("application/grpc")
    default: break
    }
    if lines.count <= limit { lines.append(line: name, value) }
  }

  private mutating func addPseudo(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) {
    switch name.count {
    case 7 where name.equalsIgnoringCase(":method"): Self.add(value, to: &method, limit)
    case 5 where name.equalsIgnoringCase(":path"):
      // An asterisk asks about the proxy itself; the parser knows where it may stand.
      if value.first != 0x2f, !value.equalsIgnoringCase("*") { refuse(.invalidTarget) }
      Self.add(value, to: &path, limit)
    case 10 where name.equalsIgnoringCase(":authority"): Self.add(value, to: &authority, limit)
    default: break
    }
  }

  /// Writes the head; whether the body behind it is to be chunked.
  mutating func finish(hasBody: Bool, into target: inout ByteQueue) -> Bool {
    if !authority.isEmpty, !host.isEmpty, !Self.equal(authority.bytes, host.bytes) {
      refuse(.conflictingAuthority)
    }
    let named = authority.isEmpty ? host.bytes : authority.bytes
    let isChunked = hasBody && !hasLength
    let capacity =
      method.count &+ path.count &+ named.count &+ lines.count &+ cookie.count &+ Self.ownBytes
    target.gather(capacity: capacity) { writer in
      writer.write(method.bytes)
      writer.write(path.isEmpty ? " /" : " ")
      writer.write(path.bytes)
      writer.write(" HTTP/1.1\r\n")
      if !named.isEmpty {
        writer.write("host: ")
        writer.write(named)
        writer.write("\r\n")
      }
      writer.write(lines.bytes)
      if !cookie.isEmpty {
        writer.write("cookie: ")
        writer.write(cookie.bytes)
        writer.write("\r\n")
      }
      if isChunked { writer.write("transfer-encoding: chunked\r\n") }
      writer.write("\r\n")
    }
    return isChunked
  }

  private static func add(
    _ value: UnsafeRawBufferPointer, to queue: inout ByteQueue, _ limit: Int
  ) {
    if queue.count <= limit { queue.append(value) }
  }

  private mutating func refuse(_ rule: Rejection) {
    if rejection == nil { rejection = rule }
  }

  private static func prefix(
    _ bytes: UnsafeRawBufferPointer, _ count: Int
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[..<count])
  }

  private static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool
  {
    left.count == right.count
      && zip(left, right).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 | 0x20 && $0 | 0x20 >= 97) }
  }
}
