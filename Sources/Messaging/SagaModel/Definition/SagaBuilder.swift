// SPDX-License-Identifier: Apache-2.0

/// A step that can be undone.
public struct Step<Context: Codable & Sendable, Store: SagaStore>: Sendable {
  let script: StepScript<Store>

  /// Creates a step.
  ///
  /// - Parameters:
  ///   - name: unique in its saga, of a-z, 0-9 and hyphens.
  ///   - work: what it does.
  ///   - compensation: what undoes it, and finds nothing to undo where the step had no effect; nil
  ///     says that nothing needs to be undone.
  public init(
    _ name: String, _ work: SagaWork<Context, Store>, compensation: SagaWork<Context, Store>?
  ) {
    script = StepScript(
      name: name, kind: .compensatable, work: work.script(isObliged: false),
      compensation: compensation?.script(isObliged: true))
  }
}

/// The step after whose success the saga goes forward only.
public struct Pivot<Context: Codable & Sendable, Store: SagaStore>: Sendable {
  let script: StepScript<Store>

  /// Creates a pivot.
  ///
  /// - Parameters:
  ///   - name: unique in its saga, of a-z, 0-9 and hyphens.
  ///   - work: what it does.
  ///   - compensation: takes back what a pivot of unknown outcome may have done. Without one it is
  ///     asked again, under the same key, until its outcome is known.
  public init(
    _ name: String, _ work: SagaWork<Context, Store>,
    compensation: SagaWork<Context, Store>? = nil
  ) {
    script = StepScript(
      name: name, kind: .pivot, work: work.script(isObliged: compensation == nil),
      compensation: compensation?.script(isObliged: true))
  }
}

/// A step that is tried until it is done.
public struct Retriable<Context: Codable & Sendable, Store: SagaStore>: Sendable {
  let script: StepScript<Store>

  /// Creates a step.
  public init(_ name: String, _ work: SagaWork<Context, Store>) {
    script = StepScript(
      name: name, kind: .retriable, work: work.script(isObliged: true), compensation: nil)
  }
}

/// The steps of a saga.
public struct SagaSteps<Store: SagaStore>: Sendable {
  let scripts: [StepScript<Store>]
}

/// Steps before the pivot.
public struct StepsThatGoBack<Store: SagaStore>: Sendable {
  var scripts: [StepScript<Store>]
}

/// Steps with a pivot, or with one that is tried until it is done.
public struct StepsThatGoOn<Store: SagaStore>: Sendable {
  var scripts: [StepScript<Store>]
}

/// Puts steps in order, and refuses an order in which a saga could neither go on nor back:
/// compensatable steps, at most one pivot, retriable steps.
@resultBuilder public enum SagaBuilder<Context: Codable & Sendable, Store: SagaStore> {
  /// A step as it is written.
  public static func buildExpression(_ step: Step<Context, Store>) -> Step<Context, Store> { step }

  /// A step as it is written.
  public static func buildExpression(_ step: Pivot<Context, Store>) -> Pivot<Context, Store> {
    step
  }

  /// A step as it is written.
  public static func buildExpression(
    _ step: Retriable<Context, Store>
  ) -> Retriable<Context, Store> { step }

  /// The first step.
  public static func buildPartialBlock(first: Step<Context, Store>) -> StepsThatGoBack<Store> {
    StepsThatGoBack(scripts: [first.script])
  }

  /// The first step.
  public static func buildPartialBlock(first: Pivot<Context, Store>) -> StepsThatGoOn<Store> {
    StepsThatGoOn(scripts: [first.script])
  }

  /// The first step.
  public static func buildPartialBlock(first: Retriable<Context, Store>) -> StepsThatGoOn<Store> {
    StepsThatGoOn(scripts: [first.script])
  }

  /// The next step.
  public static func buildPartialBlock(
    accumulated: StepsThatGoBack<Store>, next: Step<Context, Store>
  ) -> StepsThatGoBack<Store> { StepsThatGoBack(scripts: accumulated.scripts + [next.script]) }

  /// The next step.
  public static func buildPartialBlock(
    accumulated: StepsThatGoBack<Store>, next: Pivot<Context, Store>
  ) -> StepsThatGoOn<Store> { StepsThatGoOn(scripts: accumulated.scripts + [next.script]) }

  /// The next step.
  public static func buildPartialBlock(
    accumulated: StepsThatGoBack<Store>, next: Retriable<Context, Store>
  ) -> StepsThatGoOn<Store> { StepsThatGoOn(scripts: accumulated.scripts + [next.script]) }

  /// The next step.
  public static func buildPartialBlock(
    accumulated: StepsThatGoOn<Store>, next: Retriable<Context, Store>
  ) -> StepsThatGoOn<Store> { StepsThatGoOn(scripts: accumulated.scripts + [next.script]) }

  /// Refused.
  @available(*, unavailable, message: "after its pivot a saga never goes back: use Retriable")
  public static func buildPartialBlock(
    accumulated: StepsThatGoOn<Store>, next: Step<Context, Store>
  ) -> StepsThatGoOn<Store> { accumulated }

  /// Refused.
  @available(*, unavailable, message: "a saga has one pivot, before its first Retriable")
  public static func buildPartialBlock(
    accumulated: StepsThatGoOn<Store>, next: Pivot<Context, Store>
  ) -> StepsThatGoOn<Store> { accumulated }

  /// All steps.
  public static func buildFinalResult(_ steps: StepsThatGoBack<Store>) -> SagaSteps<Store> {
    SagaSteps(scripts: steps.scripts)
  }

  /// All steps.
  public static func buildFinalResult(_ steps: StepsThatGoOn<Store>) -> SagaSteps<Store> {
    SagaSteps(scripts: steps.scripts)
  }
}
