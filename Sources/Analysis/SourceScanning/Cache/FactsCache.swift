// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation

/// Facts of files by the hash of their content, kept in one file from run to run.
///
/// Parsing is most of the work of a scan, and between two runs few files change. The cache never
/// decides anything: what it does not hold, or what is damaged, is parsed. Only plain values are
/// kept, never trees.
///
/// The file: `magic program fingerprint`, then for each entry its content's hash, its length, a
/// check sum and the bytes. It is replaced as a whole, so that a run that is cut off leaves the old
/// one.
struct FactsCache: Sendable {
  private static let magic: UInt64 = 0x7374_6e67_6c66_6163
  /// A larger file is not read. In bytes.
  private static let fileLimit = 2 << 30

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
  private var entries: [ContentHash: ArraySlice<UInt8>] = [:]

  /// - Parameters:
  ///   - folder: where cache files live; made when something is written.
  ///   - root: the scanned folder, which has a cache file of its own.
  ///   - conditions: what the facts depend on besides the content and the program.
  ///   - program: stands for the build that reads and writes.
  init(folder: String, root: String, conditions: BuildConditions, program: UInt64) {
    self.program = program
    let name = ContentHash(root.utf8)
    path = folder + "/facts-" + String(name.high ^ name.low, radix: 16) + ".cache"
    fingerprint = ContentHash(conditions.identity.utf8).low
    guard let size = FileStatus(path: path)?.bytes, size <= Self.fileLimit,
      let bytes = FileBytes.contents(of: path, expected: size)
    else { return }
    state = .usable
    do throws(DamagedBytes) { try readEntries(bytes[...]) } catch {
      entries = [:]
      state = .damaged
    }
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
      let payload = try reader.raw(count)
      guard Self.sum(of: payload, hash) == sum else { throw DamagedBytes() }
      entries[hash] = payload
    }
  }

  private static func sum(of payload: ArraySlice<UInt8>, _ hash: ContentHash) -> UInt64 {
    ContentHash(payload).low ^ hash.high ^ (hash.low << 1 | hash.low >> 63)
  }

  /// Number of contents whose facts are known.
  var count: Int { entries.count }

  /// What is known of a content, and its bytes for the next cache file.
  func file(
    _ hash: ContentHash, path: String, module: String
  ) -> (file: ReadFile, payload: ArraySlice<UInt8>)? {
    guard let payload = entries[hash] else { return nil }
    var reader = ByteReader(payload)
    guard let names = try? reader.raw(try reader.count()),
      var file = try? ReadFile(path: path, module: module, from: &reader)
    else { return nil }
    file.content = hash
    file.names = FileNames(bytes: names)
    return (file, payload)
  }

  /// The cache of what is concluded from the facts, for the same folder and the same conditions.
  var resolution: ResolutionCache {
    var both = StableHash()
    both.add(program)
    both.add(fingerprint)
    return ResolutionCache(beside: path, program: both.value)
  }

  /// Brings the cache file up to date.
  ///
  /// - Returns: what somebody who wonders about the time should know.
  func update(with kept: [FileReader.Kept]) -> [Finding] {
    var findings: [Finding] = []
    if state == .damaged {
      findings.append(
        Finding(
          id: "cache-damaged", severity: .warning,
          message: "the cache \(path) was damaged; everything was parsed and it was written anew"))
    }
    do { try replace(with: kept) } catch {
      findings.append(Self.notWritten(path))
    }
    return findings
  }

  static func notWritten(_ path: String) -> Finding {
    Finding(
      id: "cache-not-written", severity: .note,
      message: "the cache \(path) cannot be written; the next run will do its work again")
  }

  /// Writes what is kept, unless the file holds exactly that already.
  private func replace(with kept: [FileReader.Kept]) throws {
    let isSame =
      state == .usable && entries.count == Set(kept.map(\.hash)).count
      && kept.allSatisfy { entries[$0.hash] != nil }
    guard !isSame else { return }
    var writer = ByteWriter()
    for word in [Self.magic, program, fingerprint] { writer.write(fixed: word) }
    var written: Set<ContentHash> = []
    for entry in kept where written.insert(entry.hash).inserted {
      writer.write(fixed: entry.hash.high)
      writer.write(fixed: entry.hash.low)
      writer.write(fixed: UInt64(entry.payload.count))
      writer.write(fixed: Self.sum(of: entry.payload, entry.hash))
      writer.write(raw: entry.payload)
    }
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
  /// What the cache is to hold of a file that was parsed: its names, then its facts.
  mutating func keep(as hash: ContentHash) -> ArraySlice<UInt8> {
    var facts = ByteWriter()
    write(to: &facts)
    let names = FileNames(facts.texts)
    content = hash
    self.names = names
    var whole = ByteWriter()
    whole.write(number: names.bytes.count)
    whole.write(raw: names.bytes)
    whole.write(raw: facts.bytes)
    return whole.bytes[...]
  }

  func write(to bytes: inout ByteWriter) {
    bytes.write(number: lines)
    bytes.write(flag: isGenerated)
    bytes.write(problems)
    facts.write(to: &bytes)
  }

  init(path: String, module: String, from bytes: inout ByteReader) throws(DamagedBytes) {
    let lines = try bytes.number()
    let isGenerated = try bytes.flag()
    let problems: [Problem] = try bytes.list()
    facts = try FileFacts(path: path, module: module, from: &bytes)
    self.lines = lines
    self.isGenerated = isGenerated
    self.problems = problems
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
      default: throw DamagedBytes()
      }
  }
}
