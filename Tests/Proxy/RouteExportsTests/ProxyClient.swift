// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerPrograms

/// Sends requests one after another on a connection that is kept, and opens another one where the
/// server ends it.
struct ProxyClient {
  /// Who answered: the status, and the name of the upstream if one did.
  struct Answer: Hashable, CustomStringConvertible {
    var status: Int
    var upstream: String?

    var description: String { upstream ?? "\(status)" }
  }

  private let port: Int
  private var connection: (socket: LoopbackSocket, reader: HeadReader)?

  init(_ port: Int) { self.port = port }

  mutating func ask(_ head: String) throws -> Answer {
    // A server may end a connection that rests, at any time.
    if connection != nil, let answer = try? exchange(head) { return answer }
    connection = nil
    return try exchange(head)
  }

  private mutating func exchange(_ head: String) throws -> Answer {
    var (socket, reader): (LoopbackSocket, HeadReader)
    if let connection {
      (socket, reader) = connection
    } else {
      socket = try LoopbackSocket.connected(to: port)
      reader = HeadReader(socket)
    }
    connection = nil
    try socket.write(head)
    guard let answer = try reader.next(), let status = Int(answer.dropFirst(9).prefix(3)) else {
      throw Program.Failure(description: "no answer to \(head)")
    }
    // HEAD tells a length and sends nothing.
    if !head.hasPrefix("HEAD "), let length = answer.field("content-length").flatMap(Int.init) {
      _ = try reader.body(length)
    }
    let isOver =
      answer.field("connection")?.lowercased() == "close"
      || answer.field("transfer-encoding") != nil
    if !isOver { connection = (socket, reader) }
    return Answer(status: status, upstream: answer.field("x-upstream"))
  }

  /// The answers to all, in order, asked on several connections at once.
  static func ask(_ heads: [String], port: Int, connections: Int = 4) async throws -> [Answer] {
    let share = (heads.count + connections - 1) / connections
    let parts = try await withThrowingTaskGroup(of: (Int, [Answer]).self) { group in
      for start in stride(from: 0, to: heads.count, by: share) {
        group.addTask {
          try await onThread {
            var client = ProxyClient(port)
            return (start, try heads[start...].prefix(share).map { try client.ask($0) })
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
  }

  /// Blocking work, away from the threads that tasks share.
  private static func onThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { waiter in
      Thread { waiter.resume(with: Result(catching: work)) }.start()
    }
  }
}
