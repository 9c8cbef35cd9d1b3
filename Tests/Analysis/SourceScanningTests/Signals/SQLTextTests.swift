// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SourceScanning

@Suite struct SQLTextTests {
  @Test(arguments: [
    ("SELECT * FROM orders WHERE id = ?", ["orders reads"]),
    (
      "SELECT a FROM orders o JOIN \"customers\" c ON c.id = o.c",
      ["orders reads", "customers reads"]
    ),
    ("SELECT * FROM a, b AS x, main.c WHERE 1", ["a reads", "b reads", "c reads"]),
    ("SELECT * FROM (SELECT id FROM inner_table) AS t", ["inner_table reads"]),
    ("INSERT OR REPLACE INTO `orders` (id) SELECT id FROM old", ["orders writes", "old reads"]),
    ("UPDATE orders SET a = 1", ["orders writes"]),
    ("DELETE FROM orders WHERE x IN (SELECT y FROM z)", ["orders writes", "z reads"]),
    ("INSERT INTO a (x) VALUES (1) ON CONFLICT DO UPDATE SET x = 2", ["a writes"]),
    ("WITH recent AS (SELECT * FROM orders) SELECT * FROM recent", ["orders reads"]),
    ("CREATE TABLE IF NOT EXISTS orders(id INTEGER)", ["orders defines"]),
    ("CREATE UNIQUE INDEX i ON orders(id)", ["orders defines"]),
    ("DROP TABLE orders; DELETE FROM lines", ["orders defines", "lines writes"]),
    ("-- the newest\nSELECT * FROM orders", ["orders reads"]),
    ("/* a; b */ SELECT * FROM orders -- and no more", ["orders reads"]),
    ("SELECT '--; x' FROM orders -- a", ["orders reads"]),
    ("SELECT EXTRACT(YEAR FROM placed) FROM orders", ["orders reads"]),
    ("SELECT * FROM a WHERE b IS NOT DISTINCT FROM c", ["a reads"]),
    ("SELECT * FROM json_each(?) JOIN orders ON 1", ["orders reads"]),
    ("SELECT name FROM sqlite_master", []),
    ("SELECT table_name FROM information_schema.tables", []),
    ("INSERT INTO a WITH b AS (SELECT 1) SELECT * FROM b", ["a writes"]),
    ("SELECT * FROM \u{1} WHERE 1", []),
    ("Select your plan from the list", []),
    ("UPDATE available", []),
    ("DELETE", []),
  ])
  func tables(sql: String, expected: [String]) {
    #expect(SQLText.tables(in: sql).map { "\($0.table) \($0.access)" } == expected)
  }

  @Test(arguments: [
    ("select * from orders o join Customers c on c.id = o.c", ["orders reads", "Customers reads"]),
    ("insert into orders (id) select id from old", ["orders writes", "old reads"]),
    ("Update orders set a = 1 where b in (select c from d)", ["orders writes", "d reads"]),
    ("with recent as (select * from orders) select * from recent", ["orders reads"]),
    ("create table if not exists orders(id integer)", ["orders defines"]),
    ("drop everything", []),
  ])
  func `what is said to be SQL is read in lower case too`(sql: String, expected: [String]) {
    #expect(
      SQLText.tables(in: sql, isSaid: true).map { "\($0.table) \($0.access)" } == expected)
    #expect(SQLText.tables(in: sql) == [])
  }
}
