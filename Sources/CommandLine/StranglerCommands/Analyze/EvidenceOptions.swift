// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import SourceScanning

/// What an analysis reads besides the sources, and what it keeps.
struct EvidenceOptions: ParsableArguments {
  @Flag(help: "Ask the compiler, module by module and without dependencies; takes longer.")
  var precise = false

  @Option(
    help: ArgumentHelp(
      "Index store of a build; else the newest in the folder's .build, if any.", valueName: "dir"))
  var indexStore: String?

  @Flag(name: .customLong("no-index"), help: "Read no index of a build.")
  var noIndex = false

  @Flag(name: .customLong("no-git"), help: "Do not read which files change together.")
  var noGit = false

  @Flag(name: .customLong("no-cache"), help: "Parse everything anew and keep nothing.")
  var noCache = false

  func validate() throws {
    if precise, indexStore != nil {
      throw ValidationError("--precise and --index-store exclude each other")
    }
    if noIndex, precise || indexStore != nil {
      throw ValidationError("--no-index excludes --precise and --index-store")
    }
  }

  func apply(to options: inout ScanOptions) {
    options.readsHistory = !noGit
    options.cacheFolder = noCache ? nil : ScanOptions.userCacheFolder
    if precise {
      options.index = .check
    } else if let indexStore {
      options.index = .store(indexStore)
    } else {
      options.index = noIndex ? .none : .found
    }
  }
}
