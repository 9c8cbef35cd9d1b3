// SPDX-License-Identifier: Apache-2.0

package import SagaModel
package import TransactionalMessaging

/// What a checkout knows.
package struct Checkout: Codable, Sendable, Equatable {
  package var order: String
  package var amount: Int
  package var reservation: String?
  package var payment: String?

  package init(order: String, amount: Int = 42) {
    self.order = order
    self.amount = amount
  }
}

/// What a service of the shop is asked for.
package struct OrderedItems: Codable, Sendable {
  package var order: String
}

/// What the stock answers.
package struct Reserved: Codable, Sendable {
  package var reservation: String
}

/// How long the parts of a checkout wait.
package struct CheckoutTimes: Sendable {
  package var call = Duration.milliseconds(300)
  package var command = Duration.milliseconds(300)
  package var confirmation = Duration.milliseconds(300)
  package var deadline: Duration? = nil
  package var backoff = Backoff(first: 5, most: 20)
  /// A test that kills a process wherever it is, is no step's fault; nor is a busy machine.
  package var crashes = Int.max
  package var obligedAttempts = Int.max

  package init() {}
}

/// The shop's checkout: the worked example of a saga.
///
/// - Parameters:
///   - create: writes the order; it is the one step in the database that keeps the saga.
///   - cancel: takes the order back.
package func checkoutSaga<Store: SagaStore>(
  create: SagaWork<Checkout, Store>, cancel: SagaWork<Checkout, Store>, payments: PaymentLedger,
  times: CheckoutTimes = CheckoutTimes(), version: Int = 1
) throws -> Saga<Checkout, Store> {
  func patient(_ work: SagaWork<Checkout, Store>) -> SagaWork<Checkout, Store> {
    work.within(times.command).backoff(times.backoff).crashes(times.crashes)
  }
  func obliged(_ work: SagaWork<Checkout, Store>) -> SagaWork<Checkout, Store> {
    patient(work).attempts(times.obligedAttempts)
  }
  return try Saga<Checkout, Store>("checkout", version: version, within: times.deadline) {
    Step("create-order", patient(create), compensation: obliged(cancel))
    Step(
      "reserve-stock",
      patient(
        .command(to: "stock", "reserve") {
          OrderedItems(order: $0.order)
        } answered: { (checkout, answer: Reserved) in
          checkout.reservation = answer.reservation
        }),
      compensation: obliged(.command(to: "stock", "release") { OrderedItems(order: $0.order) }))
    Pivot(
      "take-payment",
      patient(
        .call { checkout, call in
          checkout.payment = try await payments.take(checkout.order, checkout.amount, call)
        }
      ).within(times.call),
      compensation: obliged(.call { checkout, call in try await payments.giveBack(call) }))
    Retriable(
      "confirm",
      obliged(.command(to: "mail", "confirm") { OrderedItems(order: $0.order) })
        .within(times.confirmation))
  }
}
