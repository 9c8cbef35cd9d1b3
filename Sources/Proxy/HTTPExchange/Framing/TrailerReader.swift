// SPDX-License-Identifier: Apache-2.0

/// Reads the field lines behind the last chunk as strictly as those of a head, and decides which of
/// them may pass (RFC 9110, section 6.5.1).
///
/// What a message means is settled before its body: a trailer that frames, routes, conditions or
/// authenticates it comes too late and is dropped, whoever sent it.
package struct TrailerReader {
  private let section: FieldSection

  package init(limits: MessageLimits) {
    var limits = limits
    limits.head = limits.chunkOverhead
    limits.field = min(limits.field, limits.chunkOverhead)
    section = FieldSection(limits: limits)
  }

  /// Parses from the first byte behind the last chunk, up to the empty line.
  ///
  /// Like `RequestHeadParser.parse`; the fields are in `storage`, those that must not pass marked.
  package func parse(
    _ bytes: UnsafeRawBufferPointer, _ progress: inout HeadProgress, into storage: HeadStorage
  ) -> HeadParse {
    let resumed = progress.lineStart > 0
    var outcome = section.parse(bytes, &progress, into: storage)
    if resumed, case .complete = outcome {
      // The fields of earlier calls were not kept.
      progress = HeadProgress()
      outcome = section.parse(bytes, &progress, into: storage)
    }
    switch outcome {
    case .incomplete: return outcome
    case .rejected(.fieldTooLarge), .rejected(.headTooLarge), .rejected(.tooManyFields):
      return .rejected(.trailersTooLarge)
    case .rejected: return .rejected(.malformedTrailer)
    case .complete: break
    }
    storage.count = progress.fieldCount
    progress = HeadProgress()
    for index in 0..<storage.count where Self.isForbidden(bytes, storage, index) {
      storage.roles[index] = .forbiddenTrailer
    }
    return outcome
  }

  private static func isForbidden(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage, _ index: Int
  ) -> Bool {
    if storage.roles[index] != .other { return true }
    let name = bytes[storage.fields[index].name]
    return forbidden.contains { name.equalsIgnoringCase($0) }
  }

  /// Besides the fields that the proxy itself acts on.
  private static let forbidden: [StaticString] = [
    // Credentials and state.
    "authorization", "authentication-info", "cookie", "proxy-authenticate",
    "proxy-authentication-info", "proxy-authorization", "set-cookie", "www-authenticate",
    "x-real-ip",
    // Modifiers of the request.
    "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
    "max-forwards", "pragma", "range",
    // Control data of the response, and how its body is read.
    "age", "cache-control", "content-encoding", "content-range", "content-type", "date", "expires",
    "location", "retry-after", "vary", "warning",
  ]
}

/// Writes the trailers that pass and the empty line behind them.
package enum TrailerWriter {
  /// Memory that `write` needs at most for a section of `length` bytes.
  package static func capacity(length: Int, _ storage: HeadStorage) -> Int {
    length &+ 2 &* storage.count &+ 2
  }

  /// Writes the fields in `storage`, whose ranges are those of `bytes`; answers how long they are.
  package static func write(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    into target: UnsafeMutableRawBufferPointer
  ) -> Int {
    var writer = HeadWriter(target)
    writer.writeFields(bytes, storage)
    writer.write("\r\n")
    return writer.count
  }
}

extension BodyReader {
  /// Reads on, trailers included.
  ///
  /// A step without any byte used up that is not finished waits for more bytes.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, keepFraming: Bool, limits: MessageLimits,
    _ workspace: ExchangeWorkspace, _ progress: inout HeadProgress, passesTrailers: Bool
  ) -> BodyStep {
    var step = read(bytes, keepFraming: keepFraming, limits: limits)
    guard step.meetsTrailers, step.consumed == 0 else { return step }
    switch workspace.trailerReader.parse(bytes, &progress, into: workspace.storage) {
    case .incomplete: break
    case .rejected(let rejection): step.rejection = rejection
    case .complete(let length):
      finishTrailers()
      if !passesTrailers { workspace.storage.count = 0 }
      step.trailers = ByteRange(start: 0, length: length)
      step.consumed = length
      step.isFinished = true
    }
    return step
  }
}
