// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Logging
internal import ProxyDataPlane

/// A start without the journal that is shared, from what this proxy knew last.
///
/// The routes stand where they stood then, and the kill switch is as it was. As for any proxy that
/// is cut off nothing is raised; gates and people take users back. That others moved routes since
/// cannot be known, which status and log say; so nobody starts like that unless the file asks for
/// it (`proxy.journal.cache`).
extension CutoverRunner {
  /// Takes the cache for the journal that could not be read.
  ///
  /// - Throws: `failure` where there is no cache to go by, or where the journal can be reached and
  ///   is none to rely on.
  func standIn(for failure: any Error) async throws {
    guard let cache, isShared,
      [.unusable, .timedOut].contains((failure as? CutoverJournalError)?.code)
    else { throw failure }
    let cached: CachedJournal
    do {
      cached = try await cache.load(installation: journal.installation)
    } catch {
      logger.critical("journal cache cannot be used", metadata: ["error": "\(error)"])
      throw failure
    }
    adopt(cached)
    let since = Timestamp.text(cached.time)
    logger.critical(
      "started without the journal: routes stand where they stood by this proxy's cache",
      metadata: [
        "entry": "\(cached.sequence)", "cached-at": "\(since)", "reason": "\(failure)",
      ])
    sharing.cached =
      "started without the journal, from entry \(cached.sequence) as cached at \(since); what "
      + "others did since is not known here"
    isCutOff("\(failure)")
  }

  /// Writes down what is known of the journal, beside everything else.
  func keepCache() {
    guard let cache, isShared, sharing.cutOff == nil, let chain else { return }
    let known = CachedJournal(
      installation: journal.installation, chain: chain, replay: replay, time: unixMilliseconds())
    Task { [logger] in
      do {
        try await cache.save(known)
      } catch {
        logger.error("journal cache cannot be written", metadata: ["error": "\(error)"])
      }
    }
  }
}
