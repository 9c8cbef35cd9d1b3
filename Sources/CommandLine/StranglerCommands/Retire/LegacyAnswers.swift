// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// When legacy last answered a request of each route, out of access logs of the proxy.
struct LegacyAnswers {
  private static let chunk = 1 << 20
  /// A line that is longer is none of the proxy's.
  private static let longestLine = 1 << 20
  private static let lineBreak: UInt8 = 0x0A
  /// Lines without one of them say nothing of legacy.
  private static let marks = [Data(#""side":"legacy""#.utf8), Data(#""fallback":true"#.utf8)]

  private struct Line: Decodable {
    let time: String
    let route: String?
  }

  /// The oldest time of all files: from then on every request is known.
  private(set) var begin: Int64?
  /// By route, milliseconds since 1970.
  private(set) var last: [String: Int64] = [:]

  init(_ files: [String]) throws {
    for file in files { try read(file) }
    guard begin != nil else {
      throw CommandFailure.unusable(
        "\(files.joined(separator: ", ")): no line is one of the proxy's access log")
    }
  }

  private mutating func read(_ file: String) throws {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw CommandFailure.unusable("cannot read \(file); name an access log of the proxy")
    }
    defer { try? handle.close() }
    var rest = Data()
    var isFirst = true
    do {
      while let more = try handle.read(upToCount: Self.chunk), !more.isEmpty {
        rest += more
        var begin = rest.startIndex
        while let end = rest[begin...].firstIndex(of: Self.lineBreak) {
          take(rest[begin..<end], isFirst: isFirst)
          isFirst = false
          begin = end + 1
        }
        rest = Data(rest[begin...])
        guard rest.count <= Self.longestLine else { break }
      }
    } catch {
      throw CommandFailure.unusable("cannot read \(file): \(error.localizedDescription)")
    }
  }

  private mutating func take(_ line: Data, isFirst: Bool) {
    guard isFirst || Self.marks.contains(where: { line.range(of: $0) != nil }),
      let found = try? JSONDecoder().decode(Line.self, from: line),
      let time = LoggedTime.milliseconds(found.time)
    else { return }
    begin = min(begin ?? time, time)
    guard let route = found.route, Self.marks.contains(where: { line.range(of: $0) != nil }) else {
      return
    }
    last[route] = max(last[route] ?? time, time)
  }
}

/// Times as journals and logs write them, such as `2026-11-23T12:00:00.250Z`.
enum LoggedTime {
  /// Since 1970; nil for what is no such time.
  static func milliseconds(_ text: String) -> Int64? {
    let parts = text.split(separator: ".", maxSplits: 1)
    guard let whole = parts.first, text.hasSuffix("Z") else { return nil }
    let seconds = try? Date(
      whole.hasSuffix("Z") ? String(whole) : whole + "Z", strategy: .iso8601)
    guard let seconds else { return nil }
    let fraction = parts.count > 1 ? Double("0." + parts[1].dropLast()) ?? 0 : 0
    return Int64(seconds.timeIntervalSince1970 * 1_000) + Int64(fraction * 1_000)
  }
}
