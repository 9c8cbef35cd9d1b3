// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import ResiliencePolicies
import ServiceCalls
import ServiceClient
import ServiceTesting

extension ServiceCallPolicy {
  /// The defaults, without waits between attempts, and with a budget that no test uses up.
  static let eager = ServiceCallPolicy(retries: eagerRetries)

  static let eagerRetries: RetryRules = {
    var rules = RetryRules.ofCaller
    rules.shortestDelay = .zero
    rules.longestDelay = .zero
    rules.budgetFloor = 1_000
    return rules
  }()
}

/// Runs a test with a client of these endpoints, and closes it.
func withClient<Result>(
  _ endpoints: [ServiceEndpoint], _ policy: ServiceCallPolicy = .eager,
  clock: any CallClock = MonotonicClock(), observe: (@Sendable (CallAttempt) -> Void)? = nil,
  _ body: (ServiceClient) async throws -> Result
) async throws -> Result {
  let client = ServiceClient(
    ServiceEntry("orders", endpoints: endpoints), policy: policy, clock: clock, observe: observe)
  do {
    let result = try await body(client)
    await client.close()
    return result
  } catch {
    await client.close()
    throw error
  }
}

/// What a call fails with; nil when it does not.
func failure<Result>(
  _ call: () async throws(ServiceCallError) -> Result
) async -> ServiceCallError? {
  do {
    _ = try await call()
    return nil
  } catch {
    return error
  }
}

extension Response {
  static func text(
    _ status: HTTPResponse.Status = .ok, _ text: String = "", _ headers: HTTPFields = [:]
  ) -> Response {
    Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
