// SPDX-License-Identifier: Apache-2.0

/// What every exchange of one worker shares: the rules and the memory for the head at hand.
///
/// One thread uses it, and no two accesses overlap; the check for that at run time would cost more
/// than what it guards.
package final class ExchangeWorkspace {
  package let limits: MessageLimits
  /// The body limit protects upstreams from clients; answers may be of any size.
  let responseLimits: MessageLimits
  /// Waits that begin after a change take the new one.
  @exclusivity(unchecked) package var timeouts: ExchangeTimeouts
  package let storage: HeadStorage
  let requestParser: RequestHeadParser
  let responseParser: ResponseHeadParser
  let trailerReader: TrailerReader

  /// The request head that the last `.head` step of a client announced.
  @exclusivity(unchecked) package internal(set) var request = RequestHead()
  /// The response head that the last `.head` or `.interim` step of an upstream announced.
  @exclusivity(unchecked) package internal(set) var response = ResponseHead()
  /// Milliseconds on a clock that never goes back, set by the worker that owns the workspace.
  @exclusivity(unchecked) package var now: UInt64 = 0

  package init(limits: MessageLimits, timeouts: ExchangeTimeouts) {
    self.limits = limits
    self.timeouts = timeouts
    var responseLimits = limits
    responseLimits.body = 0
    self.responseLimits = responseLimits
    storage = HeadStorage(capacity: limits.fieldCount)
    requestParser = RequestHeadParser(limits: limits)
    responseParser = ResponseHeadParser(limits: limits)
    trailerReader = TrailerReader(limits: limits)
  }

  func deadline(_ milliseconds: UInt64) -> UInt64 {
    milliseconds == 0 ? .max : now &+ milliseconds
  }
}
