// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

/// The `--output` option: where a command's answer goes.
struct OutputOption: ParsableArguments {
  @Option(
    name: .customLong("output"),
    help: ArgumentHelp("File to write to instead of standard output, which - means too."))
  var named: String?

  /// The file; nil for standard output.
  var file: String? { named == Self.standardOutput ? nil : named }

  /// What stands for standard output.
  static let standardOutput = "-"

  /// Whether two paths name one file, that need not be there yet.
  static func isSame(_ one: String, _ other: String) -> Bool { resolved(one) == resolved(other) }

  /// A path as seen from a folder: relative to it for what lies below, else absolute.
  static func path(of file: String, from folder: String) -> String {
    let (file, folder) = (resolved(file), resolved(folder))
    let root = folder.hasSuffix("/") ? folder : folder + "/"
    return file.hasPrefix(root) ? String(file.dropFirst(root.count)) : file
  }

  private static func resolved(_ path: String) -> String {
    let file = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath()
    return file.deletingLastPathComponent().resolvingSymlinksInPath()
      .appending(path: file.lastPathComponent).path(percentEncoded: false)
  }

  /// Writes the whole answer; a file is there completely or not at all.
  func deliver(_ text: String) throws {
    guard let file else { return Terminal.standardOutput.write(text) }
    try Self.write(text, to: file)
  }

  /// Writes a file, completely or not at all; `-` is standard output. A device or a pipe is written
  /// to, never replaced.
  static func write(_ text: String, to file: String) throws {
    guard file != standardOutput else { return Terminal.standardOutput.write(text) }
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: URL(filePath: file).resolvingSymlinksInPath().path(percentEncoded: false))
    let type = attributes?[.type] as? FileAttributeType
    guard type != .typeDirectory else {
      throw CommandFailure.unusable("cannot write \(file): it is a folder; name a file in it")
    }
    do {
      try Data(text.utf8).write(
        to: URL(filePath: file), options: type == nil || type == .typeRegular ? .atomic : [])
    } catch {
      throw CommandFailure.unusable("cannot write \(file): \(error.localizedDescription)")
    }
  }
}
