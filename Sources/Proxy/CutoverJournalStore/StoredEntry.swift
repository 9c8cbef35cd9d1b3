// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl

/// A row of the table of entries, whichever database keeps it.
struct StoredEntry {
  let sequence: Int64
  let hash: String
  /// What was hashed.
  let bytes: [UInt8]

  /// The entry; throws `CutoverJournalError` when the row is not what was written.
  var entry: JournalEntry {
    get throws {
      do {
        guard let hash = JournalHash(hash) else { throw JournalEncoding.Failure.malformed }
        let entry = try JournalEncoding.entry(bytes, hash: hash)
        guard Int64(clamping: entry.sequence) == sequence else {
          throw JournalEncoding.Failure.malformed
        }
        return entry
      } catch JournalEncoding.Failure.otherVersion {
        throw CutoverJournalError(
          .newerFormat, "entry \(sequence) is not of a format that this version reads")
      } catch {
        throw CutoverJournalError(
          .broken, "the journal is not what was written; nothing in it is relied on",
          cause: JournalFault(sequence: UInt64(clamping: sequence), reason: .content))
      }
    }
  }
}
