// SPDX-License-Identifier: Apache-2.0

import Foundation
public import MessageContracts

/// A folder of contracts as it lies on the disk.
public enum ContractFolder {
  /// Most files, and largest of them in bytes.
  private static let fileLimit = 10_000
  private static let byteLimit = 1 << 20

  /// Why a folder cannot be read.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let description: String
  }

  /// Every file of the folder and those below it that ends in `.json`, in the order of their paths.
  /// What begins with a dot is passed over.
  ///
  /// - Throws: `Problem` where the folder or a file cannot be read, and beyond 10,000 files or
  ///   1 MiB in one.
  public static func files(_ folder: String) throws(Problem) -> [ContractFile] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
      isFolder.boolValue, let paths = FileManager.default.enumerator(atPath: folder)
    else {
      throw Problem(
        description: """
          there is no folder \(folder) with contracts; a contract lies at \
          \(folder)/AGGREGATE/EVENT/VERSION.json
          """)
    }
    var files: [ContractFile] = []
    for case let path as String in paths
    where path.hasSuffix(".json")
      && !path.split(separator: "/").contains(where: { $0.hasPrefix(".") })
    {
      guard files.count < fileLimit else {
        throw Problem(description: "\(folder) has more than \(fileLimit) files")
      }
      files.append(ContractFile(path: path, bytes: try bytes(folder + "/" + path)))
    }
    return files.sorted { $0.path < $1.path }
  }

  /// A file of at most 1 MiB.
  public static func bytes(_ file: String) throws(Problem) -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: file))
      defer { try? handle.close() }
      let data = try handle.read(upToCount: byteLimit + 1) ?? Data()
      if data.count <= byteLimit { return Array(data) }
    } catch {
      throw Problem(description: "cannot read \(file): \(error.localizedDescription)")
    }
    throw Problem(description: "\(file) has more than \(byteLimit) bytes")
  }
}

extension EventContracts {
  /// Reads the contracts of a folder, `AGGREGATE/EVENT/VERSION.json` each.
  ///
  /// - Throws: `ContractFolder.Problem` where it cannot be read, `UnusableContracts` with all
  ///   that is wrong with what it holds.
  public init(folder: String, undescribed: Undescribed = .refused) throws {
    try self.init(ContractFolder.files(folder), undescribed: undescribed)
  }
}
