// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageStorePostgreSQL
  import TransactionalMessaging

  /// What a shop does for one order, statement by statement, as the checkout of
  /// `fixtures/shop-monolith` does: reads the customer and what is ordered, then writes the order,
  /// its lines, what they take from the stock, the payment and a line of the audit log.
  struct Checkout {
    private static let (customers, products, lines) = (1_000, 1_000, 3)

    /// Tables with customers, products and more stock than anybody takes.
    static func prepare(_ database: PostgreSQLDatabase) async throws {
      for statement in tables { try await database.query(statement) }
      try await database.query(
        """
        INSERT INTO customer SELECT n, 'customer ' || n, 'gold', 'DE'
        FROM generate_series(0, \(customers - 1)) AS n
        """)
      try await database.query(
        """
        INSERT INTO product SELECT 'sku-' || n, 'product ' || n, n
        FROM generate_series(0, \(products - 1)) AS n
        """)
      try await database.query("INSERT INTO stock SELECT sku, 1000000000, 0 FROM product")
      try await database.query("ANALYZE customer, product, stock")
    }

    private static let tables = [
      "CREATE TABLE customer (id int PRIMARY KEY, name text, tier text, country text)",
      "CREATE TABLE product (sku text PRIMARY KEY, title text NOT NULL, price int NOT NULL)",
      """
      CREATE TABLE stock (sku text PRIMARY KEY REFERENCES product, on_hand int NOT NULL,
        reserved int NOT NULL CHECK (reserved >= 0)) WITH (fillfactor = 50)
      """,
      """
      CREATE TABLE shop_order (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer int NOT NULL REFERENCES customer, status text NOT NULL,
        placed_at timestamptz NOT NULL, country text NOT NULL)
      """,
      "CREATE INDEX ON shop_order (customer)",
      """
      CREATE TABLE order_line (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        shop_order bigint NOT NULL REFERENCES shop_order, sku text NOT NULL, title text NOT NULL,
        quantity int NOT NULL, price int NOT NULL)
      """,
      "CREATE INDEX ON order_line (shop_order)",
      """
      CREATE TABLE payment (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        shop_order bigint NOT NULL REFERENCES shop_order, amount int NOT NULL, status text NOT NULL)
      """,
      "CREATE INDEX ON payment (shop_order)",
      """
      CREATE TABLE audit_line (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        action text NOT NULL, subject text NOT NULL, recorded_at timestamptz NOT NULL)
      """,
    ]

    /// - Returns: the order's number.
    static func place(in transaction: PostgreSQLTransaction) async throws -> Int64 {
      let customer = Int64.random(in: 0..<Int64(customers))
      let country = try await transaction.query(
        "SELECT tier, country FROM customer WHERE id = $1", [.integer(customer)]
      ).first?.text(1)
      let order = try await transaction.query(
        """
        INSERT INTO shop_order (customer, status, placed_at, country)
        VALUES ($1, 'placed', now(), $2) RETURNING id
        """, [.integer(customer), .text(country ?? "")]
      ).first?.integer(0)
      let number = order ?? 0
      // In one order, so that no two wait for each other.
      let first = Int.random(in: 0..<products - lines)
      var total: Int64 = 0
      for product in first..<first + lines { total += try await add("sku-\(product)", to: number) }
      try await transaction.query(
        "INSERT INTO payment (shop_order, amount, status) VALUES ($1, $2, 'authorised')",
        [.integer(number), .integer(total)])
      try await transaction.query(
        """
        INSERT INTO audit_line (action, subject, recorded_at) VALUES ('order-placed', $1, now())
        """, [.text("order \(number)")])
      return number

      func add(_ sku: String, to order: Int64) async throws -> Int64 {
        let product = try await transaction.query(
          "SELECT title, price FROM product WHERE sku = $1", [.text(sku)]
        ).first
        let price = product?.integer(1) ?? 0
        try await transaction.query(
          """
          INSERT INTO order_line (shop_order, sku, title, quantity, price)
          VALUES ($1, $2, $3, 1, $4)
          """,
          [.integer(order), .text(sku), .text(product?.text(0) ?? ""), .integer(price)])
        try await transaction.query(
          "UPDATE stock SET reserved = reserved + 1 WHERE sku = $1 AND on_hand > reserved",
          [.text(sku)])
        return price
      }
    }
  }
#endif
