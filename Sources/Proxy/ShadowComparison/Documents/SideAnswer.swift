// SPDX-License-Identifier: Apache-2.0

/// What one side did with a request.
public enum SideAnswer: Sendable, Equatable {
  /// It answered, completely.
  case response(ComparedResponse)
  /// It did not.
  case failure(AnswerFailure)
}

/// Why a side gave no complete answer.
public enum AnswerFailure: String, Sendable, CaseIterable {
  /// No connection.
  case unreachable
  /// Not within the time allowed.
  case deadline
  /// The connection ended before the answer did, or what came is not HTTP.
  case cutOff = "cut-off"
  /// It ended properly, and its body is not what its `Content-Encoding` says: nobody can read it.
  case undecodable
}

/// Why a request was sent but not compared, or not sent to the extracted side at all.
public enum DropReason: String, Sendable, CaseIterable {
  /// The request, or the body of an answer, is larger than one may be.
  case bodyTooLarge = "body-too-large"
  /// All bodies that are kept at this moment are larger than they may be together.
  case byteBudget = "byte-budget"
  /// As many comparisons are under way as there may be.
  case noSlot = "no-slot"
  /// The answers did not come in the time that a comparison may take.
  case deadline
  /// The proxy itself got too little of the processor to tell who was late.
  case proxyLate = "proxy-late"
  /// The extracted side failed so often that it is left alone.
  case breakerOpen = "breaker-open"
  /// The method may change data.
  case unsafeMethod = "unsafe-method"
  /// An answer's body is packed (`Content-Encoding`) in a way that is not known here, is a part of
  /// a packed one (206), or was not kept whole, and packers need not agree.
  case encoded
  /// An answer's body unpacks to many times what is kept of one.
  case unpackedTooLarge = "unpacked-too-large"
  /// Legacy gave its client no whole answer, or one that nobody can unpack: there is nothing to
  /// compare with.
  case legacyUnanswered = "legacy-unanswered"
}
