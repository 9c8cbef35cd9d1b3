// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import MessagePublisherHTTP
internal import RoutingDecisions
internal import TransactionalMessaging

extension OutboxSettings {
  func open(_ target: HTTPTarget) throws -> OpenedTarget {
    let token = try target.tokenEnvironmentVariable.map {
      try SecretPlace.environment($0).read("outbox.publish.token")
    }
    let publisher = HTTPMessagePublisher(
      HTTPMessagePublisher.Configuration(
        url: target.url, token: token, source: target.source, timeout: timeout.milliseconds,
        concurrency: concurrency ?? RelayConfiguration.concurrencyOfSingles))
    return OpenedTarget(
      publisher: publisher, shown: target.shownURL, publishTimeout: timeout.milliseconds * 2,
      check: {}, close: { await publisher.close() })
  }
}

extension OutboxSettings.HTTPTarget {
  /// The address without what may be secret in it: users and their passwords, and what is asked.
  fileprivate var shownURL: String {
    guard var parts = URLComponents(string: url) else { return "its address" }
    (parts.user, parts.password, parts.query, parts.fragment) = (nil, nil, nil, nil)
    return parts.string ?? "its address"
  }
}
