// SPDX-License-Identifier: Apache-2.0

internal import ProxyDataPlane
internal import RoutingDecisions

#if canImport(Glibc)
  internal import Glibc
#endif

/// Whose program listens on an address of this machine.
enum AddressHolder: Equatable {
  /// One of this process's user, or the system's own.
  case own
  case stranger(user: UInt32)
  case nobody

  /// Asks the kernel. Only Linux tells, and a process can only be taken over there.
  static func of(_ address: NetworkAddress) -> AddressHolder {
    #if os(Linux)
      let users = ListenerTable.users(listeningOn: address)
      // Of several nobody knows who would be reached.
      if let stranger = users.first(where: { $0 != geteuid() && $0 != 0 }) {
        return .stranger(user: stranger)
      }
      return users.isEmpty ? .nobody : .own
    #else
      return .own
    #endif
  }
}
