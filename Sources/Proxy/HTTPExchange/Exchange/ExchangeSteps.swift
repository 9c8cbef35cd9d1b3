// SPDX-License-Identifier: Apache-2.0

/// What to do with the client's bytes.
package enum ClientStep: Equatable {
  /// Nothing more can be done until more bytes arrive.
  case needBytes
  /// The bytes must wait: for the upstream, or for the answer before them.
  case blocked
  /// A head is in the workspace; consume its length, route it, then `admit` or `answer`.
  case head
  /// Pass on and consume. Rejections never come this way.
  case body(BodyStep)
  /// The client ended its side of a tunnel; tell the upstream once it got everything before.
  case finishUpstream
  /// Consume all of it; the client is only drained.
  case discard
  /// Answer with this problem, then do as the answer plan says.
  case reject(Problem)
  /// Cut the connection; an answer can no longer be given.
  case close
}

/// What to do with the upstream's bytes.
package enum UpstreamStep: Equatable {
  case needBytes
  /// The bytes must wait until the client takes more.
  case blocked
  /// A 1xx head is in the workspace; consume its length and pass it on if told so.
  case interim(forward: Bool)
  /// A 101 head is in the workspace; consume its length and write it. All bytes from here on, both
  /// ways, belong to the protocol it names.
  case tunnel
  /// The final head is in the workspace; consume its length and write it with `marks`.
  case head
  case body(BodyStep)
  /// The response is complete; call `completeResponse`.
  case finished
  /// Call `upstreamFailed` with this.
  case failed(UpstreamFailure)
}

/// How to go on after an upstream failed.
package enum Recovery: Equatable {
  /// There was nothing to recover.
  case none
  /// Nothing was sent: ask the same side for another connection.
  case reconnect
  /// Send the kept request again, on a fresh connection of the same side.
  case retry
  /// Send the kept request to legacy.
  case fallBack
  /// Answer the client with a problem.
  case answer(Problem)
  /// The upstream ended its side of a tunnel: tell the client once it got everything before.
  case finishClient
  /// The answer has begun and cannot be completed: cut the client's connection.
  case abort
  /// The close ended the body as it should.
  case completed
}

/// What follows a complete response.
package struct Completion: Equatable {
  /// The upstream connection may serve the next request.
  package var keepsUpstream: Bool
  package var client: ClientSequel
}

/// What becomes of a client connection after an answer.
package enum ClientSequel: Equatable {
  /// The next request may come.
  case next
  /// Say that nothing follows, drain what the client still sends, then close.
  case linger
}

/// How to write a problem.
package struct AnswerPlan: Equatable {
  package var omitsBody: Bool
  package var sequel: ClientSequel
}

/// What a passed deadline asks for.
package enum Expiry: Equatable {
  /// Nothing is due yet.
  case none
  /// Close without a word: nobody waits for an answer.
  case close
  case answer(Problem)
  /// Treat as `upstreamFailed` with this.
  case upstream(UpstreamFailure)
  /// The pause before another attempt is over.
  case resume
  /// An answer is under way and cannot be completed.
  case abort
}
