// SPDX-License-Identifier: Apache-2.0

/// What to read and how.
public struct ScanOptions: Sendable {
  /// Parse and resolve on this many threads; the result does not depend on it.
  public var threads: Int
  /// Also read files in folders named `Tests` or ending in `Tests`.
  public var includeTests: Bool
  /// Also read files that a generator wrote, such as `*.pb.swift` or those marked `DO NOT EDIT`.
  public var includeGenerated: Bool
  /// Files to leave out, by path relative to the folder: `*` stands for anything in a name, `**`
  /// for any folders; a name without `/` matches anywhere.
  public var ignoredPaths: [String]
  /// Types whose members are told one by one though they have few, as module and qualified name. A
  /// scan for them keeps nothing of what it concludes.
  public var toldTypes: Set<String> = []
  /// Value that `#if os(...)` is evaluated for.
  public var platform: String
  /// Names that `#if NAME` finds defined.
  public var defines: Set<String>
  /// Also read from git which files change together and by whom.
  public var readsHistory: Bool
  /// What the compiler is asked.
  public var index: CompilerIndexUse
  /// Folder for facts that are kept from run to run; nothing is kept where there is none. The
  /// result does not depend on it.
  public var cacheFolder: String?
  /// Files above this size are reported and left out. In bytes.
  public var maximumFileBytes: Int

  /// Creates options; the defaults read product code for Linux on one thread a processor.
  public init(
    threads: Int = SourceScanner.availableProcessors, includeTests: Bool = false,
    includeGenerated: Bool = false, ignoredPaths: [String] = [], platform: String = "Linux",
    defines: Set<String> = ["SWIFT_PACKAGE", "DEBUG"], readsHistory: Bool = false,
    index: CompilerIndexUse = .none,
    cacheFolder: String? = nil, maximumFileBytes: Int = 16 << 20
  ) {
    self.threads = threads
    self.includeTests = includeTests
    self.includeGenerated = includeGenerated
    self.ignoredPaths = ignoredPaths
    self.platform = platform
    self.defines = defines
    self.readsHistory = readsHistory
    self.index = index
    self.cacheFolder = cacheFolder
    self.maximumFileBytes = maximumFileBytes
  }
}

/// Where references come from besides syntax. What the compiler knows overrides what syntax
/// suggests.
public enum CompilerIndexUse: Sendable, Equatable {
  /// Syntax alone.
  case none
  /// The newest index that a build left in the folder's `.build`, if there is one.
  case found
  /// The index store at a path; it is an error when it cannot be read.
  case store(String)
  /// An index made by checking each module without its dependencies: no build, but a toolchain, and
  /// seconds for each hundred files.
  case check
}

extension ScanOptions {
  /// Where this user's caches belong; `nil` where the system names no such folder.
  public static var userCacheFolder: String? { FactsCache.userFolder }
}

/// How far a scan has come.
public struct ScanProgress: Sendable, Equatable {
  /// What is being done.
  public enum Phase: String, Sendable {
    /// Looking for Swift files.
    case discovering
    /// Reading and parsing them.
    case parsing
    /// Finding out what names mean.
    case resolving
    /// Reading version control.
    case history
    /// Asking the compiler.
    case indexing
  }
  /// The current phase.
  public var phase: Phase
  /// Files done in this phase.
  public var completed: Int
  /// Files in all.
  public var total: Int
  /// Creates a value.
  public init(phase: Phase, completed: Int, total: Int) {
    self.phase = phase
    self.completed = completed
    self.total = total
  }
}

/// Why a folder could not be scanned at all. Trouble with single files is a finding instead.
public struct ScanError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong.
  public enum Code: String, Sendable {
    /// Nothing exists at the path.
    case missing
    /// The path names a file.
    case notAFolder
    /// The folder cannot be listed.
    case unreadable
    /// No Swift file to read in it.
    case noSources
    /// The index that was asked for cannot be read.
    case indexUnavailable
  }
  /// What is wrong.
  public var code: Code
  /// The folder as it was given.
  public var folder: String
  /// Files that options left out, which explains a folder without sources.
  public var leftOut: Int
  /// What is missing, where an index cannot be read.
  public var reason: String
  /// Creates an error.
  public init(code: Code, folder: String, leftOut: Int = 0, reason: String = "") {
    self.code = code
    self.folder = folder
    self.leftOut = leftOut
    self.reason = reason
  }

  /// One sentence: what is wrong, where, and what to do.
  public var description: String {
    switch code {
    case .missing: "no such folder: \(folder); give the path of a Swift package or source folder"
    case .notAFolder: "\(folder) is a file; give the folder that holds the sources"
    case .unreadable: "cannot list \(folder); check its permissions"
    case .indexUnavailable: "no compiler's index for \(folder): \(reason)"
    case .noSources:
      leftOut == 0
        ? "no Swift files in \(folder); give the path of a Swift package or source folder"
        : "no Swift files in \(folder) except \(leftOut) test, generated or ignored ones; include those to scan them"
    }
  }
}
