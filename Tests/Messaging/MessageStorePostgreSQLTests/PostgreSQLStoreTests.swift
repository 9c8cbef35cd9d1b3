// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import Testing

  /// Everything about the store in PostgreSQL, on one server. Suites inside are one per idea.
  @Suite(.postgreSQL, .timeLimit(.minutes(2)))
  struct PostgreSQLStoreTests {}
#endif
