// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import SourceScanning

/// What an analysis reads besides the sources, and what it keeps.
struct EvidenceOptions: ParsableArguments {
  @Flag(help: "Ask the compiler, module by module and without dependencies; takes longer.")
  var precise = false

  @Option(help: ArgumentHelp("Take references from the index store of a build.", valueName: "dir"))
  var indexStore: String?

  @Flag(help: "Take references from the newest index in the folder's .build; build first.")
  var index = false

  @Flag(name: .customLong("no-git"), help: "Do not read which files change together.")
  var noGit = false

  @Flag(name: .customLong("no-cache"), help: "Parse everything anew and keep nothing.")
  var noCache = false

  func validate() throws {
    if precise, indexStore != nil {
      throw ValidationError("--precise and --index-store exclude each other")
    }
    if index, precise || indexStore != nil {
      throw ValidationError("--index excludes --precise and --index-store")
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
      // Asked for: what a build covers differs from one checkout to the next, and what was edited
      // since is not in it.
      options.index = index ? .found : .none
    }
  }
}
