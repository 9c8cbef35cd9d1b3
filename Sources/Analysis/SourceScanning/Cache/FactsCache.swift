// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Synchronization

/// Facts of files by the hash of their content, kept in one file from run to run.
///
/// Parsing is most of the work of a scan, and between two runs few files change. The cache never
/// decides anything: what it does not hold, or what is damaged, is parsed. Only plain values are
/// kept, never trees.
///
/// The file: `magic program fingerprint`, then for each entry its content's hash, its length, a
/// check sum and the bytes. Few new entries are appended in one piece, many replace the file as a
/// whole. A run that is cut off leaves the old file, or one whose end the next run finds damaged.
struct FactsCache: Sendable {
  private static let magic: UInt64 = 0x7374_6e67_6c66_6163
  /// A larger file is not read. In bytes.
  private static let fileLimit = 2 << 30
  /// Part of the file that entries may take which nobody asks for any more, before it is replaced.
  private static let wasteShare = 0.5

  enum State: Sendable, Equatable {
    /// There was nothing to read.
    case absent
    case usable
    /// Written by another build or for another platform: to be replaced.
    case outdated
    case damaged
  }

  let path: String
  private(set) var state = State.absent
  private let program: UInt64
  private let fingerprint: UInt64
  private var entries: [ContentHash: Entry] = [:]
  private var fileBytes = 0
  private let damage = Damage()

  private struct Entry: Sendable {
    var payload: ArraySlice<UInt8>
    var sum: UInt64

    func isSound(_ hash: ContentHash) -> Bool { FactsCache.sum(of: payload, hash) == sum }
  }

  /// Whether an entry was found that is not what was written. Entries are checked by whoever asks
  /// for them, on all threads.
  private final class Damage: Sendable {
    private let isFound = Atomic(false)

    func note() { isFound.store(true, ordering: .relaxed) }
    var isNoted: Bool { isFound.load(ordering: .relaxed) }
  }

  /// - Parameters:
  ///   - folder: where cache files live; made when something is written.
  ///   - root: the scanned folder, which has a cache file of its own.
  ///   - conditions: what the facts depend on besides the content and the program.
  ///   - program: stands for the build that reads and writes.
  ///   - stored: what the file holds, where somebody has read it.
  init(
    folder: String, root: String, conditions: BuildConditions, program: UInt64,
    stored: Background<[UInt8]?>? = nil
  ) {
    self.program = program
    path = Self.path(folder: folder, root: root)
    fingerprint = ContentHash(conditions.identity.utf8).low
    guard let bytes = stored.map(\.result) ?? Self.bytes(folder: folder, root: root) else {
      return
    }
    state = .usable
    fileBytes = bytes.count
    do throws(DamagedBytes) { try readEntries(bytes[...]) } catch {
      entries = [:]
      state = .damaged
    }
  }

  static func path(folder: String, root: String) -> String {
    let name = ContentHash(root.utf8)
    return folder + "/facts-" + String(name.high ^ name.low, radix: 16) + ".cache"
  }

  /// What the file of a scanned folder holds.
  static func bytes(folder: String, root: String) -> [UInt8]? {
    let path = path(folder: folder, root: root)
    guard let size = FileStatus(path: path)?.bytes, size <= fileLimit else { return nil }
    return FileBytes.contents(of: path, expected: size)
  }

  private mutating func readEntries(_ bytes: ArraySlice<UInt8>) throws(DamagedBytes) {
    var reader = ByteReader(bytes)
    guard try reader.fixed() == Self.magic else { throw DamagedBytes() }
    guard try reader.fixed() == program, try reader.fixed() == fingerprint else {
      state = .outdated
      return
    }
    while reader.remaining > 0 {
      let hash = ContentHash(high: try reader.fixed(), low: try reader.fixed())
      let length = try reader.fixed()
      let sum = try reader.fixed()
      guard let count = Int(exactly: length) else { throw DamagedBytes() }
      entries[hash] = Entry(payload: try reader.raw(count), sum: sum)
    }
  }

