// SPDX-License-Identifier: Apache-2.0

public import ShadowComparison

/// `shadow` of a route: what of its traffic is sent to the extracted side as well, and how the two
/// answers are compared. The client's answer is never touched by it.
public struct ShadowConfiguration: Sendable, Equatable {
  /// What is done with the extracted side's answer.
  public enum Mode: String, Sendable, CaseIterable {
    /// Nothing is sent.
    case off
    /// It is thrown away: load without comparison.
    case mirror
    /// It is compared with legacy's.
    case compare
  }

  /// How much of the route's traffic is taken.
  public enum Sample: Sendable, Equatable {
    /// `percent`: that share of the requests.
    case percent(Percentage)
    /// `rate`: at most so many requests a second, evenly spread.
    case rate(Int)
  }

  /// `mode`.
  public var mode: Mode
  /// `percent` or `rate`; 100 % when neither is said.
  public var sample: Sample
  /// `writes`: requests with other methods than GET, HEAD and OPTIONS too. The extracted upstream
  /// must be a `sandbox`, since each write would happen on both sides.
  public var includesWrites: Bool
  /// `withhold`: fields that copies do not carry to the extracted side, such as `authorization`;
  /// none. Writes never carry credentials, whatever stands here.
  public var withhold: [String]
  /// `deadline`: how long the extracted side may take before a shadow is given up; 10 seconds.
  public var deadline: Duration
  /// `in-flight`: most shadows under way at once; further ones are dropped and counted; 32.
  public var inFlight: Int
  /// `compare-bytes`: answers up to this size are compared by content, larger ones by length and
  /// hash; requests with larger bodies are dropped and counted; 1 MiB.
  public var compareBytes: Int
  /// `body-bytes`: most bytes of all bodies kept at one moment; beyond it shadows are dropped and
  /// counted; 64 MiB.
  public var bodyBytes: Int
  /// `ask-again-percent`: largest share of the comparisons after which legacy is asked once more,
  /// to tell noise from behaviour; 5 %, and 50 times in any case.
  public var askAgain: Percentage
  /// `rules`: what is compared, left out and hidden.
  public var rules: ComparisonRules

  /// Creates a configuration; the defaults compare every read.
  public init(
    mode: Mode = .compare, sample: Sample = .percent(.full), includesWrites: Bool = false,
    withhold: [String] = [], deadline: Duration = .seconds(10), inFlight: Int = 32,
    compareBytes: Int = 1 << 20,
    bodyBytes: Int = 64 << 20, askAgain: Percentage = Percentage(hundredths: 500) ?? .zero,
    rules: ComparisonRules = ComparisonRules()
  ) {
    self.mode = mode
    self.sample = sample
    self.includesWrites = includesWrites
    self.withhold = withhold
    self.deadline = deadline
    self.inFlight = inFlight
    self.compareBytes = compareBytes
    self.bodyBytes = bodyBytes
    self.askAgain = askAgain
    self.rules = rules
  }

  /// One line for lists, such as `compare 10 %`.
  public var summary: String {
    guard mode != .off else { return "off" }
    let writes = includesWrites ? ", writes too" : ""
    switch sample {
    case .percent(let percent): return "\(mode.rawValue) \(percent) %\(writes)"
    case .rate(let rate): return "\(mode.rawValue) \(rate)/s\(writes)"
    }
  }
}

extension ShadowConfiguration {
  /// A field's name as copies and `withhold` are compared: in lower case, and with hyphens, since
  /// some servers do not tell an underscore from one.
  package static func comparedName(_ name: String) -> String {
    String(name.lowercased().map { $0 == "_" ? "-" : $0 })
  }
}
