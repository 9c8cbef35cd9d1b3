// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The file in which a proxy keeps what it knows of the journal that it shares.
package actor JournalCache {
  /// Largest file that is read, in bytes.
  private static let largest = 64 << 20

  private let path: String
  /// The end that is in the file.
  private var written: JournalChain?

  package init(path: String) { self.path = path }

  /// - Throws: what says why there is none to go by.
  func load(installation: String) throws -> CachedJournal {
    let data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    guard data.count <= Self.largest else {
      throw CutoverJournalError(.broken, "it has \(data.count) bytes")
    }
    let cached = try CachedJournal(
      json: String(decoding: data, as: UTF8.self), installation: installation)
    written = cached.chain
    return cached
  }

  /// Puts it in the former one's place; whoever reads finds one of the two. A file that cannot be
  /// written keeps nobody from anything but the next start without the journal.
  func save(_ journal: CachedJournal) throws {
    guard let chain = journal.chain, chain != written else { return }
    let url = URL(filePath: path)
    try Data(journal.json.utf8).write(to: url, options: .atomic)
    // Who moved what is not everybody's to read.
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    written = chain
  }
}