  private static func sum(of payload: ArraySlice<UInt8>, _ hash: ContentHash) -> UInt64 {
    ContentHash(payload).low ^ hash.high ^ (hash.low << 1 | hash.low >> 63)
  }

  /// Number of contents whose facts are known.
  var count: Int { entries.count }

  /// What is known of a content, but for its facts where nobody has to tell of problems, and its
  /// bytes for the next cache file.
  func file(
    _ hash: ContentHash, path: String, module: String
  ) -> (file: ReadFile, payload: ArraySlice<UInt8>)? {
    guard let entry = entries[hash] else { return nil }
    guard entry.isSound(hash),
      var file = try? ReadFile(path: path, module: module, headOf: entry.payload)
    else {
      damage.note()
      return nil
    }
    file.content = hash
    return (file, entry.payload)
  }

  /// The cache of what is concluded from the facts, for the same folder and the same conditions.
  ///
  /// - Parameter stored: what its file holds, where somebody has read it.
  func resolution(_ stored: Background<ResolutionCache.Stored?>? = nil) -> ResolutionCache {
    var both = StableHash()
    both.add(program)
    both.add(fingerprint)
    return ResolutionCache(beside: path, program: both.value, stored: stored)
  }

  /// Brings the cache file up to date.
  ///
  /// - Returns: what somebody who wonders about the time should know.
  func update(with kept: [FileReader.Kept]) -> [Finding] {
    var findings: [Finding] = []
    let hashes = Set(kept.map(\.hash))
    let isDamaged =
      state == .damaged || damage.isNoted
      || entries.contains { !hashes.contains($0.key) && !$0.value.isSound($0.key) }
    if isDamaged {
      findings.append(
        Finding(
          id: "cache-damaged", severity: .warning,
          message: "the cache \(path) was damaged; what it did not hold any more was parsed and "
            + "it was written anew"))
    }
    do {
      if state != .usable || isDamaged || isWasteful(hashes) {
        try replace(with: kept)
      } else {
        try append(kept.filter { entries[$0.hash] == nil })
      }
    } catch {
      findings.append(Self.notWritten(path))
    }
    return findings
  }

  static func notWritten(_ path: String) -> Finding {
    Finding(
      id: "cache-not-written", severity: .note,
      message: "the cache \(path) cannot be written; the next run will do its work again")
  }

  /// Whether too much of the file is what nobody asks for any more.
  private func isWasteful(_ kept: Set<ContentHash>) -> Bool {
    let waste = entries.reduce(0) { kept.contains($1.key) ? $0 : $0 + $1.value.payload.count }
    return Double(waste) > Self.wasteShare * Double(fileBytes)
  }

  private var header: [UInt8] {
    var writer = ByteWriter()
    for word in [Self.magic, program, fingerprint] { writer.write(fixed: word) }
    return writer.bytes
  }

  private static func write(_ kept: [FileReader.Kept], to writer: inout ByteWriter) {
    var written: Set<ContentHash> = []
    for entry in kept where written.insert(entry.hash).inserted {
      writer.write(fixed: entry.hash.high)
      writer.write(fixed: entry.hash.low)
      writer.write(fixed: UInt64(entry.payload.count))
      writer.write(fixed: sum(of: entry.payload, entry.hash))
      writer.write(raw: entry.payload)
    }
  }

  private func append(_ kept: [FileReader.Kept]) throws {
    guard !kept.isEmpty else { return }
    var writer = ByteWriter()
    Self.write(kept, to: &writer)
    // Another build may have replaced the file meanwhile; this one's facts do not belong there.
    try FileBytes.append(writer.bytes, to: path, ifItBeginsWith: header)
  }

