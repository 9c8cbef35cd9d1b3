// SPDX-License-Identifier: Apache-2.0

/// Which servers are asked, as `/etc/resolv.conf` says it.
///
/// Search domains do not matter here: names of services are asked for as they are.
package struct ResolverSettings: Sendable, Equatable {
  /// A server of names.
  package struct Server: Sendable, Equatable, CustomStringConvertible {
    /// An address, an IPv6 one without brackets.
    package let address: String
    package let port: Int

    /// Reads `10.0.0.2`, `10.0.0.2:5353`, `fd00::2` or `[fd00::2]:5353`; what it names is not
    /// looked at.
    package init(_ text: String) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
        address = String(text[text.index(after: text.startIndex)..<end])
        port = Int(text[end...].dropFirst(2)) ?? Self.usual
      } else if parts.count == 2, let port = Int(parts[1]) {
        (address, self.port) = (String(parts[0]), port)
      } else {
        (address, port) = (text, Self.usual)
      }
    }

    private static let usual = 53

    package var description: String {
      address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
  }

  /// Most servers that count, as for the system's resolver.
  private static let most = 3

  /// This machine's own where the file names none.
  package var servers: [Server]
  /// How long each may take, in milliseconds.
  package var timeout: UInt64
  /// How often all of them are asked.
  package var attempts: Int

  package init(servers: [String], timeout: UInt64 = 2_000, attempts: Int = 2) {
    self.servers = servers.map(Server.init)
    self.timeout = timeout
    self.attempts = attempts
  }

  /// Reads the file's text; what it does not say is as by default, and what is unknown is skipped.
  package init(parsing text: String) {
    self.init(servers: [])
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace)
      if words.first == "options" {
        for option in words.dropFirst() { take(option) }
      } else if words.first == "nameserver", words.count > 1, servers.count < Self.most {
        servers.append(Server(String(words[1])))
      }
    }
    if servers.isEmpty { servers = [Server("127.0.0.1")] }
  }

  private mutating func take(_ option: Substring) {
    let parts = option.split(separator: ":")
    guard parts.count == 2, let number = Int(parts[1]), number > 0 else { return }
    switch parts[0] {
    case "timeout": timeout = UInt64(min(number, 30)) * 1_000
    case "attempts": attempts = min(number, 5)
    default: break
    }
  }
}
