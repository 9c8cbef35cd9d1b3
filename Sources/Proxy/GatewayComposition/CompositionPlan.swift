// SPDX-License-Identifier: Apache-2.0

/// An answer made of several: which upstreams are asked, at the same time, and what their JSON
/// answers become together.
public struct CompositionPlan: Sendable, Equatable {
  /// Most parts of one answer: each is a request of its own at the same time.
  public static let mostParts = 16

  /// The parts, in the order in which they are asked.
  public var parts: [CompositionPart]
  /// What the client gets.
  public var answer: AnswerTemplate
  /// Time for all parts together, fallbacks included; nil leaves each part its own.
  public var deadline: Duration?

  /// Creates a plan; without a template each part stands under its own name.
  public init(
    parts: [CompositionPart], answer: AnswerTemplate? = nil, deadline: Duration? = nil
  ) {
    self.parts = parts
    self.answer = answer ?? AnswerTemplate(parts: parts.map(\.name))
    self.deadline = deadline
  }

  /// Names of the upstreams that it asks.
  public var upstreams: [String] {
    parts.flatMap { part in [part.upstream] + [part.fallback?.upstream].compactMap(\.self) }
  }
}

/// One of the answers that are merged.
public struct CompositionPart: Sendable, Equatable {
  /// What stands in for a part that failed. The part is named in `_errors` all the same.
  public enum Fallback: Sendable, Equatable {
    /// A JSON text.
    case value(String)
    /// Another upstream, which is asked once the first one failed.
    case upstream(String, path: PartPath)

    /// The name of the upstream that is asked, if one is.
    public var upstream: String? {
      if case .upstream(let name, _) = self { name } else { nil }
    }
  }

  /// Most bytes of an answer that may be asked for: they are kept until the last part is there.
  public static let mostBytes = 16 << 20

  /// By which the template and `_errors` name it.
  public var name: String
  /// Name of the upstream that is asked: its breaker, its limits and its retries hold.
  public var upstream: String
  /// What it is asked for.
  public var path: PartPath
  /// Without it there is no answer; any other part may be absent.
  public var isRequired: Bool
  /// Time for its whole answer, retries included; ticks make it 20 ms longer at most.
  public var timeout: Duration
  /// Most bytes of its answer; a larger one failed.
  public var maximumBytes: Int
  /// What stands in for it when it failed.
  public var fallback: Fallback?
  /// What counts where its answer has no `Cache-Control`; nil lets nobody keep the whole then
  /// without asking again.
  public var cacheControl: CacheControl?

  /// Creates a part.
  public init(
    name: String, upstream: String, path: PartPath, isRequired: Bool = false,
    timeout: Duration = .seconds(5), maximumBytes: Int = 1 << 20, fallback: Fallback? = nil,
    cacheControl: CacheControl? = nil
  ) {
    self.name = name
    self.upstream = upstream
    self.path = path
    self.isRequired = isRequired
    self.timeout = timeout
    self.maximumBytes = maximumBytes
    self.fallback = fallback
    self.cacheControl = cacheControl
  }
}
