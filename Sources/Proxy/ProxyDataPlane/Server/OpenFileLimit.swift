// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// How many files, sockets included, the process may have open.
public enum OpenFileLimit {
  /// Files besides connections: listeners, loops, logs, the admin API.
  private static let others = 256

  /// Raises the limit as far as the system lets this process.
  ///
  /// - Returns: the limit in force.
  public static func raise() -> Int {
    var limit = rlimit()
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let resource = RLIMIT_NOFILE
    #endif
    guard getrlimit(resource, &limit) == 0 else { return .max }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    #if canImport(Darwin)
      // An infinite limit is refused there.
      raised.rlim_cur = min(raised.rlim_cur, rlim_t(OPEN_MAX))
    #endif
    if setrlimit(resource, &raised) == 0 { limit = raised }
    return Int(clamping: limit.rlim_cur)
  }

  /// What to tell whoever runs the proxy; nil when the limit is enough.
  ///
  /// A client needs one file, and each request in flight one more.
  public static func warning(_ configuration: ProxyConfiguration, limit: Int) -> String? {
    let clients = configuration.limits.clientConnections
    let needed = 2 * clients + others
    if limit >= needed { return nil }
    let possible = max(0, (limit - others) / 2)
    return
      "limits.client-connections allows \(clients) clients, which may need \(needed) open files, "
      + "but the limit is \(limit): raise it (LimitNOFILE in systemd, ulimit -Hn in a shell), or lower "
      + "client-connections to \(possible)"
  }
}
