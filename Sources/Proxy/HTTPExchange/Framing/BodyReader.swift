// SPDX-License-Identifier: Apache-2.0

/// Finds the end of one body in a stream of bytes.
package struct BodyReader: Equatable {
  private enum Mode: Equatable {
    case finished
    case length(remaining: Int)
    case chunked(ChunkedFilter)
    case untilClose
  }

  private var mode: Mode

  package init(_ framing: BodyFraming) {
    switch framing {
    case .none: mode = .finished
    case .length(let length): mode = .length(remaining: length)
    case .chunked: mode = .chunked(ChunkedFilter())
    case .untilClose: mode = .untilClose
    }
  }

  /// Nothing is left to read.
  package var isFinished: Bool { mode == .finished }
  /// The sender ends the body by closing.
  package var endsWithClose: Bool { mode == .untilClose }

  /// The trailer section was read by somebody else.
  package mutating func finishTrailers() { mode = .finished }

  /// Looks at the bytes behind those consumed before; call again while something is left, but not
  /// once it met trailers.
  package mutating func read(
    _ bytes: UnsafeRawBufferPointer, keepFraming: Bool, limits: MessageLimits
  ) -> BodyStep {
    var step = BodyStep()
    switch mode {
    case .finished:
      step.isFinished = true
    case .length(let remaining):
      let taken = min(remaining, bytes.count)
      step.forward = ByteRange(start: 0, length: taken)
      step.consumed = taken
      step.isFinished = taken == remaining
      mode = step.isFinished ? .finished : .length(remaining: remaining &- taken)
    case .untilClose:
      step.forward = ByteRange(start: 0, length: bytes.count)
      step.consumed = bytes.count
    case .chunked(var filter):
      step = filter.read(bytes, keepFraming: keepFraming, limits: limits)
      mode = step.isFinished ? .finished : .chunked(filter)
    }
    return step
  }
}