  private func replace(with kept: [FileReader.Kept]) throws {
    var writer = ByteWriter()
    writer.write(raw: header)
    Self.write(kept, to: &writer)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(writer.bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  /// Where a user's caches belong: `XDG_CACHE_HOME`, else the platform's folder.
  static var userFolder: String? {
    let environment = ProcessInfo.processInfo.environment
    if let chosen = environment["XDG_CACHE_HOME"], chosen.hasPrefix("/") {
      return chosen + "/strangler"
    }
    return FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
      .map { $0.path + "/strangler" }
  }
}

extension BuildConditions {
  /// Everything that decides which clause of an `#if` is read.
  var identity: String {
    let parts = [
      [platform], defines.sorted(), modules.sorted(), languageVersion.map { String($0) },
    ]
    return parts.map { $0.joined(separator: ",") }.joined(separator: ";")
  }
}

extension ReadFile {
  /// What the cache is to hold of a file that was parsed: its names, its outline, its bodies.
  mutating func keep(as hash: ContentHash) -> ArraySlice<UInt8> {
    var outline = ByteWriter()
    outline.write(number: lines)
    outline.write(flag: isGenerated)
    outline.write(problems)
    facts.writeOutline(to: &outline)
    var bodies = ByteWriter()
    facts.body.write(to: &bodies)
    let names = FileNames([outline.texts, bodies.texts].joined())
    content = hash
    self.names = names
    var whole = ByteWriter()
    for part in [names.bytes, outline.bytes[...]] {
      whole.write(number: part.count)
      whole.write(raw: part)
    }
    whole.write(raw: bodies.bytes)
    return whole.bytes[...]
  }

  /// What `keep` has returned, without the facts.
  init(path: String, module: String, headOf kept: ArraySlice<UInt8>) throws(DamagedBytes) {
    var parts = ByteReader(kept)
    names = FileNames(bytes: try parts.raw(try parts.count()))
    var outline = ByteReader(try parts.raw(try parts.count()))
    facts = FileFacts(path: path, module: module)
    lines = try outline.number()
    isGenerated = try outline.flag()
    problems = try outline.list()
    if problems.isEmpty {
      self.kept = kept
    } else {
      self = try ReadFile(path: path, module: module, kept: kept)
    }
  }

  /// What `keep` has returned.
  init(path: String, module: String, kept: ArraySlice<UInt8>) throws(DamagedBytes) {
    var parts = ByteReader(kept)
    let names = try parts.raw(try parts.count())
    var outline = ByteReader(try parts.raw(try parts.count()))
    let lines = try outline.number()
    let isGenerated = try outline.flag()
    let problems: [Problem] = try outline.list()
    facts = try FileFacts(
      path: path, module: module, outline: &outline, bodies: try parts.raw(parts.remaining))
    guard outline.remaining == 0 else { throw DamagedBytes() }
    self.lines = lines
    self.isGenerated = isGenerated
    self.problems = problems
    self.names = FileNames(bytes: names)
  }
}

extension ReadFile.Problem: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .unreadable: bytes.write(tag: 0)
    case .tooLarge(let size):
      bytes.write(tag: 1)
      bytes.write(number: size)
    case .invalidUTF8: bytes.write(tag: 2)
    case .doesNotParse(let offset):
      bytes.write(tag: 3)
      bytes.write(number: Int(offset))
    case .tooDeep(let offset):
      bytes.write(tag: 4)
      bytes.write(number: Int(offset))
    case .bracketTower(let offset):
      bytes.write(tag: 5)
      bytes.write(number: Int(offset))
    case .longChain(let calls, let offset):
      bytes.write(tag: 6)
      bytes.write(number: calls)
      bytes.write(number: Int(offset))
    }
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .unreadable
      case 1: .tooLarge(bytes: try bytes.number())
      case 2: .invalidUTF8
      case 3: .doesNotParse(offset: try bytes.offset())
      case 4: .tooDeep(offset: try bytes.offset())
      case 5: .bracketTower(offset: try bytes.offset())
      case 6: .longChain(calls: try bytes.number(), offset: try bytes.offset())
      default: throw DamagedBytes()
      }
  }
}
