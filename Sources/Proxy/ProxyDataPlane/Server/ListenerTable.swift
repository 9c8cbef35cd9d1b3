// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Glibc
  package import RoutingDecisions

  /// Who listens on TCP ports of this machine, or of this container, as the kernel tells.
  package enum ListenerTable {
    struct Entry {
      /// Address and port, in the kernel's hexadecimal digits.
      let address: Substring
      /// Who opened the socket.
      let user: UInt32
      let inode: UInt
    }

    static let files = ["/proc/self/net/tcp", "/proc/self/net/tcp6"]

    /// The users of the programs that a connection to this address may reach; none when nobody
    /// listens there.
    package static func users(listeningOn address: NetworkAddress) -> Set<UInt32> {
      let port = hexadecimal(UInt32(truncatingIfNeeded: address.port), digits: 4)
      let wanted = ipv4(address.host)
      var users: Set<UInt32> = []
      for entry in files.flatMap(entries(in:)) {
        guard let colon = entry.address.lastIndex(of: ":"),
          entry.address[entry.address.index(after: colon)...] == port
        else { continue }
        let host = entry.address[..<colon]
        // A name, or an address of IPv6, may be written in several ways: then any counts.
        if wanted.map({ host == $0 }) ?? true || host.allSatisfy({ $0 == "0" }) {
          users.insert(entry.user)
        }
      }
      return users
    }

    /// The lines in state 0A, which is listening.
    static func entries(in table: String) -> [Entry] {
      guard let file = fopen(table, "re") else { return [] }
      defer { fclose(file) }
      var found: [Entry] = []
      var line = [CChar](repeating: 0, count: 512)
      while fgets(&line, Int32(line.count), file) != nil {
        let text = String(
          decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let columns = text.split(separator: " ")
        guard columns.count > 9, columns[3] == "0A", let user = UInt32(columns[7]),
          let inode = UInt(columns[9])
        else { continue }
        found.append(Entry(address: columns[1], user: user, inode: inode))
      }
      return found
    }

    private static func ipv4(_ host: String) -> String? {
      // An `in_addr` is these four bytes in the network's order, as the table prints them.
      var address: UInt32 = 0
      guard inet_pton(AF_INET, host, &address) == 1 else { return nil }
      return hexadecimal(address, digits: 8)
    }

    private static func hexadecimal(_ number: UInt32, digits: Int) -> String {
      let text = String(number, radix: 16, uppercase: true)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
  }
#endif
