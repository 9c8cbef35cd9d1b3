// SPDX-License-Identifier: Apache-2.0

import NIOPosix
import Synchronization

/// Looks up host names with the system's resolver, which may take its time and cannot be stopped.
///
/// It has threads of its own, so that names whose servers do not answer delay nobody else, and asks
/// for one name once at a time, however many want to know. Who waits can stop to wait; an answer
/// that comes later still reaches whom it is for.
final class NameResolver: Sendable {
  typealias Find = @Sendable (_ host: String) -> [String]

  /// Names that are looked up at a time; further ones wait in line, each at most once.
  static let concurrentLookups = 16

  /// The one of the process.
  static let system = NameResolver { NameLookup.addresses(of: $0) }

  private let find: Find
  private let threads: NIOThreadPool
  private let state = Mutex(State())

  private struct State {
    /// Whom to tell, by the names that are looked up.
    var underWay: [String: [@Sendable ([String]) -> Void]] = [:]
    /// Many proxies know no name at all.
    var hasThreads = false
  }

  init(threads: Int = concurrentLookups, _ find: @escaping Find) {
    self.find = find
    self.threads = NIOThreadPool(numberOfThreads: threads)
  }

  deinit { threads.shutdownGracefully { _ in } }

  /// Looks a host up; `found` is called once, on a thread of the resolver, whenever that ends.
  ///
  /// A host that is looked up already brings both the same answer.
  func lookUp(_ host: String, _ found: @escaping @Sendable ([String]) -> Void) {
    let isFirst = state.withLock { state in
      if !state.hasThreads { threads.start() }
      state.hasThreads = true
      state.underWay[host, default: []].append(found)
      return state.underWay[host]?.count == 1
    }
    guard isFirst else { return }
    threads.submit { [self] _ in
      let addresses = find(host)
      let waiting = state.withLock { $0.underWay.removeValue(forKey: host) ?? [] }
      for tell in waiting { tell(addresses) }
    }
  }
}
