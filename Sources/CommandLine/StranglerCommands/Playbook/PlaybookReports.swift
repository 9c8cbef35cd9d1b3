// SPDX-License-Identifier: Apache-2.0
internal import Playbooks

/// What `strangler playbook list --format json` says.
struct PlaybookListing: Encodable {
  struct Entry: Encodable {
    let number: Int
    let name: String
    let title: String
    let file: String
    let gives: String
    let steps: Int
  }

  let schema = "strangler.playbooks/1"
  let playbooks: [Entry]

  init(_ folder: PlaybookFolder) {
    playbooks = folder.playbooks.map {
      Entry(
        number: $0.number, name: $0.name, title: $0.title, file: folder.file($0), gives: $0.gives,
        steps: $0.steps.count)
    }
  }
}

/// What `strangler playbook show --format json` says.
struct ShownPlaybook: Encodable {
  struct Step: Encodable {
    let number: Int
    let heading: String
    let line: Int
    let commands: String
    let wayBack: String
  }

  let schema = "strangler.playbook/1"
  let number: Int
  let name: String
  let title: String
  let file: String
  let gives: String
  let steps: [Step]

  init(_ playbook: Playbook, file: String) {
    number = playbook.number
    name = playbook.name
    title = playbook.title
    self.file = file
    gives = playbook.gives
    steps = playbook.steps.map {
      Step(
        number: $0.number, heading: $0.heading, line: $0.lines.lowerBound, commands: $0.commands,
        wayBack: $0.wayBack)
    }
  }
}

/// What `strangler playbook run --format json` says.
struct PlaybookRunReport: Encodable {
  struct Run: Encodable {
    let name: String
    let file: String
    let isGreen: Bool
    let steps: [Step]
    let failure: Failure?
    /// The folder it worked in, where it is kept.
    let folder: String?
  }

  struct Step: Encodable {
    let number: Int
    let heading: String
    let line: Int
    /// `done`, `failed`, or `waiting` for one that was not reached.
    let outcome: String
    let milliseconds: Int?
  }

  struct Failure: Encodable {
    let step: Int
    let line: Int
    let command: String?
    let reason: String
    let wayBack: String
  }

  let schema = "strangler.playbook-run/1"
  var runs: [Run] = []

  mutating func add(_ progress: PlaybookProgress, file: String, kept folder: String?) {
    let playbook = progress.playbook
    runs.append(
      Run(
        name: playbook.name, file: file, isGreen: progress.isDone,
        steps: zip(playbook.steps, progress.outcomes).map { step, outcome in
          let (word, time) = Self.words(outcome)
          return Step(
            number: step.number, heading: step.heading, line: step.lines.lowerBound,
            outcome: word, milliseconds: time)
        },
        failure: progress.failure.map { failure in
          Failure(
            step: failure.step, line: failure.line, command: failure.command,
            reason: PlaybookText.reason(failure.cause),
            wayBack: playbook.steps[failure.step - 1].wayBack)
        }, folder: folder))
  }

  private static func words(_ outcome: PlaybookProgress.Outcome) -> (String, Int?) {
    switch outcome {
    case .waiting: ("waiting", nil)
    case .running, .failed: ("failed", nil)
    case .done(let time): ("done", Int(time / .milliseconds(1)))
    }
  }
}
