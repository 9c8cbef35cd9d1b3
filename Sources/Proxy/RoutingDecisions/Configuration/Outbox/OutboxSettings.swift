// SPDX-License-Identifier: Apache-2.0

/// What a configuration tells the relay of an outbox; the proxy has no use for it.
public struct OutboxSettings: Sendable, Equatable {
  /// A file of SQLite or a `postgresql://` address.
  public var database: String
  /// Name of the relay; each name has a cursor of its own.
  public var relay = "default"
  /// Where events go to; nil where the file only names the database.
  public var target: Target?
  /// Most events that are read at once.
  public var batch = 1_024
  /// Most events that are under way, one per aggregate; nil for what suits the target.
  public var concurrency: Int?
  /// Failed attempts after which an aggregate waits for an operator.
  public var attempts = 3
  /// How long another relay waits before it takes over from one that died.
  public var lease = Duration.seconds(10)
  /// An event that is not answered within this time counts as failed.
  public var timeout = Duration.seconds(30)
  /// Where the relay tells its metrics; nil for nowhere.
  public var metrics: NetworkAddress?
  /// Where the spans of published events go; nil for none.
  public var tracing: TracingConfiguration?

  /// Creates settings with the defaults above.
  public init(database: String) { self.database = database }

  /// Reads the key `outbox` of a document and nothing else; nil without it.
  ///
  /// `file` is the file's name as the user gave it, for the diagnostics.
  public static func decode(
    _ document: ConfigurationNode, file: String
  ) -> (settings: OutboxSettings?, diagnostics: [Diagnostic]) {
    let findings = Findings(file: file)
    let top = MappingReader.Child(key: "", node: document)
    guard var reader = MappingReader(top, expected: "a mapping with the key outbox", findings)
    else { return (nil, findings.diagnostics) }
    guard let outbox = reader.child("outbox") else {
      reader.missing("outbox", "{ database, publish }")
      return (nil, findings.diagnostics)
    }
    let settings = ConfigurationDecoder(findings).decodeOutbox(outbox)
    return (settings, findings.diagnostics)
  }
}
