// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Walks the bodies of all files, and of those only where something may have changed when an
/// earlier run is known.
///
/// What a walk finds depends on its file and on what the table tells it. Of a file that is the same
/// as before, and in which no name stands whose meaning changed, the earlier signals hold.
struct BodyWalks {
  let table: SymbolTable
  let numbering: TypeNumbering
  let tableNames: TableNames
  let threads: Int

  /// Walks everything.
  func all(progress: (Int, Int) -> Void) -> [FileSignals] {
    walk(Array(table.files.indices), progress)
  }

  /// Walks what the cache does not answer, and brings the cache up to date.
  ///
  /// - Parameter files: content and names of each file; without them it is walked.
  /// - Returns: what was found by file, and whether the cache could be written, which is done while
  ///   nobody waits for it.
  func remaining(
    _ files: [ReadFile], cache: ResolutionCache, progress: (Int, Int) -> Void
  ) -> (signals: [FileSignals], isWritten: Background<Bool>) {
    let keys = ModelKeys(TableKeys(table), numbering)
    let print = FingerprintBuilder(table, tableNames, keys.table).fingerprint(threads: threads)
    let known = reusable(files, cache, keys, print)
    var signals = known.map { $0?.signals ?? FileSignals() }
    let stale = known.indices.filter { known[$0] == nil }
    let walked = walk(stale, progress)
    for (file, found) in zip(stale, walked) { signals[file] = found }
    let fresh = StackedThreads.map(walked, threads: threads) { _, found in
      SignalsWriter.bytes(of: found, keys)[...]
    }
    var bytesOfFile = known.map { $0?.bytes ?? [] }
    for (file, bytes) in zip(stale, fresh) { bytesOfFile[file] = bytes }
    var kept: [(key: UInt64, file: ResolutionCache.File)] = []
    for (index, bytes) in bytesOfFile.enumerated() {
      guard let content = files[index].content else { continue }
      kept.append(
        (
          keys.table.files[index],
          .init(content: content, visibility: print.visibility[index], signals: bytes)
        ))
    }
    let written = Background { [kept, table, numbering, tableNames] in
      let bytes = KeptTableWriter.bytes(table, numbering, tableNames, keys)
      return cache.replace(print: print, files: kept, table: bytes)
    }
    return (signals, written)
  }

  private struct Known: Sendable {
    var signals: FileSignals
    var bytes: ArraySlice<UInt8>
  }

  /// Earlier signals by file; `nil` where the file has to be walked.
  private func reusable(
    _ files: [ReadFile], _ cache: ResolutionCache, _ keys: ModelKeys, _ print: TableFingerprint
  ) -> [Known?] {
    guard let old = cache.print, let changed = ChangedNames(from: old, to: print)?.sorted else {
      return files.map { _ in nil }
    }
    let numbers = ModelNumbers(keys)
    let visibility = print.visibility
    let fileKeys = keys.table.files
    return StackedThreads.map(Array(files.indices), threads: threads) { _, index in
      guard let earlier = cache.files[fileKeys[index]], let content = files[index].content,
        let names = files[index].names, earlier.content == content,
        earlier.visibility == visibility[index], !changed.contains(where: names.contains),
        var reader = try? SignalsReader(earlier.signals, file: FileID(index), numbers),
        let signals = try? reader.signals()
      else { return nil }
      return Known(signals: signals, bytes: earlier.signals)
    }
  }

  func walk(_ files: [Int], _ progress: (Int, Int) -> Void) -> [FileSignals] {
    StackedThreads.map(files, threads: threads) { completed in
      progress(completed, files.count)
    } _: { [table, numbering, tableNames] _, file in
      var inference = BodyInference(
        table: table, numbering: numbering, tableNames: tableNames, file: file)
      inference.walkFile()
      inference.signals.sortReferences()
      return inference.signals
    }
  }
}
